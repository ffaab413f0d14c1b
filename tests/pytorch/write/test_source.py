"""The text that is written: classes, names, keys of the weights, refusals. Nothing here needs torch but the last."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
import pytest

import mgeconvert
from mgeconvert import registry
from mgeconvert.errors import BadInputError, UnsupportedError
from mgeconvert.ir import Graph
from mgeconvert.ir.builder import Builder
from mgeconvert.reference import torch

ROOT = Path(__file__).parents[3]
WEIGHT = np.linspace(-1, 1, 3 * 3 * 3 * 3, dtype=np.float32).reshape(3, 3, 3, 3)
BACKEND = registry.backend("pytorch")


def convolutions(*names: str, given: str = "x") -> Graph:
    """Convolutions in a row whose weights have these names."""
    b = Builder(Graph())
    value = b.input(given, np.dtype(np.float32), (1, 3, 8, 8))
    for name in names:
        weight = b.constant(WEIGHT.copy())
        weight.name = f"{name}.weight"
        value = b.op("Conv", value, weight, kernel_shape=(3, 3), pads=(1, 1, 1, 1))
    b.output("y", value)
    return b.graph


def keys(path: Path) -> list[str]:
    """The keys of a safetensors file."""
    with path.open("rb") as stream:
        (length,) = struct.unpack("<Q", stream.read(8))
        return [key for key in json.loads(stream.read(length)) if key != "__metadata__"]


def test_a_convolution(tmp_path: Path) -> None:
    written = BACKEND.save(convolutions("conv1"), tmp_path / "net.py")
    assert [path.name for path in written] == ["net.py", "net.safetensors"]
    assert (
        "class Net(nn.Module):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        self.conv1 = nn.Conv2d(3, 3, 3, padding=1, bias=False)\n"
        "\n"
        "    def forward(self, x):\n"
        "        return self.conv1(x)\n"
    ) in (tmp_path / "net.py").read_text()
    assert keys(tmp_path / "net.safetensors") == ["conv1.weight"]
    described = BACKEND.describe(tmp_path / "net.py") if BACKEND.describe else None
    assert described is not None
    assert {name: value.type_text for name, value in described.inputs.items()} == {"x": "float32[1,3,8,8]"}


@pytest.mark.parametrize(
    ("name", "key", "line"),
    [
        ("class", "class_.weight", "self.class_(x)"),
        ("1", "1.weight", 'getattr(self, "1")(x)'),
        ("a-b", "a-b.weight", 'getattr(self, "a-b")(x)'),
        ("train", "train_.weight", "self.train_(x)"),
        ("forward", "forward_.weight", "self.forward_(x)"),
        ("parameters", "parameters_.weight", "self.parameters_(x)"),
    ],
)
def test_names_that_python_or_torch_keep_for_themselves(name: str, key: str, line: str, tmp_path: Path) -> None:
    BACKEND.save(convolutions(name), tmp_path / "net.py")
    assert f"        return {line}\n" in (tmp_path / "net.py").read_text()
    assert keys(tmp_path / "net.safetensors") == [key]


@pytest.mark.parametrize(
    ("name", "argument"), [("input.1", "input_1"), ("x:0", "x_0"), ("self", "self_2"), ("1", "_1")]
)
def test_names_of_inputs(name: str, argument: str, tmp_path: Path) -> None:
    BACKEND.save(convolutions("conv", given=name), tmp_path / "net.py")
    assert f"    def forward(self, {argument}):\n" in (tmp_path / "net.py").read_text()


def test_equal_modules_are_one_class(tmp_path: Path) -> None:
    """The demo's tree: one class a kind of module, with what differs as arguments; nn.Sequential where it was one."""
    mgeconvert.convert(ROOT / "examples" / "demo.pkl", tmp_path / "net.py", verify=False)
    text = (tmp_path / "net.py").read_text()
    names = [line.split("(")[0] for line in text.splitlines() if line.startswith("class ")]
    assert len(names) == len(set(names))
    compile(text, "net.py", "exec")
    assert max(map(len, text.splitlines())) <= 110


def test_all_refusals_at_once(tmp_path: Path) -> None:
    b = Builder(Graph())
    x, y = (b.input(name, np.dtype(np.uint32), (1, 2)) for name in "xy")
    b.output("shifted", b.op("BitShift", x, y, direction="LEFT"))
    b.output("greater", b.op("Max", x, y))
    with pytest.raises(UnsupportedError) as refusal:
        BACKEND.save(b.graph, tmp_path / "net.py")
    assert [problem.reason for problem in refusal.value.problems] == [
        "torch does not shift uint32",
        "torch has no torch.maximum of uint32",
    ]
    assert refusal.value.hint == "`mgeconvert ops pytorch` lists what can be written"
    assert list(tmp_path.iterdir()) == []


def test_weights_that_are_not_ours(tmp_path: Path) -> None:
    (tmp_path / "net.safetensors").write_bytes(b"\x02\0\0\0\0\0\0\0{}")
    assert BACKEND.describe is not None
    with pytest.raises(BadInputError, match=r"net\.safetensors: is no safetensors file with a description"):
        BACKEND.describe(tmp_path / "net.py")


@pytest.mark.reference("torch")
def test_odd_names_run_in_torch(tmp_path: Path) -> None:
    graph = convolutions("class", "1", "a-b", "train", "parameters", given="input.1")
    BACKEND.save(graph, tmp_path / "net.py")
    x = np.ones((1, 3, 8, 8), np.float32)
    onnx = registry.backend("onnx")
    onnx.save(graph, tmp_path / "net.onnx")
    assert onnx.run is not None
    (expected,) = onnx.run(tmp_path / "net.onnx", {"input.1": x}).values()
    (result,) = torch.run(tmp_path / "net.py", [x])
    assert not isinstance(result, str)
    np.testing.assert_allclose(result, expected, rtol=1e-4, atol=1e-5 * np.abs(expected).max())


@pytest.mark.reference("torch")
def test_the_demo_in_torch(tmp_path: Path) -> None:
    report = mgeconvert.convert(ROOT / "examples" / "demo.pkl", tmp_path / "net.py")
    assert report.verification is not None
    assert report.verification.passed
