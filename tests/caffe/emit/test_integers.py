"""Integers that are moved become moved floats."""

from __future__ import annotations

import numpy as np
import pytest

from mgeconvert.ir import Graph
from mgeconvert.ir.builder import Builder
from mgeconvert_converters.caffe.emit.prepare import prepare


def quantized(zero: int, scale_again: float) -> Graph:
    """Neg(x), quantized, flattened as integers, and dequantized."""
    b = Builder(Graph("main"))
    x = b.op("Mul", b.input("x", np.float32, (1, 2, 3)), np.float32(-1))
    scale, point = np.float32(0.5), np.int8(zero)
    integers = b.op("Reshape", b.op("QuantizeLinear", x, scale, point), [1, 6])
    b.output("y", b.op("DequantizeLinear", integers, np.float32(scale_again), point))
    return b.graph


@pytest.mark.parametrize(
    ("zero", "scale_again", "left"),
    [
        (0, 0.5, ["Mul", "Clip", "Reshape"]),
        (0, 0.25, ["Mul", "Clip", "QuantizeLinear", "Reshape", "DequantizeLinear"]),
    ],
)
def test_what_quantization_leaves(zero: int, scale_again: float, left: list[str]) -> None:
    graph, parameters = prepare(quantized(zero, scale_again))
    graph.check()
    assert [node.op for node in graph.nodes] == left
    assert len(parameters) == (1 if scale_again == 0.5 else 0)
