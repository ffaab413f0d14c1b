"""`--io-dtype`: inputs and outputs are integers on their grids, run by LiteRT; what is on no grid is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mgeconvert
from mgeconvert.calibration.driver import quantize
from mgeconvert.calibration.recipe import Recipe
from mgeconvert.errors import UnsupportedError, UsageError
from mgeconvert.ir import Graph
from mgeconvert.ir.builder import Builder
from mgeconvert_converters.tflite.emit.build import build
from mgeconvert_converters.tflite.run import run
from mgeconvert_converters.tflite.write.save import report
from tests.calibration.networks import residual, samples


def quantized() -> tuple[Graph, dict[str, np.ndarray]]:
    """A network on grids, and a sample of it."""
    graph = residual()
    given = samples(graph)
    return quantize(graph, given, Recipe()).graph, given[0]


@pytest.mark.parametrize("dtype", ["int8", "uint8"])
@pytest.mark.parametrize("layout", ["auto", "nchw"])
def test_litert_computes_the_same_from_integers(dtype: str, layout: str, tmp_path: Path) -> None:
    graph, feeds = quantized()
    mgeconvert.save(graph, tmp_path / "f.tflite", input_layout=layout)
    mgeconvert.save(graph, tmp_path / "i.tflite", input_layout=layout, io_dtype=dtype)
    (floats,) = run(tmp_path / "f.tflite", feeds).values()
    (numbers,) = run(tmp_path / "i.tflite", feeds).values()
    assert np.array_equal(numbers, floats)
    model = build(graph, input_layout=layout, io_dtype=dtype)
    (x,), (y,) = model.inputs.values(), model.outputs.values()
    assert (x.dtype, y.dtype) == (np.dtype(dtype), np.dtype(dtype))
    assert x.quantization is not None
    whole = np.rint(feeds["x"] / x.quantization.scale[0]) + x.quantization.zero_point[0]
    limits = np.iinfo(dtype)
    given = {"x": np.clip(whole, limits.min, limits.max).astype(dtype)}
    assert np.array_equal(run(tmp_path / "i.tflite", given)["y"], floats)
    assert not [operator for operator in model.operators if operator.op == "DEQUANTIZE"]


def test_the_report_and_the_document_say_the_grid(tmp_path: Path) -> None:
    graph, _ = quantized()
    model = build(graph, io_dtype="uint8")
    (y,) = model.outputs.values()
    assert report(model).splitlines()[2] == "y: uint8, scale 0.00390625, zero point 0"
    mgeconvert.save(graph, tmp_path / "i.tflite", io_dtype="uint8", quant_params=str(tmp_path / "q.json"))
    rows = {row["name"]: row for row in json.loads((tmp_path / "q.json").read_text())["values"]}
    assert (rows[y.name]["dtype"], rows[y.name]["zero_point"]) == ("uint8", [0])


def two_grids() -> Graph:
    b = Builder()
    x = b.input("x", "float32", (1, 4))
    pairs = []
    for scale in (0.5, 0.25):
        grid = b.constant(np.float32(scale)), b.constant(np.int8(0))
        pairs.append(b.op("DequantizeLinear", b.op("QuantizeLinear", x, *grid), *grid))
    b.output("y", b.op("Add", *pairs))
    return b.graph


def through() -> Graph:
    b = Builder()
    x = b.input("x", "float32", (1, 4))
    b.output("y", b.op("Relu", b.input("z", "float32", (1, 4))))
    b.output("x2", x)
    return b.graph


@pytest.mark.parametrize(
    ("graph", "said"),
    [
        (residual(), ["x: Input: CONV_2D at stem (Conv2d) reads its floats"]),
        (two_grids(), ["x: Input: it is put on several grids", "y: Output: ADD at y gives its floats"]),
        (
            through(),
            ["x: Input: is an output too", "z: Input: RELU at y reads its floats", "x2: Output: is an input"],
        ),
    ],
)
def test_what_is_on_no_grid_is_refused(graph: Graph, said: list[str]) -> None:
    with pytest.raises(UnsupportedError) as caught:
        build(graph, io_dtype="int8")
    text = caught.value.message.splitlines()
    assert text[0].startswith("cannot write integer inputs and outputs (--io-dtype int8): ")
    assert [line for line in said if f"  {line}" not in text] == []


def test_an_input_that_is_not_read_is_refused() -> None:
    b = Builder()
    b.input("x", "float32", (1, 4))
    b.output("y", b.op("Relu", b.input("z", "float32", (1, 4))))
    with pytest.raises(UnsupportedError, match="x: Input: nothing puts it on a grid"):
        build(b.graph, io_dtype="int8")


def test_a_grid_for_an_input_that_has_none(tmp_path: Path) -> None:
    graph = residual()
    x = samples(graph)[0]["x"]
    mgeconvert.save(graph, tmp_path / "m.onnx")
    mgeconvert.save(graph, tmp_path / "m.tflite", input_scale=0.03125, input_zero_point=5)
    on_grid = (np.clip(np.rint(x / np.float32(0.03125)) + 5, -128, 127) - 5) * np.float32(0.03125)
    (expected,) = mgeconvert.run(tmp_path / "m.onnx", {"x": on_grid}).values()
    (found,) = run(tmp_path / "m.tflite", {"x": x}).values()
    assert np.abs(found - expected).max() < 1e-6


BAD: list[tuple[dict[str, Any], str]] = [
    ({"input_scale": -1.0}, "--input-scale -1: expected a positive normal number"),
    ({"input_scale": float("inf")}, "--input-scale inf: expected a positive normal number"),
    ({"input_scale": 1e-40}, "--input-scale 1e-40: expected a positive normal number"),
    ({"input_scale": 1.0, "input_zero_point": 128}, "--input-zero-point 128: expected -128 to 127, as int8 has them"),
    (
        {"input_scale": 1.0, "input_zero_point": -1, "io_dtype": "uint8"},
        "--input-zero-point -1: expected 0 to 255, as uint8 has them",
    ),
    ({"input_zero_point": 3}, "--input-zero-point 3: --input-scale is missing"),
    (
        {"input_scale": 1.0, "strip_quantization": True},
        "--input-scale and --strip-quantization exclude each other",
    ),
    (
        {"io_dtype": "int8", "strip_quantization": True},
        "--io-dtype int8 and --strip-quantization exclude each other",
    ),
]


@pytest.mark.parametrize(("options", "said"), BAD)
def test_bad_options(options: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        build(quantized()[0], **options)
    assert caught.value.message == said


def test_inputs_that_are_on_a_grid_already() -> None:
    with pytest.raises(UsageError, match="--input-scale: each input is on a grid already, or is not float32"):
        build(quantized()[0], input_scale=0.5)
