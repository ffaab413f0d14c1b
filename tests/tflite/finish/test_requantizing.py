"""A QUANTIZE behind a DEQUANTIZE: dropped, or the other type of eight bits, also at an output of the model."""

from __future__ import annotations

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
from tests.tflite.judge import graph_of

STORED = np.arange(-128, 128, dtype=np.int8).reshape(1, 4, 8, 8)


def real(b: Any, stored: Value, zero: int = 3) -> Value:
    return b.op("DequantizeLinear", stored, np.float32(0.1), np.int8(zero))


def whole(b: Any, value: Value, zero: np.generic, scale: float = 0.1) -> Value:
    return b.op("QuantizeLinear", value, np.float32(scale), zero)


def rows_of_integers(b: Any, x: Value) -> Value:
    return whole(b, b.op("Slice", real(b, x), [1], [6], [2]), np.int8(3))


def moved_twice(b: Any, x: Value) -> list[Value]:
    rows = b.op("Slice", real(b, x), [1], [6], [2])
    return [whole(b, rows, np.int8(3)), b.op("Relu", rows)]


def unsigned(b: Any, x: Value) -> Value:
    return whole(b, b.op("MaxPool", real(b, x), kernel_shape=(2, 2), strides=(2, 2)), np.uint8(131))


def other_scale(b: Any, x: Value) -> Value:
    return whole(b, b.op("Slice", real(b, x), [1], [6], [2]), np.int8(3), 0.3)


def the_input_itself(b: Any, x: Value) -> Value:
    return whole(b, real(b, x), np.int8(3))


CASES = [
    (rows_of_integers, "STRIDED_SLICE"),
    (moved_twice, "STRIDED_SLICE DEQUANTIZE RELU"),
    (unsigned, "MAX_POOL_2D QUANTIZE"),
    (other_scale, "STRIDED_SLICE DEQUANTIZE QUANTIZE"),
    (the_input_itself, "DEQUANTIZE QUANTIZE"),
]


@pytest.mark.parametrize(("make", "operators"), CASES, ids=lambda value: getattr(value, "__name__", ""))
def test_integers_at_the_outputs(make: Callable[..., Any], operators: str, tmp_path: Path) -> None:
    """The operators that are left, and onnxruntime's bits in all kernels."""
    graph = graph_of(make, STORED)
    found = [operator.op for operator in build(graph).operators]
    assert sorted(found) == sorted(operators.split())
    ONNX.save(graph, tmp_path / "m.onnx")
    TFLITE.save(graph, tmp_path / "m.tflite")
    assert ONNX.run is not None
    truth = ONNX.run(tmp_path / "m.onnx", {"x0": STORED})
    for kernels in run.KERNELS:
        results = run.run(tmp_path / "m.tflite", {"x0": STORED}, kernels)
        for name, expected in truth.items():
            assert results[name].dtype == expected.dtype
            np.testing.assert_allclose(results[name], expected, rtol=1e-6, atol=0)
