"""Quantized graphs: QuantizeLinear/DequantizeLinear become integer kernels with the source's scales."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mgeconvert.ir import Value
from mgeconvert_converters.onnx import BACKEND as ONNX
from mgeconvert_converters.tflite import BACKEND as TFLITE
from mgeconvert_converters.tflite import run
from mgeconvert_converters.tflite.emit.build import build
from mgeconvert_converters.tflite.finish.left_in_floats import left_in_floats
from tests.tflite.judge import graph_of

RNG = np.random.default_rng(3)
Array = np.ndarray[Any, Any]


def q(b: Any, x: Value, scale: float, zero: int = 0) -> Value:
    """x through int8."""
    operands = (np.float32(scale), np.int8(zero))
    return b.op("DequantizeLinear", b.op("QuantizeLinear", x, *operands), *operands)


def weights(b: Any, *shape: int, axis: int | None = 0) -> Value:
    """int8 weights, per channel along `axis`."""
    array = RNG.integers(-127, 128, shape).astype(np.int8)
    if axis is None:
        return b.op("DequantizeLinear", b.constant(array), np.float32(0.01))
    scale = RNG.uniform(0.005, 0.02, shape[axis]).astype(np.float32)
    return b.op("DequantizeLinear", b.constant(array), scale, np.zeros(shape[axis], np.int8), axis=axis)


def bias(count: int) -> Array:
    return RNG.uniform(-1, 1, count).astype(np.float32)


def conv(b: Any, x: Value) -> Value:
    y = b.op("Conv", q(b, x, 0.01), weights(b, 8, 4, 3, 3), bias(8), pads=(1, 1, 1, 1))
    return q(b, b.op("Relu", y), 0.03)


def depthwise(b: Any, x: Value) -> Value:
    return q(b, b.op("Conv", q(b, x, 0.01, 5), weights(b, 4, 1, 3, 3), bias(4), group=4), 0.01, -3)


def grouped(b: Any, x: Value) -> Value:
    return q(b, b.op("Conv", q(b, x, 0.01), weights(b, 8, 2, 1, 1, axis=None), bias(8), group=2), 0.02)


def linear(b: Any, x: Value) -> Value:
    return q(b, b.op("Gemm", b.op("Flatten", q(b, x, 0.01)), weights(b, 5, 144), bias(5), transB=1), 0.1)


def residual(b: Any, x: Value) -> Value:
    left, right = q(b, x, 0.01), q(b, b.op("Mul", x, np.float32(0.5)), 0.005)
    return q(b, b.op("Relu", b.op("Add", left, right)), 0.015)


def pool(b: Any, x: Value) -> Value:
    return q(b, b.op("MaxPool", q(b, x, 0.01), kernel_shape=(2, 2), strides=(2, 2)), 0.01)


def rescaled_pool(b: Any, x: Value) -> Value:
    return q(b, b.op("MaxPool", q(b, x, 0.01), kernel_shape=(2, 2), strides=(2, 2)), 0.03)


def concat(b: Any, x: Value) -> Value:
    return q(b, b.op("Concat", q(b, x, 0.01), q(b, b.op("Relu", x), 0.01), axis=1), 0.01)


def average(b: Any, x: Value) -> Value:
    return q(b, b.op("GlobalAveragePool", q(b, x, 0.01)), 0.005)


def whole_average(b: Any, x: Value) -> Value:
    pooled = b.op("AveragePool", q(b, x, 0.01), kernel_shape=(6, 6))
    return q(b, b.op("Flatten", pooled), 0.005)


def uint8(b: Any, x: Value) -> Value:
    def on_grid(value: Value, scale: float, zero: int) -> Value:
        operands = (np.float32(scale), np.uint8(zero))
        return b.op("DequantizeLinear", b.op("QuantizeLinear", value, *operands), *operands)

    y = b.op("Conv", on_grid(x, 0.01, 120), weights(b, 8, 4, 3, 3), bias(8), pads=(1, 1, 1, 1))
    return on_grid(b.op("Relu", y), 0.03, 0)


def narrow(b: Any, x: Value) -> Value:
    y = b.op("Conv", q(b, x, 0.01), weights(b, 8, 4, 3, 3), bias(8), pads=(1, 1, 1, 1))
    return q(b, b.op("Clip", y, np.float32(-127 * 0.01), np.float32(127 * 0.01)), 0.01)


def transposed(b: Any, x: Value) -> Value:
    y = b.op(
        "ConvTranspose", q(b, x, 0.01), weights(b, 4, 3, 3, 3, axis=None), bias(3), strides=(2, 2), pads=(1, 1, 1, 1)
    )
    return q(b, y, 0.02)


CASES = [
    (whole_average, "QUANTIZE MEAN RESHAPE DEQUANTIZE", 0.005),
    (uint8, "QUANTIZE CONV_2D DEQUANTIZE", 0.03),
    (narrow, "QUANTIZE CONV_2D MAXIMUM MINIMUM DEQUANTIZE", 0.01),
    (transposed, "QUANTIZE TRANSPOSE_CONV STRIDED_SLICE DEQUANTIZE", 0.02),
    (conv, "QUANTIZE CONV_2D DEQUANTIZE", 0.03),
    (depthwise, "QUANTIZE DEPTHWISE_CONV_2D DEQUANTIZE", 0.01),
    (grouped, "QUANTIZE CONV_2D DEQUANTIZE", 0.02),
    (linear, "QUANTIZE RESHAPE FULLY_CONNECTED DEQUANTIZE", 0.1),
    (residual, "MUL QUANTIZE QUANTIZE ADD DEQUANTIZE", 0.015),
    (pool, "QUANTIZE MAX_POOL_2D DEQUANTIZE", 0.01),
    (rescaled_pool, "QUANTIZE MAX_POOL_2D DEQUANTIZE QUANTIZE DEQUANTIZE", 0.03),
    (concat, "RELU QUANTIZE QUANTIZE CONCATENATION DEQUANTIZE", 0.01),
    (average, "QUANTIZE MEAN DEQUANTIZE", 0.005),
]


@pytest.mark.parametrize(("make", "operators", "step"), CASES, ids=lambda value: getattr(value, "__name__", ""))
def test_integer_kernels(make: Callable[..., Any], operators: str, step: float, tmp_path: Path) -> None:
    """Every result is within one quantization step of onnxruntime's, and nearly all are equal."""
    x = RNG.uniform(-1, 1, (1, 4, 6, 6)).astype(np.float32)
    graph = graph_of(make, x)
    found = [operator.op for operator in build(graph).operators]
    assert sorted(found) == sorted(operators.split()), found
    ONNX.save(graph, tmp_path / "m.onnx")
    TFLITE.save(graph, tmp_path / "m.tflite")
    assert ONNX.run is not None
    truth = ONNX.run(tmp_path / "m.onnx", {"x0": x})["y0"]
    for kernels in ("xnnpack", "builtin"):
        result = run.run(tmp_path / "m.tflite", {"x0": x}, kernels)["y0"]
        assert np.abs(result - truth).max() <= step * 1.01
        assert (np.abs(result - truth) > step / 2).sum() <= max(1, 0.05 * truth.size)


def sigmoid(b: Any, x: Value) -> Value:
    return q(b, b.op("Sigmoid", q(b, x, 0.01)), 0.008)


def unquantized_input(b: Any, x: Value) -> Value:
    return q(b, b.op("Add", q(b, x, 0.01), b.op("Exp", q(b, x, 0.02))), 0.01)


def read_twice(b: Any, x: Value) -> Value:
    y = b.op("Conv", q(b, x, 0.01), weights(b, 4, 4, 1, 1), bias(4))
    return b.op("Add", q(b, y, 0.01), q(b, y, 0.02))


LEFT = [
    (conv, []),
    (rescaled_pool, ["DEQUANTIZE at y (another scale behind it: LiteRT's rescaling of integers is not exact)"]),
    (sigmoid, ["LOGISTIC at y (its integer kernel gives the scale 0.00390625 and the zero point -128)"]),
    (unquantized_input, ["EXP at y (it has no integer kernel)", "ADD at y (an input is not quantized)"]),
    (read_twice, ["CONV_2D at y (its result is not quantized, or more than once)"]),
]


@pytest.mark.parametrize(("make", "lines"), LEFT, ids=lambda value: getattr(value, "__name__", ""))
def test_what_is_left_in_floats_is_said_with_the_reason(make: Callable[..., Any], lines: list[str]) -> None:
    found = left_in_floats(build(graph_of(make, np.zeros((1, 4, 6, 6), np.float32))))
    assert [re.sub(r" at \S+ ", " at y ", line) for line in found] == lines
