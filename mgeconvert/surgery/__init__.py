"""Graph surgery: what a user changes in a model. Each edit is a pure function, Graph to Graph; weights are shared.

    graph = surgery.cut(graph, inputs=["maxpool_out"], outputs=["layer3", "fc"])
    graph = surgery.preprocess(graph, mean=(104, 117, 123), uint8=True, nhwc=True)
    graph = surgery.replace_pattern(graph, "Mul(x, Sigmoid(x))", "HardSwish(x)")

Names are those of values, nodes (``fc/Gemm``), inputs and outputs, or of modules (``layer3``); an unknown one is
answered with the closest known ones.
"""

from __future__ import annotations

from .add import add_inputs as add_inputs
from .assign import assign as assign
from .cut import add_outputs as add_outputs
from .cut import cut as cut
from .cut import drop_outputs as drop_outputs
from .delete import delete as delete
from .fixed_inputs import set_inputs as set_inputs
from .flatten import flatten as flatten
from .float16 import to_float16 as to_float16
from .input_shapes import set_shapes as set_shapes
from .inputs_of import Operand as Operand
from .inputs_of import inputs_of as inputs_of
from .processing import postprocess as postprocess
from .processing import preprocess as preprocess
from .rename import rename as rename
from .replace import replace_pattern as replace_pattern
from .select import nodes_in as nodes_in
from .structures import structured_outputs as structured_outputs
