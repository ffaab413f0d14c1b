"""A quantized graph with the integers that TFLite's kernels are for."""

from __future__ import annotations

from mgeconvert.ir import Graph
from mgeconvert.quantization.grids import QUANTIZE
from mgeconvert.quantization.signs import INT8, with_type


def in_int8(graph: Graph) -> Graph:
    """A graph that computes the same numbers, its activations int8: uint8 with zero point z is int8 with z - 128. The
    given one, which is not changed, where nothing is quantized."""
    if not any(node.op == QUANTIZE and not node.domain for node in graph.nodes):
        return graph
    form = graph.copy()
    with_type(form, INT8)
    return form
