"""Graphs with odd borders: inputs that are outputs, constants, one value twice, inputs nobody reads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from mgeconvert.ir.builder import Builder
from mgeconvert_converters.onnx import BACKEND as ONNX
from mgeconvert_converters.tflite import BACKEND as TFLITE
from tests.tflite.judge import compare

X = np.linspace(-1, 1, 64, dtype=np.float32).reshape(1, 4, 4, 4)


def both(b: Builder, folder: Path, **inputs: Any) -> dict[str, Any]:
    """LiteRT's outputs, held against onnxruntime's."""
    b.graph.check()
    ONNX.save(b.graph, folder / "m.onnx")
    TFLITE.save(b.graph, folder / "m.tflite")
    assert ONNX.run is not None
    assert TFLITE.run is not None
    truth = ONNX.run(folder / "m.onnx", inputs)
    results = TFLITE.run(folder / "m.tflite", inputs)
    assert list(results) == list(truth)
    for name, expected in truth.items():
        compare(results[name], expected, 1e-6, name)
    return results


def test_an_input_is_an_output(tmp_path: Path) -> None:
    b = Builder()
    x = b.input("x", "float32", X.shape)
    b.output("same", x)
    b.output("relu", b.op("Relu", x))
    both(b, tmp_path, x=X)


def test_a_constant_is_an_output(tmp_path: Path) -> None:
    b = Builder()
    x = b.input("x", "float32", X.shape)
    b.output("one", b.constant(np.arange(3, dtype=np.float32)))
    b.output("count", b.constant(np.array([7], np.int64)))
    b.output("relu", b.op("Relu", x))
    both(b, tmp_path, x=X)


def test_one_value_under_two_names(tmp_path: Path) -> None:
    b = Builder()
    x = b.input("x", "float32", X.shape)
    y = b.op("Relu", x)
    b.output("first", y)
    b.output("second", y)
    both(b, tmp_path, x=X)


def test_an_output_that_is_read_inside(tmp_path: Path) -> None:
    """Its activation may not be fused away, its transpose belongs to the border only."""
    b = Builder()
    x = b.input("x", "float32", X.shape)
    weights = np.random.default_rng(0).uniform(-1, 1, (4, 4, 3, 3)).astype(np.float32)
    y = b.op("Conv", x, weights, None, pads=(1, 1, 1, 1))
    b.output("before", y)
    z = b.op("Relu", y)
    b.output("after", z)
    b.output("turned", b.op("Transpose", z, perm=(0, 3, 1, 2)))
    b.output("flat", b.op("Flatten", z))
    b.output("last", b.op("Conv", z, weights, None))
    both(b, tmp_path, x=X)


def test_an_input_nobody_reads(tmp_path: Path) -> None:
    b = Builder()
    b.input("unread", "int32", (3,))
    x = b.input("x", "float32", X.shape)
    b.output("y", b.op("Relu", x))
    both(b, tmp_path, x=X, unread=np.zeros(3, np.int32))


def test_scalars_and_vectors(tmp_path: Path) -> None:
    b = Builder()
    x, y = b.input("x", "float32", ()), b.input("y", "float32", (5,))
    b.output("sum", b.op("Add", x, y))
    b.output("total", b.op("ReduceSum", y, [0], keepdims=0))
    b.output("scalar", b.op("Mul", x, x))
    both(b, tmp_path, x=np.array(0.5, np.float32), y=np.arange(5, dtype=np.float32))


def test_names_with_everything(tmp_path: Path) -> None:
    b = Builder()
    x = b.input("in put/0:ü", "float32", X.shape)
    b.output("out.put[0]", b.op("Relu", x))
    both(b, tmp_path, **{"in put/0:ü": X})


def test_constants_are_never_written_twice(tmp_path: Path) -> None:
    """One table read in two layouts is two buffers, read twice in one layout it is one."""
    b = Builder()
    x = b.input("x", "float32", X.shape)
    table = b.constant(np.random.default_rng(0).uniform(-1, 1, X.shape).astype(np.float32))
    b.output("y", b.op("Add", b.op("Mul", x, table), table))
    both(b, tmp_path, x=X)
    assert (tmp_path / "m.tflite").stat().st_size < X.nbytes + 2500
