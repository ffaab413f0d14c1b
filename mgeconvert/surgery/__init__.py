"""Graph surgery: what a user changes in a model. Each edit is a pure function, Graph to Graph; weights are shared.

    graph = surgery.cut(graph, inputs=["maxpool_out"], outputs=["layer3", "fc"])
    graph = surgery.preprocess(graph, mean=(104, 117, 123), uint8=True, nhwc=True)
    graph = surgery.replace_pattern(graph, "Mul(x, Sigmoid(x))", "HardSwish(x)")

Names are those of values, nodes (``fc/Gemm``), inputs and outputs, or of modules (``layer3``); an unknown one is
answered with the closest known ones.
"""

from __future__ import annotations

from .cut import add_outputs as add_outputs
from .cut import cut as cut
from .cut import drop_outputs as drop_outputs
from .cut import rename as rename
from .float16 import to_half as to_half
from .input_shapes import set_shapes as set_shapes
from .inputs_of import Operand as Operand
from .inputs_of import inputs_of as inputs_of
from .pattern import replace_pattern as replace_pattern
from .processing import postprocess as postprocess
from .processing import preprocess as preprocess
