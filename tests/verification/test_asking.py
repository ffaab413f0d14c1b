"""What a file is asked: its inputs and outputs, its run; arrays by name and by position."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mgeconvert
from mgeconvert.errors import BadInputError, MgeconvertError, MissingDependencyError, UsageError, VerificationError
from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder
from mgeconvert.verification import proof, recorded, written
from mgeconvert.verification.asking import describe, matched
from mgeconvert.verification.quantized_layers import LayersReport
from mgeconvert.verification.report import OutputReport, VerificationReport
from mgeconvert.verification.running import matched as feeds_for
from mgeconvert.verification.running import run
from mgeconvert.verification.size_inputs import size_inputs
from tests.harness import small_graphs as lst
from tests.plugins import Install, plugins
from tests.verification.test_judge import GOOD_OUTPUT, report

__all__ = ["plugins"]

MODEL = {"inputs": {"x": ["float32", [2, 3]]}, "ops": ["Neg"]}
X = np.arange(6, dtype=np.float32).reshape(2, 3)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "m.lst"
    path.write_text(json.dumps(MODEL))
    return path


def test_a_format_that_only_reads_is_described_by_its_graph(model: Path, plugins: Install) -> None:
    plugins({"lst": replace(lst.FRONTEND, describe=None)}, {})
    found = describe(model, "lst")
    assert {name: value.type_text for name, value in found.inputs.items()} == {"x": "float32[2,3]"}
    assert [value.type_text for value in found.outputs.values()] == ["float32[2,3]"]


def test_a_format_that_nobody_reads(model: Path, plugins: Install) -> None:
    plugins({}, {"lst": replace(lst.BACKEND, describe=None)})
    with pytest.raises(MissingDependencyError) as error:
        describe(model, "lst")
    assert error.value.message == f"{model}: nothing installed can say the inputs of a file of format lst"


A, B = np.zeros(1), np.ones(2)


@pytest.mark.parametrize(
    ("arrays", "expected"),
    [({"b": B, "a": A}, {"a": A, "b": B}), ({"p": B, "q": A}, {"a": B, "b": A}), ({"b": B, "q": A}, {"a": B, "b": A})],
)
def test_arrays_by_name_where_all_agree_else_by_position(
    arrays: dict[str, np.ndarray], expected: dict[str, np.ndarray]
) -> None:
    found = matched(arrays, {"a": None, "b": None}, "output", Path("m.onnx"))
    assert list(found) == list(expected)
    assert all(found[name] is array for name, array in expected.items())


def test_another_number_of_arrays() -> None:
    with pytest.raises(BadInputError) as error:
        matched({"a": A}, {"a": None, "b": None}, "output", Path("m.onnx"))
    assert error.value.message == "outputs are a, b; m.onnx has a"


def test_another_number_of_feeds() -> None:
    inputs = {"x": Value("x", np.dtype("float32"), (1,)), "y": Value("y", np.dtype("float32"), (1,))}
    with pytest.raises(UsageError) as error:
        feeds_for([A], inputs)
    assert error.value.message == "1 arrays are given, the inputs are x, y"


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(MgeconvertError) as error:
        run(tmp_path / "m.onnx", X)
    assert error.value.message == f"{tmp_path / 'm.onnx'}: there is no such file"


def test_a_runtime_that_is_missing_is_done_without_unless_it_is_named(
    model: Path, plugins: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    onnx = mgeconvert.registry.backend("onnx")
    plugins({"lst": lst.FRONTEND}, {"lst": replace(lst.BACKEND, run=lst.missing_run), "onnx": onnx})
    monkeypatch.setattr("mgeconvert.verification.running.runtime_named", lambda _: mgeconvert.registry.backend("lst"))
    np.testing.assert_array_equal(run(model, X, "lst")["y"], -X)
    with pytest.raises(MissingDependencyError, match="the lst runtime is not installed"):
        run(model, X, "lst", "lst runtime")


def test_a_format_that_is_said_is_read_whatever_the_name_is(tmp_path: Path) -> None:
    b = Builder()
    b.output("y", b.op("Neg", b.input("x", "float32", (2, 3))))
    mgeconvert.save(b.graph, tmp_path / "m.onnx")
    (tmp_path / "m.onnx").rename(tmp_path / "m.lite")
    np.testing.assert_array_equal(run(tmp_path / "m.lite", X, "onnx", "litert")["y"], -X)


SIZES: dict[str, Callable[[Builder, Value, Value], Any]] = {
    "ConstantOfShape": lambda b, _, n: b.op("ConstantOfShape", n),
    "Expand": lambda b, x, n: b.op("Expand", x, n),
    "OneHot": lambda b, _, n: b.op("OneHot", np.int64([0, 1]), n, np.float32([0, 1])),
    "Range": lambda b, _, n: b.op("Range", np.int64(0), b.op("Squeeze", n), np.int64(1)),
    "Reshape": lambda b, x, n: b.op("Reshape", x, n),
    "Resize": lambda b, x, n: b.op("Resize", x, None, None, n, axes=(0,)),
    "Tile": lambda b, x, n: b.op("Tile", b.op("Reshape", x, [-1]), n),
    "TopK": lambda b, x, n: b.ops("TopK", 2, x, n)[0],
}


@pytest.mark.parametrize("op", SIZES)
def test_an_input_that_is_a_size(op: str) -> None:
    b = Builder()
    x, n = b.input("x", "float32", (2, 3)), b.input("n", "int64", (1,))
    b.output("y", SIZES[op](b, x, n))
    assert size_inputs(b.graph) == {"n"}


def output(error: float) -> OutputReport:
    return replace(GOOD_OUTPUT, name=f"y{error:g}", max_rel=error)


@pytest.mark.parametrize(("wrong", "problem"), [("layer 1 is off", "layer by layer: layer 1 is off"), ("", "")])
def test_a_wrong_layer_fails_only_the_outputs_that_differ(
    wrong: str, problem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(written, "check_layers", lambda *_: LayersReport(3, 40, 2, wrong))
    given = report(output(0.0), output(1e-4), output(2e-4))
    found = by_layers(given)
    assert [each.problem for each in found.outputs] == ["", "", problem]
    assert len(found.remarks) == (0 if wrong else 1)


def by_layers(given: VerificationReport) -> VerificationReport:
    truth = recorded.Recorded(Path("m.npz"), {}, {})
    return written._by_layers(given, Builder().graph, truth, mgeconvert.registry.backend("onnx"), {})


def test_close_outputs_and_failed_ones_are_not_looked_at_by_layers(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: Any) -> LayersReport:
        raise AssertionError

    monkeypatch.setattr(written, "check_layers", never)
    for given in (report(output(1e-4)), report(replace(output(1.0), problem="a mask", fault="type"))):
        assert by_layers(given) is given


def test_layers_that_cannot_be_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any) -> LayersReport:
        raise VerificationError("no such layer")

    monkeypatch.setattr(written, "check_layers", fails)
    assert by_layers(report(output(1.0))).remarks == ("layers were not looked at alone: no such layer",)


PROOF = {"format": proof.FORMAT, "files": [{"role": "source", "path": "a", "sha256": "0"}], "outputs": [{"name": "y"}]}


@pytest.mark.parametrize(
    "change",
    [
        {"format": "another"},
        {"files": [{"role": 1, "path": "a", "sha256": "0"}]},
        {"outputs": [{"name": 3}]},
        {"files": 3},
    ],
)  # fmt: skip
def test_what_is_no_proof(change: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "m.proof.json"
    path.write_text(json.dumps({**PROOF, **change}))
    with pytest.raises(BadInputError) as error:
        proof.read_proof(path)
    assert error.value.message == f"{path}: is no proof of mgeconvert"


def test_an_archive_with_a_text(tmp_path: Path) -> None:
    path = tmp_path / "m.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "no array")
    with pytest.raises(BadInputError) as error:
        recorded.read_arrays(path)
    assert error.value.message == f"{path}: not an .npz archive of plain arrays"


def test_an_archive_of_very_many_zeros(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, zeros = tmp_path / "m.npz", np.zeros(1 << 20, np.uint8)
    np.savez_compressed(path, x=zeros)
    assert recorded.read_arrays(path)["x"].size == 1 << 20
    monkeypatch.setattr(recorded, "LARGEST", 1 << 10)
    with pytest.raises(BadInputError) as error:
        recorded.read_arrays(path)
    assert error.value.message == (
        f"{path}: unpacks to 1,048,704 bytes, {recorded.GROWTH} times its size; store such data plainly"
    )
