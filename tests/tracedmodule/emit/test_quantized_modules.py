"""QDQ patterns of foreign sources as MegEngine's quantized modules, judged by MegEngine within one step."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pytest

import mgeconvert
from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder
from mgeconvert.ir.scopes import Scope
from mgeconvert.tracedmodule.read.model import read
from tests.tracedmodule.judge import judged, record
from tests.tracedmodule.test_tree import modules, tensors

STEP = 0.0625
"""The scale of every output."""

S, U = np.int8(0), np.uint8
SCALE, SUMS = np.float32(0.01), np.float32(0.03125 * 0.01)


class Drawn(Builder):
    """Builds QDQ graphs; a grid is a scale and a zero point, of int8 or of uint8."""

    def __init__(self) -> None:
        super().__init__()
        self.rng = np.random.default_rng(7)

    def grid(self, x: Value, scale: float = 0.03125, zero: Any = S, again: bool = False) -> Value:
        """A value on a grid; with `again` a second DequantizeLinear of the same integers."""
        constants = (self.constant(np.float32(scale)), self.constant(zero))
        q = self.op("QuantizeLinear", x, *constants)
        first = self.op("DequantizeLinear", q, *constants)
        return self.op("DequantizeLinear", q, *constants) if again else first

    def weight(self, *shape: int, scale: Any = SCALE, zero: Any = S, **attrs: int) -> Value:
        limits = np.iinfo(zero.dtype)
        integers = self.rng.integers(limits.min, limits.max, shape, zero.dtype)
        return self.op("DequantizeLinear", self.constant(integers), self.constant(scale), self.constant(zero), **attrs)

    def bias(self, count: int, scale: Any = SUMS) -> Value:
        integers = self.rng.integers(-5000, 5000, count, np.int32)
        return self.op("DequantizeLinear", self.constant(integers), self.constant(scale))


Draw: TypeAlias = "Callable[[Drawn, Value], Value]"
MAP, VECTOR = (2, 3, 6, 6), (2, 12)

ZEROS = np.zeros(4, np.int8)
SCALES = np.float32([0.01, 0.02, 0.03, 0.04])


def _moved(b: Drawn, x: Value) -> Value:
    pooled = b.op("Transpose", b.op("MaxPool", x, kernel_shape=(2, 2)), perm=(0, 2, 3, 1))
    return b.op("Reshape", pooled, [2, 5, 15, 1])


def _read_twice(b: Drawn, x: Value) -> Value:
    return b.op("Add", b.op("Softmax", x), b.grid(b.op("Gemm", x, b.weight(12, 12)), 0.25))


ROWS: dict[str, tuple[tuple[int, ...], Draw, str]] = {
    "convolution": (MAP, lambda b, x: b.op("Conv", b.grid(x), b.weight(4, 3, 3, 3), b.bias(4)), "QuantStub Conv2d"),
    "with ReLU": (
        MAP,
        lambda b, x: b.op("Relu", b.op("Conv", b.grid(x), b.weight(4, 3, 3, 3), b.bias(4), pads=(1, 1, 1, 1))),
        "QuantStub ConvRelu2d",
    ),
    "in groups, strided, without bias": (
        (2, 4, 7, 7),
        lambda b, x: b.op("Conv", b.grid(x), b.weight(4, 2, 3, 3), group=2, strides=(2, 1), dilations=(1, 2)),
        "QuantStub Conv2d",
    ),
    "bias of floats": (
        MAP,
        lambda b, x: b.op("Conv", b.grid(x), b.weight(4, 3, 1, 1), b.constant(np.float32([1, -2, 0.5, 0]))),
        "QuantStub Conv2d",
    ),
    "uint8 with the zero point 128 is int8": (
        MAP,
        lambda b, x: b.op("Conv", b.grid(x, zero=U(128)), b.weight(4, 3, 3, 3, zero=U(128))),
        "QuantStub Conv2d",
    ),
    "other zero points": (
        MAP,
        lambda b, x: b.op("Relu", b.op("Conv", b.grid(x, zero=U(97)), b.weight(4, 3, 3, 3), b.bias(4))),
        "QuantStub ConvRelu2d",
    ),
    "zero points of int8": (
        MAP,
        lambda b, x: b.op("Conv", b.grid(x, zero=np.int8(-40)), b.weight(4, 3, 3, 3, zero=np.int8(5)), b.bias(4)),
        "QuantStub Conv2d",
    ),
    "two in a row": (
        MAP,
        lambda b, x: b.op(
            "Conv", b.grid(b.op("Conv", b.grid(x), b.weight(4, 3, 3, 3)), 0.25), b.weight(2, 4, 1, 1), pads=(1, 1, 1, 1)
        ),
        "QuantStub Conv2d Conv2d",
    ),
    "moved on the way": (
        MAP,
        lambda b, x: b.op("Conv", _moved(b, b.grid(x)), b.weight(4, 5, 1, 1)),
        "QuantStub Conv2d",
    ),
    "transposed convolution": (
        MAP,
        lambda b, x: b.op("ConvTranspose", b.grid(x), b.weight(3, 4, 3, 3), strides=(2, 2), output_padding=(1, 1)),
        "QuantStub ConvTranspose2d",
    ),
    "transposed convolution with bias": (
        MAP,
        lambda b, x: b.op("ConvTranspose", b.grid(x), b.weight(3, 4, 3, 3), b.bias(4)),
        "",
    ),
    "Gemm": (
        VECTOR,
        lambda b, x: b.op("Gemm", b.grid(x), b.weight(5, 12), b.bias(5), transB=1),
        "QuantStub Linear",
    ),
    "MatMul and Add": (
        VECTOR,
        lambda b, x: b.op("Relu", b.op("Add", b.bias(5), b.op("MatMul", b.grid(x), b.weight(12, 5)))),
        "QuantStub LinearRelu",
    ),
    "MatMul of more axes": (
        (2, 3, 12),
        lambda b, x: b.op("MatMul", b.grid(x), b.weight(12, 5)),
        "QuantStub Linear",
    ),
    "Linear of uint8": (
        VECTOR,
        lambda b, x: b.op("Gemm", b.grid(x, zero=U(90)), b.weight(12, 5), b.bias(5)),
        "QuantStub Linear",
    ),
    "Linear of uint8 with ReLU, for which MegEngine has no kernel": (
        VECTOR,
        lambda b, x: b.op("Relu", b.op("Gemm", b.grid(x, zero=U(90)), b.weight(12, 5), b.bias(5))),
        "",
    ),
    "sum": (
        VECTOR,
        lambda b, x: b.op("Add", b.grid(x), b.grid(x, 0.0625)),
        "QuantStub QuantStub Elemwise",
    ),
    "sum with ReLU": (
        VECTOR,
        lambda b, x: b.op("Relu", b.op("Add", b.grid(x), b.grid(x, 0.0625, np.int8(3)))),
        "QuantStub QuantStub Elemwise",
    ),
    "product and Sigmoid": (
        VECTOR,
        lambda b, x: b.op("Mul", b.grid(b.op("Sigmoid", b.grid(x)), 1 / 128), b.grid(x, again=True)),
        "QuantStub Elemwise Elemwise",
    ),
    "concatenation": (
        VECTOR,
        lambda b, x: b.op("Concat", b.grid(x), b.grid(x, 0.0625), axis=1),
        "QuantStub QuantStub Concat",
    ),
    "a value that a module and a float operator read": (
        VECTOR,
        lambda b, x: _read_twice(b, b.grid(x)),
        "QuantStub Linear",
    ),
    "a scale for each channel": (
        MAP,
        lambda b, x: b.op("Conv", b.grid(x), b.weight(4, 3, 3, 3, scale=SCALES, zero=ZEROS, axis=0)),
        "",
    ),
    "one scale for each channel, all the same": (
        MAP,
        lambda b, x: b.op("Conv", b.grid(x), b.weight(4, 3, 3, 3, scale=SCALES[:1].repeat(4), zero=ZEROS, axis=0)),
        "QuantStub Conv2d",
    ),
    "padded": (
        MAP,
        lambda b, x: b.op("Conv", b.op("Pad", b.grid(x), [0, 0, 1, 1, 0, 0, 0, 2]), b.weight(4, 3, 3, 3)),
        "QuantStub Conv2d",
    ),
    "padded with ones": (
        MAP,
        lambda b, x: b.op("Conv", b.op("Pad", b.grid(x), [0, 0, 1, 1, 0, 0, 0, 2], 1.0), b.weight(4, 3, 3, 3)),
        "",
    ),
    "nothing but pairs": (VECTOR, lambda b, x: b.op("Softmax", b.grid(x)), ""),
}  # fmt: skip


def written(name: str, folder: Path) -> tuple[Path, Path]:
    """The row's graph as an ONNX file and as the TracedModule that is made of that."""
    shape, draw, _ = ROWS[name]
    b = Drawn()
    b.output("y", b.grid(draw(b, b.input("x", np.float32, shape)), STEP, _last_zero(name)))
    mgeconvert.save(b.graph, folder / "m.onnx")
    mgeconvert.save(mgeconvert.load(folder / "m.onnx"), folder / "m.pkl")
    return folder / "m.onnx", folder / "m.pkl"


def _last_zero(name: str) -> Any:
    return U(60) if "uint8 with ReLU" in name or "other zero" in name or "Linear of uint8" in name else S


@pytest.mark.parametrize("name", ROWS)
def test_modules(name: str, tmp_path: Path) -> None:
    expected = ROWS[name][2].split()
    _, path = written(name, tmp_path)
    found = [kind for _, kind, _ in modules(read(path).module)]
    quantized = [kind.rpartition(".")[2] for kind in found if ".quantized." in kind]
    assert sorted(quantized) == (sorted([*expected, "DequantStub"]) if expected else [])


def test_integers_are_what_the_source_has(tmp_path: Path) -> None:
    _, path = written("zero points of int8", tmp_path)
    stored = {at.rpartition(".")[2]: (dtype, data) for at, _, dtype, data in tensors(read(path).module)}
    dtype, data = stored["weight"]
    expected = np.random.default_rng(7).integers(-128, 127, (4, 3, 3, 3), np.int8)
    assert (dtype.partition("(")[0], dtype.count("133")) == ("MgeDType", 1)
    assert np.array_equal(np.frombuffer(data, np.uint8), expected.reshape(-1).astype(np.int16) + 128)
    assert stored["bias"][0] == "float32"


def test_modules_hang_where_the_source_has_them(tmp_path: Path) -> None:
    b = Drawn()
    x = b.input("x", np.float32, MAP)
    stem = Scope("stem", "Stem", None, Scope("", "Net"))
    b.enter(Scope("stem.conv", "Conv2d", None, Scope("stem.conv", "Conv2d", None, stem)))
    b.output("y", b.grid(b.op("Conv", b.grid(x), b.weight(4, 3, 3, 3))))
    mgeconvert.save(b.graph, tmp_path / "m.pkl")
    paths = {path: kind.rpartition(".")[2] for path, kind, _ in modules(read(tmp_path / "m.pkl").module)}
    assert paths[".stem.conv"] == "TracedModule"
    assert "Conv2d" in paths.values()


@pytest.mark.parametrize(("kind", "expected"), [("Conv2d", "ConvRelu2d"), ("ConvBnRelu2d", "ConvBnRelu2d")])
def test_a_relu_behind_a_convolution_of_a_module_is_not_lost(kind: str, expected: str, tmp_path: Path) -> None:
    b = Drawn()
    x = b.grid(b.input("x", np.float32, MAP))
    b.enter(Scope("conv", kind, None, Scope("", "Net")))
    y = b.op("Conv", x, b.weight(4, 3, 3, 3))
    b.enter(Scope("relu", "ReLU", None, Scope("", "Net")))
    b.output("y", b.grid(b.op("Relu", y)))
    mgeconvert.save(b.graph, tmp_path / "m.pkl")
    kinds = [
        kind.rpartition(".")[2] for _, kind, _ in modules(read(tmp_path / "m.pkl").module) if ".quantized." in kind
    ]
    assert sorted(kinds) == sorted(["QuantStub", expected, "DequantStub"])


@pytest.mark.reference
def test_megengine_computes_the_same_within_one_step(tmp_path: Path) -> None:
    requests, largest = {}, {}
    for name in ROWS:
        folder = tmp_path / name
        folder.mkdir()
        source, target = written(name, folder)
        x = np.random.default_rng(8).standard_normal(ROWS[name][0]).astype(np.float32)
        (y,) = mgeconvert.run(source, {"x": x}).values()
        largest[name] = np.abs(y).max()
        requests[name] = {"model": target, "io": record(folder / "io.npz", [x], [y]), "deep": True}
    answers = dict(zip(requests, judged(list(requests.values()), tmp_path), strict=True))
    assert {name: answer["failed"] for name, answer in answers.items() if "failed" in answer} == {}
    steps = {name: max(answer["errors"]) * largest[name] / STEP for name, answer in answers.items()}
    assert {name: count for name, count in steps.items() if count > 1.001} == {}
    again = {name: max(answer["deep"].values()) for name, answer in answers.items()}
    assert max(again.values()) <= 1e-6
