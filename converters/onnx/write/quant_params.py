"""Entries of the quantization document for an ONNX file.

A weight's name is the initializer that holds its integers, or its floats where the file quantizes those; an
activation's is the float value that a QuantizeLinear reads, or integers that come from elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mgeconvert.ir import Graph
from mgeconvert.quant_params import quantized_values

from .model import model_message
from .names import Names


def rows(graph: Graph, opset: int) -> Iterator[dict[str, Any]]:
    """One entry per DequantizeLinear of a graph in the form of `opset`, under the names that its file has."""
    names = Names()
    model_message(graph, opset, "", names=names)
    for one in quantized_values(graph):
        value = one.source or one.integers
        yield one.scales.row(names[value], value.is_constant)
