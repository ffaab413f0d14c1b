"""Builds small graphs and judges their .tflite file: LiteRT's numbers against onnxruntime's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from mgeconvert.ir import Graph, Value
from mgeconvert.ir.builder import Builder
from mgeconvert_converters.onnx import BACKEND as ONNX
from mgeconvert_converters.tflite import BACKEND as TFLITE
from mgeconvert_converters.tflite import run

Array = np.ndarray[Any, Any]


def graph_of(make: Callable[..., Any], *inputs: Array, shapes: Any = None) -> Graph:
    """The graph of `make(b, x0, x1, ...)`, whose result (a value or several) becomes y0, y1, ..."""
    b = Builder()
    values = [b.input(f"x{i}", a.dtype, a.shape if shapes is None else shapes[i]) for i, a in enumerate(inputs)]
    made = make(b, *values)
    for index, value in enumerate([made] if isinstance(made, Value) else made):
        b.output(f"y{index}", value)
    b.graph.check()
    return b.graph


def judge(
    graph: Graph,
    inputs: tuple[Array, ...],
    folder: Path,
    rtol: float = 1e-5,
    kernels: tuple[str, ...] = ("xnnpack", "builtin"),
    **options: Any,
) -> Path:
    """Export and compare; returns the .tflite file. The error is max |a - b| / max |b|, infinities must agree."""
    named = dict(zip(graph.inputs, inputs, strict=True))
    ONNX.save(graph, folder / "m.onnx", opset=21)
    assert ONNX.run is not None
    truth = ONNX.run(folder / "m.onnx", named)
    path = folder / "m.tflite"
    TFLITE.save(graph, path, **options)
    for which in kernels:
        results = run.run(path, named, which)
        assert list(results) == list(truth)
        for name, expected in truth.items():
            compare(results[name], expected, rtol, f"{which} {name}")
    return path


def compare(actual: Array, expected: Array, rtol: float, what: str) -> None:
    assert actual.shape == expected.shape, f"{what}: shape {actual.shape}, expected {expected.shape}"
    assert actual.dtype == expected.dtype, f"{what}: dtype {actual.dtype}, expected {expected.dtype}"
    finite = np.isfinite(expected) if expected.dtype.kind == "f" else np.ones(expected.shape, bool)
    np.testing.assert_array_equal(actual[~finite], expected[~finite], err_msg=what)
    if finite.any():
        a, e = actual[finite].astype(np.float64), expected[finite].astype(np.float64)
        error = np.abs(a - e).max() / max(np.abs(e).max(), 1e-30)
        assert error <= rtol, f"{what}: error {error:.3g}, allowed {rtol}"
