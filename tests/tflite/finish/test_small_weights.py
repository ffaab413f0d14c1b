"""Smaller weights: how large the file is, what it computes, and that nothing else changes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mgeconvert.ir import Graph, Value
from mgeconvert_converters.tflite import BACKEND as TFLITE
from mgeconvert_converters.tflite.emit.build import build
from mgeconvert_converters.tflite.run import run
from tests.tflite.judge import graph_of

RNG = np.random.default_rng(11)
IMAGE = RNG.uniform(-1, 1, (1, 8, 12, 12)).astype(np.float32)


def some(*shape: int) -> np.ndarray[Any, Any]:
    return (RNG.standard_normal(shape) * np.sqrt(2 / np.prod(shape[1:]))).astype(np.float32)


def network(b: Any, x: Value) -> Value:
    """Every kind of weights: plain, depthwise, grouped, transposed, linear."""
    y = b.op("Relu", b.op("Conv", x, some(64, 8, 3, 3), some(64), pads=(1, 1, 1, 1)))
    y = b.op("Relu", b.op("Conv", y, some(64, 1, 5, 5), some(64), group=64))
    y = b.op("Relu", b.op("Conv", y, some(64, 16, 3, 3), some(64), group=4))
    y = b.op("ConvTranspose", y, some(64, 16, 2, 2), some(16), strides=(2, 2))
    return b.op("Gemm", b.op("Flatten", b.op("GlobalAveragePool", y)), some(100, 16), some(100), transB=1)


@pytest.fixture(scope="module")
def graph() -> Graph:
    return graph_of(network, IMAGE)


CASES = [
    ({"fp16": True}, 0.55, 5e-3, ("xnnpack", "builtin")),
    ({"weight_int8": True}, 0.45, 5e-2, ("xnnpack", "builtin")),
    ({"weight_int8": True, "fp16": True}, 0.45, 5e-2, ("xnnpack", "builtin")),
    ({"full_fp16": True}, 0.65, 1e-2, ("xnnpack",)),
]


@pytest.mark.parametrize(("options", "ratio", "error", "kernels"), CASES, ids=lambda value: str(value)[:40])
def test_weights(
    options: dict[str, bool], ratio: float, error: float, kernels: tuple[str, ...], graph: Graph, tmp_path: Path
) -> None:
    """The file shrinks to `ratio`, results stay within `error` of the largest, inputs and outputs are float32."""
    TFLITE.save(graph, tmp_path / "full.tflite")
    TFLITE.save(graph, tmp_path / "small.tflite", **options)
    sizes = [(tmp_path / name).stat().st_size for name in ("small.tflite", "full.tflite")]
    assert sizes[0] < ratio * sizes[1]
    truth = run(tmp_path / "full.tflite", {"x0": IMAGE})["y0"]
    for which in kernels:
        found = run(tmp_path / "small.tflite", {"x0": IMAGE}, which)["y0"]
        assert found.dtype == np.float32
        assert np.abs(found - truth).max() <= error * np.abs(truth).max()


def test_int8_weights_are_per_channel(graph: Graph) -> None:
    scales = {}
    for operator in build(graph, weight_int8=True).operators:
        for tensor in operator.inputs:
            if tensor is not None and tensor.quantization is not None and tensor.is_constant:
                assert tensor.array is not None
                assert tensor.array.min() >= -127
                scales[operator.op] = (tensor.quantization.scale.size, tensor.quantization.axis)
    assert scales == {
        "CONV_2D": (64, 0),
        "DEPTHWISE_CONV_2D": (64, 3),
        "DEQUANTIZE": (16, 0),
        "FULLY_CONNECTED": (100, 0),
    }


def test_what_half_cannot_hold_stays_float32(tmp_path: Path) -> None:
    """A constant beyond 65504 would become infinite."""
    table = np.linspace(-1e6, 1e6, 64, dtype=np.float32)
    x = np.ones((2, 64), np.float32)
    graph = graph_of(lambda b, v: b.op("Mul", v, table), x)
    for options in ({"fp16": True}, {"full_fp16": True}):
        TFLITE.save(graph, tmp_path / "m.tflite", **options)
        np.testing.assert_array_equal(run(tmp_path / "m.tflite", {"x0": x})["y0"], x * table)


def test_embedding_tables(tmp_path: Path) -> None:
    """An int8 table is gathered as int8; only the rows found are dequantized."""
    table = RNG.uniform(-1, 1, (200, 16)).astype(np.float32)
    words = np.array([[3, 199, 0]], np.int32)
    graph = graph_of(lambda b, v: b.op("Gather", b.constant(table), v), words)
    found = [operator.op for operator in build(graph, weight_int8=True).operators]
    assert found == ["FLOOR_MOD", "GATHER", "DEQUANTIZE"]
    TFLITE.save(graph, tmp_path / "m.tflite", weight_int8=True)
    np.testing.assert_allclose(run(tmp_path / "m.tflite", {"x0": words})["y0"], table[words], atol=1 / 127)


def test_equal_weights_share_their_dequantize() -> None:
    """Two layers with the same numbers: one float16 constant, widened once."""
    weights = np.linspace(-1, 1, 256, dtype=np.float32).reshape(16, 16)

    def twice(b: Any, x: Value) -> Value:
        return b.op("Gemm", b.op("Gemm", x, b.constant(weights), transB=1), b.constant(weights.copy()), transB=1)

    model = build(graph_of(twice, np.ones((1, 16), np.float32)), fp16=True)
    assert [operator.op for operator in model.operators] == ["DEQUANTIZE", "FULLY_CONNECTED", "FULLY_CONNECTED"]
