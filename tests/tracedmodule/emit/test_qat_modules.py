"""QDQ patterns whose weights are floats as MegEngine's modules of quantization-aware training, judged by MegEngine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pytest

import mgeconvert
from mgeconvert.ir import Value
from mgeconvert.ir.scopes import Scope
from mgeconvert.tracedmodule.read.model import read
from tests.tracedmodule.judge import judged, record
from tests.tracedmodule.test_tree import modules, tensors

from .test_quantized_modules import MAP, SCALE, STEP, VECTOR, Drawn, S, U


class Trained(Drawn):
    """Weights are floats that are put on their grid in the graph."""

    def trained(self, *shape: int, zero: Any = S) -> Value:
        floats = self.constant(self.rng.uniform(-1.2, 1.2, shape).astype(np.float32), name="w")
        return self.grid(floats, SCALE, zero)


Draw: TypeAlias = "Callable[[Trained, Value], Value]"


def _join(b: Trained, x: Value) -> Value:
    y = b.grid(b.op("Conv", x, b.trained(3, 3, 1, 1)), 0.0625)
    return b.op("Concat", y, b.grid(b.op("Relu", b.op("Add", x, y)), 0.03125), axis=1)


ROWS: dict[str, tuple[tuple[int, ...], Draw, str, Any]] = {
    "convolution": (
        MAP,
        lambda b, x: b.op("Conv", b.grid(x), b.trained(4, 3, 3, 3), b.bias(4), pads=(1, 1, 1, 1)),
        "Conv2d QuantStub",
        S,
    ),
    "in groups, with ReLU": (
        (2, 4, 7, 7),
        lambda b, x: b.op("Relu", b.op("Conv", b.grid(x), b.trained(4, 2, 3, 3), group=2)),
        "ConvRelu2d QuantStub",
        S,
    ),
    "uint8": (
        MAP,
        lambda b, x: b.op("Conv", b.grid(x, zero=U(97)), b.trained(4, 3, 3, 3), b.bias(4)),
        "Conv2d QuantStub",
        U(60),
    ),
    "transposed convolution": (
        MAP,
        lambda b, x: b.op("ConvTranspose", b.grid(x), b.trained(3, 4, 3, 3), strides=(2, 2)),
        "ConvTranspose2d QuantStub",
        S,
    ),
    "Linear with ReLU": (
        VECTOR,
        lambda b, x: b.op("Relu", b.op("Gemm", b.grid(x), b.trained(5, 12), b.bias(5), transB=1)),
        "LinearRelu QuantStub",
        S,
    ),
    "Linear without bias": (VECTOR, lambda b, x: b.op("MatMul", b.grid(x), b.trained(12, 5)), "Linear QuantStub", S),
    "sum, concatenation": (MAP, lambda b, x: _join(b, b.grid(x)), "Concat Conv2d Elemwise QuantStub", S),
    "one weight of integers beside one of floats": (
        MAP,
        lambda b, x: b.op(
            "Conv", b.grid(b.op("Conv", b.grid(x), b.trained(3, 3, 1, 1)), 0.0625), b.weight(4, 3, 1, 1), b.bias(4)
        ),
        "Conv2d Conv2d QuantStub",
        S,
    ),
}


def written(name: str, folder: Path) -> tuple[Path, Path]:
    """The row's graph as an ONNX file, and as a TracedModule."""
    shape, draw, _, zero = ROWS[name]
    b = Trained()
    b.output("y", b.grid(draw(b, b.input("x", np.float32, shape)), STEP, zero))
    mgeconvert.save(b.graph, folder / "m.onnx")
    mgeconvert.save(b.graph, folder / "m.pkl")
    return folder / "m.onnx", folder / "m.pkl"


@pytest.mark.parametrize("name", ROWS)
def test_modules(name: str, tmp_path: Path) -> None:
    _, path = written(name, tmp_path)
    found = [kind for _, kind, _ in modules(read(path).module)]
    trained = [kind.rpartition(".")[2] for kind in found if ".module.qat." in kind]
    assert sorted(trained) == sorted([*ROWS[name][2].split(), "DequantStub"])
    assert not [kind for kind in found if ".module.quantized." in kind]


@pytest.mark.parametrize("name", ROWS)
def test_what_is_read_again_is_the_same_graph(name: str, tmp_path: Path) -> None:
    source, path = written(name, tmp_path)
    x = np.random.default_rng(8).standard_normal(ROWS[name][0]).astype(np.float32)
    (expected,) = mgeconvert.run(source, {"x": x}).values()
    mgeconvert.save(mgeconvert.load(path), tmp_path / "again.onnx")
    (found,) = mgeconvert.run(tmp_path / "again.onnx", {"x": x}).values()
    assert np.abs(found - expected).max() <= STEP * 1.001
    assert np.count_nonzero(found != expected) <= found.size // 100  # sums of 100 (2n + 1) are halves


def test_weights_are_the_floats(tmp_path: Path) -> None:
    _, path = written("convolution", tmp_path)
    stored = {at.rpartition(".")[2]: (dtype, data) for at, _, dtype, data in tensors(read(path).module)}
    expected = np.random.default_rng(7).uniform(-1.2, 1.2, (4, 3, 3, 3)).astype(np.float32)
    assert stored["weight"] == ("float32", expected.tobytes())


def test_a_folded_batch_normalization_is_no_part_of_the_module(tmp_path: Path) -> None:
    b = Trained()
    x = b.grid(b.input("x", np.float32, MAP))
    b.enter(Scope("conv", "ConvBnRelu2d", None, Scope("", "Net")))
    b.output("y", b.grid(b.op("Relu", b.op("Conv", x, b.trained(4, 3, 3, 3)))))
    mgeconvert.save(b.graph, tmp_path / "m.pkl")
    kinds = {path: kind for path, kind, _ in modules(read(tmp_path / "m.pkl").module)}
    assert kinds[".conv"] == "megengine.module.qat.conv.ConvRelu2d"


@pytest.mark.reference
def test_megengine_computes_the_same_and_makes_integers_of_it(tmp_path: Path) -> None:
    requests = {}
    for name in ROWS:
        folder = tmp_path / name
        folder.mkdir()
        source, target = written(name, folder)
        x = np.random.default_rng(8).standard_normal(ROWS[name][0]).astype(np.float32)
        (y,) = mgeconvert.run(source, {"x": x}).values()
        requests[name] = {"model": target, "io": record(folder / "io.npz", [x], [y]), "deep": True, "quantize": True}
        requests[name]["step"] = float(STEP / np.abs(y).max())
    answers = dict(zip(requests, judged(list(requests.values()), tmp_path), strict=True))
    assert {name: answer["failed"] for name, answer in answers.items() if "failed" in answer} == {}
    for key in ("errors", "quantized"):
        steps = {name: max(answer[key]) / requests[name]["step"] for name, answer in answers.items()}
        assert {name: count for name, count in steps.items() if count > 1.001} == {}
    assert {
        name: max(answer["deep"].values()) for name, answer in answers.items() if max(answer["deep"].values())
    } == {}
    whole = {name: answer["whole"] for name, answer in answers.items()}
    assert whole == {name: sorted({*row[2].split(), "DequantStub"}) for name, row in ROWS.items()}
