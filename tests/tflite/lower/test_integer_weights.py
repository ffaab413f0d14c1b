"""Float operators with integer weights: hybrid kernels, weights of fewer than 8 bits, scales of blocks, tables."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest

import mgeconvert
from mgeconvert.ir.packing import PER_BYTE, packed
from mgeconvert_converters.onnx import BACKEND as ONNX
from mgeconvert_converters.tflite import BACKEND, FRONTEND
from mgeconvert_converters.tflite.floats import NAME
from mgeconvert_converters.tflite.read.model_file import decode, read
from mgeconvert_converters.tflite.run import meaning, run
from tests.tflite.files import Array, G, O, T, constant, file_of
from tests.tflite.judge import compare

RNG = np.random.default_rng(3)
LIMITS = {"INT8": 127, "INT4": 7, "INT2": 1}


def weights(kind: str, *shape: int, axis: int = 0, zero: int = 0) -> T:
    """A constant of integers with one scale per index along the axis."""
    limit = LIMITS[kind]
    numbers = RNG.integers(-limit, limit + 1, shape)
    scale = RNG.uniform(0.01, 0.02, shape[axis])
    return T("w", shape, kind, scale=scale, zero=[zero] * shape[axis], axis=axis, data=stored(numbers, kind))


def stored(numbers: Array, kind: str) -> bytes:
    name = kind.lower()
    if name not in PER_BYTE:
        return numbers.astype(name).tobytes()
    return packed(numbers.reshape(-1).astype(getattr(ml_dtypes, name)), PER_BYTE[name]).tobytes()


WINDOW = {"Padding": 1, "StrideH": 1, "StrideW": 1}
FORMS: dict[str, tuple[tuple[int, ...], Any, str, dict[str, Any]]] = {
    "FULLY_CONNECTED": ((3, 64), lambda kind: weights(kind, 12, 64), "FullyConnectedOptions", {}),
    "CONV_2D": ((1, 6, 6, 32), lambda kind: weights(kind, 8, 3, 3, 32), "Conv2DOptions", WINDOW),
    "DEPTHWISE_CONV_2D": (
        (1, 6, 6, 32), lambda kind: weights(kind, 1, 3, 3, 32, axis=3), "DepthwiseConv2DOptions",
        {**WINDOW, "DepthMultiplier": 1},
    ),
}  # fmt: skip
"""Shape of the data, the weights, options."""


def network(op: str, kind: str, behind: bool) -> tuple[G, Array]:
    """One operator with integer weights, or with a DEQUANTIZE behind them."""
    shape, make, table, options = FORMS[op]
    w = make(kind)
    count = w.shape[w.axis]
    tensors = [T("x", shape), w, constant("b", RNG.uniform(-1, 1, count)), T("y"), T("real", w.shape)]
    operators = [O(op, ["x", "real" if behind else "w", "b"], ["y"], table, options)]
    if behind:
        operators.insert(0, O("DEQUANTIZE", ["w"], ["real"]))
    return G(tensors, ["x"], ["y"], operators), RNG.uniform(-1, 1, shape).astype(np.float32)


def by_hand(op: str, path: Path, x: Array) -> Array:
    """What the file means, by numpy."""
    model = read(path).subgraphs[0]
    tensors = {tensor.name: tensor for operator in model.operators for tensor in operator.inputs if tensor is not None}
    w, b = tensors["w"], tensors["b"].array
    assert w.array is not None
    assert w.quantization is not None
    assert b is not None
    scale = w.quantization.scale.reshape([-1 if axis == w.quantization.axis else 1 for axis in range(w.rank)])
    real = w.array.astype(np.float64) * scale
    if op == "FULLY_CONNECTED":
        return (x @ real.T + b).astype(np.float32)
    windows = np.lib.stride_tricks.sliding_window_view(x, (3, 3), (1, 2))
    form = "nhwcij,oijc->nhwo" if op == "CONV_2D" else "nhwcij,oijc->nhwc"
    return (np.einsum(form, windows, real) + b).astype(np.float32)


KERNELS = {"INT8": (*FORMS,), "INT4": ("FULLY_CONNECTED", "CONV_2D"), "INT2": ("FULLY_CONNECTED",)}
"""The hybrid kernels of LiteRT."""


@pytest.mark.parametrize("behind", [False, True], ids=["hybrid", "dequantized"])
@pytest.mark.parametrize("kind", LIMITS)
@pytest.mark.parametrize("op", FORMS)
def test_weights_mean_their_scales_times_their_integers(op: str, kind: str, behind: bool, tmp_path: Path) -> None:
    """In ONNX and in TFLite again, where they stay integers of their type."""
    graph, x = network(op, kind, behind)
    source, back = tmp_path / "m.tflite", tmp_path / "back.tflite"
    source.write_bytes(file_of(graph, key="serving_default"))
    expected = by_hand(op, source, x)
    made = FRONTEND.load(source)
    ONNX.save(made, tmp_path / "m.onnx", opset=25 if kind == "INT2" else 21)
    assert ONNX.run is not None
    compare(ONNX.run(tmp_path / "m.onnx", {"x": x})["y"], expected, 1e-5, "y")
    BACKEND.save(made, back)
    compare(meaning(back, {"x": x})["y"], expected, 1e-5, "y")
    again = [operator for operator in read(back).subgraphs[0].operators if operator.op in (op, "DEQUANTIZE")]
    constants = [
        tensor for operator in again for tensor in operator.inputs if tensor is not None and tensor.is_constant
    ]
    assert kind.lower() in {tensor.dtype.name for tensor in constants}
    assert len(again) == 2 - (not behind and op in KERNELS[kind])


def test_hybrid_kernels_are_near_what_the_file_means(tmp_path: Path) -> None:
    """LiteRT rounds x while it runs; what it rounds is not the file's meaning."""
    graph, x = network("FULLY_CONNECTED", "INT8", behind=False)
    path = tmp_path / "m.tflite"
    path.write_bytes(file_of(graph, key="serving_default"))
    rounded, meant = run(path, {"x": x})["y"], meaning(path, {"x": x})
    assert meant.runtime == NAME  # type: ignore[attr-defined]
    error = np.abs(rounded - meant["y"]).max() / np.abs(meant["y"]).max()
    assert 1e-4 < error < 0.05


@pytest.mark.parametrize("zeros", [False, True])
@pytest.mark.parametrize("kind", ["INT8", "INT4", "INT2"])
def test_scales_of_blocks(kind: str, zeros: bool, tmp_path: Path) -> None:
    """A scale for each 16 columns of a row, float16 in a tensor of its own."""
    numbers = RNG.integers(-LIMITS[kind], LIMITS[kind] + 1, (6, 64))
    scale = RNG.uniform(0.01, 0.02, (6, 4)).astype(np.float16)
    zero = RNG.integers(-1, 2, (6, 4)) if zeros else np.zeros((6, 4), np.int64)
    w = T("w", (6, 64), kind, data=stored(numbers, kind), blocks=(2, 3 if zeros else -1, 16))
    given = [T("x", (2, 64)), w, constant("s", scale, "float16"), constant("z", zero, "int32"), T("y", (2, 6))]
    path = tmp_path / "m.tflite"
    path.write_bytes(file_of(G(given, ["x"], ["y"], [O("FULLY_CONNECTED", ["x", "w", ""], ["y"])])))
    x = RNG.uniform(-1, 1, (2, 64)).astype(np.float32)
    real = (numbers - np.repeat(zero, 16, 1)) * np.repeat(scale.astype(np.float64), 16, 1)
    expected = (x @ real.T).astype(np.float32)
    made = FRONTEND.load(path)
    assert {node.attrs.get("block_size") for node in made.nodes if node.op == "DequantizeLinear"} == {16}
    ONNX.save(made, tmp_path / "m.onnx", opset=25 if kind == "INT2" else 21)
    assert ONNX.run is not None
    compare(ONNX.run(tmp_path / "m.onnx", {"x": x})["y"], expected, 1e-5, "y")
    mgeconvert.optimize(made, target="tflite")
    BACKEND.save(made, tmp_path / "back.tflite")
    compare(run(tmp_path / "back.tflite", {"x": x})["y"], expected, 1e-5, "y")


def test_a_table_stays_integers(tmp_path: Path) -> None:
    """DEQUANTIZE stands behind the GATHER, and the file is not larger."""
    numbers = RNG.integers(-128, 128, (100, 64))
    table = T("w", (100, 64), "INT8", scale=[0.02], zero=[3], data=stored(numbers, "INT8"))
    picked = T("p", (1, 5, 64), "INT8", scale=[0.02], zero=[3])
    tensors = [T("i", (1, 5), "INT32"), table, picked, T("y", (1, 5, 64))]
    operators = [O("GATHER", ["w", "i"], ["p"], "GatherOptions"), O("DEQUANTIZE", ["p"], ["y"])]
    source, back = tmp_path / "m.tflite", tmp_path / "back.tflite"
    source.write_bytes(file_of(G(tensors, ["i"], ["y"], operators), key="serving_default"))
    made = FRONTEND.load(source)
    BACKEND.save(made, back)
    picks = np.array([[0, 7, 99, 3, 50]], np.int32)
    expected = ((numbers - 3) * 0.02).astype(np.float32)[picks]
    compare(run(back, {"i": picks})["y"], expected, 1e-6, "y")
    assert [operator.op for operator in read(back).subgraphs[0].operators] == ["GATHER", "DEQUANTIZE"]
    assert back.stat().st_size < 1.2 * source.stat().st_size


def test_four_bits_are_read_from_the_low_half() -> None:
    tensor = T("w", (3,), "UINT4", data=bytes([0x21, 0x0F]), scale=[1.0])
    content = file_of(G([tensor, T("y", (3,))], [], ["y"], [O("DEQUANTIZE", ["w"], ["y"])]))
    (operator,) = decode(io.BytesIO(content).getvalue(), "m").subgraphs[0].operators
    assert operator.inputs[0] is not None
    assert operator.inputs[0].array is not None
    assert operator.inputs[0].array.astype(int).tolist() == [1, 2, 15]
