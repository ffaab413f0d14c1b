"""Entries of the quantization document for an ONNX file.

A weight's name is the initializer that holds its integers, or its floats where the file quantizes those; an
activation's is the float value that a QuantizeLinear reads, or integers that come from elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from mgeconvert.ir import Graph
from mgeconvert.quant_params import quantized_values
from mgeconvert.quantization import removal

from .model import model_message
from .names import Names


def rows(graph: Graph, opset: int, stripped: Sequence[removal.Parameters] | None = None) -> Iterator[dict[str, Any]]:
    """One entry per DequantizeLinear of a graph in the form of `opset`, under the names that its file has; for a graph
    whose quantization was stripped, what it said."""
    names = Names()
    model_message(graph, opset, "", names=names)
    if stripped is not None:
        yield from removal.rows(stripped, names.of.get)
        return
    for one in quantized_values(graph):
        value = one.source or one.integers
        yield one.scales.row(names[value], value.is_constant)
