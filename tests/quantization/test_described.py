"""How each value of a graph is quantized, for people."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest

from mgeconvert.ir import Graph
from mgeconvert.ir.builder import Builder
from mgeconvert.ir.scopes import Scope
from mgeconvert.quant_params import quantized_values
from mgeconvert.quantization.described import QuantizedValue, describe_quantization


def network() -> Graph:
    """An int8 input, weights with a scale for each channel, a narrow range on uint8."""
    b = Builder()
    x = b.input("x", np.float32, (1, 2, 4, 4))
    x = b.op("DequantizeLinear", b.op("QuantizeLinear", x, np.float32(0.5), np.int8(0)), np.float32(0.5), np.int8(0))
    b.enter(Scope("conv", "Conv2d"))
    whole = np.array([[-8, 7], [0, 3], [1, 2]], np.int8).reshape(3, 2, 1, 1)
    scales = np.array([0.25, 0.5, 0.125], np.float32)
    w = b.op("DequantizeLinear", b.constant(whole, name="conv.weight"), scales, np.zeros(3, np.int8), axis=0)
    y = b.op("Clip", b.op("Conv", x, w), np.float32(-16), np.float32(15))
    grid = np.float32(1), np.uint8(128)
    b.output("y", b.op("DequantizeLinear", b.op("QuantizeLinear", y, *grid), *grid))
    return b.graph


def test_every_value_has_a_row() -> None:
    assert describe_quantization(network()) == [
        QuantizedValue("x", "activation", "int8", 8, (0.5,), (0,), None, -128, 127, -64.0, 63.5, "QuantizeLinear"),
        QuantizedValue("conv.weight", "weight", "int8", 4, (0.125, 0.5), (0,), 0, -8, 7, -4.0, 3.5, "conv (Conv2d)"),
        QuantizedValue(
            "conv/Clip", "activation", "uint8", 5, (1.0,), (128,), None, 112, 143, -16.0, 15.0, "conv (Conv2d)"
        ),
    ]


def test_a_float_graph_has_none() -> None:
    b = Builder()
    b.output("y", b.op("Relu", b.input("x", np.float32, (2, 3))))
    assert describe_quantization(b.graph) == []


@pytest.mark.parametrize(("dtype", "bits", "low", "high"), [("int4", 3, -2.0, 1.5), ("int2", 2, -1.0, 0.5)])
def test_integers_of_few_bits(dtype: str, bits: int, low: float, high: float) -> None:
    """numpy has no limits of these types; floats of 8 bits are not integers."""
    kind = np.dtype(getattr(ml_dtypes, dtype))
    b = Builder()
    x = b.input("x", np.float32, (1, 2))
    w = b.op("DequantizeLinear", b.constant(np.array([[low * 2, high * 2]]).astype(kind), name="w"), np.float32(0.5))
    floats = b.constant(np.array([[1.5], [0.25]], ml_dtypes.float8_e5m2))
    b.output("y", b.op("MatMul", b.op("Add", x, w), b.op("DequantizeLinear", floats, np.float32(1))))
    (one,) = describe_quantization(b.graph)
    assert (one.name, one.dtype, one.bits, one.low, one.high) == ("w", dtype, bits, low, high)
    (said,) = (each.scales.row("w", weight=True) for each in quantized_values(b.graph))
    limits = ml_dtypes.iinfo(kind)
    assert (said["min"], said["max"]) == ([0.5 * limits.min], [0.5 * limits.max])
