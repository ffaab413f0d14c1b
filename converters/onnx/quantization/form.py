"""A quantized graph in the form that onnxruntime fuses into kernels of integers.

onnxruntime replaces DequantizeLinear, operator, QuantizeLinear by one kernel where nothing stands between them. So a
range (ReLU, Clip) comes after QuantizeLinear, on the integers; what only moves numbers has a pair behind it; integers
are uint8, for which the kernels are; each reader has a DequantizeLinear of its own. None of it changes a number.
"""

from __future__ import annotations

from mgeconvert.ir import Graph
from mgeconvert.quantization.ranges import ranges_on_integers
from mgeconvert.quantization.signs import INT8, UINT8, with_type

from .concatenation import requantize_after_concat
from .moving import pairs_after_moving
from .readers import one_for_each_reader
from .rounding import halves_by_arithmetic, without_marks

ACTIVATIONS = ("uint8", "int8", "source")
RANGES_SINCE = 12
"""The opset from which Max and Clip take integers of 8 bits."""
PAIRS_SINCE = 10
"""The opset that brought QuantizeLinear."""


def is_quantized(graph: Graph) -> bool:
    """Whether there is anything to do."""
    return any(node.op == "QuantizeLinear" and not node.domain for node in graph.nodes)


def in_integer_form(graph: Graph, opset: int, activations: str | None = None, exact: bool = False) -> Graph:
    """A graph that computes the same; the given one, which is not changed, where it has no QuantizeLinear.

    `activations` is the type of quantized activations: ``uint8``, ``int8``, or ``source`` for what the graph says
    (None: uint8 for those of MegEngine, for others what the graph says). `exact` rounds every half away from zero where
    MegEngine does, in floats; else only those are, that no kernel of integers rounds.
    """
    if not is_quantized(graph):
        return graph
    form = graph.copy()
    if opset < PAIRS_SINCE:
        without_marks(form)
        return form
    requantize_after_concat(form)
    pairs_after_moving(form)
    wanted = {"uint8": UINT8, "int8": INT8}.get(activations or "uint8")
    if wanted is not None:
        with_type(form, wanted, only_marked=activations is None)
    halves_by_arithmetic(form, everywhere=exact)
    if opset >= RANGES_SINCE:
        ranges_on_integers(form)
    one_for_each_reader(form)
    without_marks(form)
    return form
