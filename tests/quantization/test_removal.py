"""A graph without its quantization, and the document of what it said."""

from __future__ import annotations

import json
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest

import mgeconvert
from mgeconvert.ir import Graph
from mgeconvert.ir.builder import Builder
from mgeconvert.quantization.removal import without_quantization
from mgeconvert_converters.onnx.run import run


def network(low: float = -127 * 0.5, high: float = 127 * 0.5) -> Graph:
    b = Builder()
    grid = np.float32(0.5), np.int8(0)
    x = b.input("x", np.float32, (1, 2, 4, 4))
    x = b.op("DequantizeLinear", b.op("QuantizeLinear", x, *grid), *grid)
    whole = np.arange(-3, 3, dtype=np.int8).reshape(3, 2, 1, 1)
    w = b.op("DequantizeLinear", b.constant(whole, name="weight"), np.float32(0.25), np.int8(0))
    y = b.op("Clip", b.op("Conv", x, w), np.float32(low), np.float32(high))
    b.output("y", b.op("DequantizeLinear", b.op("QuantizeLinear", y, *grid), *grid))
    return b.graph


def test_floats_and_what_was_said() -> None:
    graph = network()
    before = str(graph)
    stripped, parameters = without_quantization(graph)
    assert [node.op for node in stripped.nodes] == ["Conv"]
    assert [float(one.scales.scale) for one in parameters] == [0.5, 0.25, 0.5]
    assert str(graph) == before


@pytest.mark.parametrize("bounds", [(-6.0, 6.0), (0.0, 127 * 0.5), (-127 * 0.5, 60.0)])
def test_a_range_of_the_network_stays(bounds: tuple[float, float]) -> None:
    assert [node.op for node in without_quantization(network(*bounds))[0].nodes] == ["Conv", "Clip"]


@pytest.mark.parametrize("suffix", ["onnx", "tflite"])
def test_the_model_and_the_document_beside_it(suffix: str, tmp_path: Path) -> None:
    path, beside = tmp_path / f"net.{suffix}", tmp_path / "net.json"
    assert mgeconvert.save(network(), path, strip_quantization=True, quant_params=str(beside)) == [path, beside]
    rows = json.loads(beside.read_text())["values"]
    activations = [(row["name"], row["scale"]) for row in rows if row["kind"] == "activation"]
    assert activations == [("x", [0.5]), ("y", [0.5])]
    assert [row["scale"] for row in rows if row["kind"] == "weight"] == [[0.25]] * (len(rows) - 2)


def test_the_stripped_model_does_not_round(tmp_path: Path) -> None:
    mgeconvert.save(network(), tmp_path / "net.onnx", strip_quantization=True)
    x = np.full((1, 2, 4, 4), 0.1, np.float32)
    weights = np.arange(-3, 3, dtype=np.float32).reshape(3, 2) * 0.25
    found = run(tmp_path / "net.onnx", {"x": x})["y"]
    np.testing.assert_allclose(found[0, :, 0, 0], weights.sum(1) * 0.1, rtol=1e-6)


def test_blocks_become_floats() -> None:
    """Each block of two columns has its own scale and zero point."""
    b = Builder()
    x = b.input("x", np.float32, (1, 4))
    whole = np.arange(8).reshape(2, 4).astype(ml_dtypes.uint4)
    scale, zero = np.float32([[1, 2], [4, 8]]), np.array([[1, 0], [0, 1]]).astype(ml_dtypes.uint4)
    w = b.op("DequantizeLinear", b.constant(whole), scale, b.constant(zero), axis=1, block_size=2)
    b.output("y", b.op("Gemm", x, w, transB=1))
    stripped, parameters = without_quantization(b.graph)
    assert parameters == []
    (node,) = stripped.nodes
    assert node.inputs[1] is not None
    assert node.inputs[1].array is not None
    assert node.inputs[1].array.tolist() == [[-1, 0, 4, 6], [16, 20, 40, 48]]
