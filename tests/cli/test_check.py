"""`mgeconvert check`: what stops a target, what it loses, and remedies that work when they are followed."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from mgeconvert import save
from mgeconvert.ir.builder import Builder
from mgeconvert.ir.scopes import Scope
from mgeconvert_cli.main import application
from tests.harness.runner import Runner
from tests.tracedmodule import files as traced_files


def network(path: Path, op: str, shape: tuple[int | str, ...] = (1, 3, 8, 8), **attrs: object) -> None:
    """A Relu in stem.act and another operator in head.wave."""
    b = Builder()
    value = b.input("x", "float32", shape)
    for place, name, attributes in (("stem.act", "Relu", {}), ("head.wave", op, attrs)):
        around = Scope(place.partition(".")[0], "Part", None, Scope("", "Net"))
        b.enter(Scope(place, name, None, around))
        value = b.op(name, value, name=f"{place}_out", **attributes)
    b.output("y", value)
    save(b.graph, path, opset=21)


def run(*words: str) -> Result:
    return Runner().invoke(application, list(words))


def findings(path: Path, target: str) -> list[dict[str, Any]]:
    document = json.loads(run("check", str(path), "--target", target, "--json").stdout)
    found: list[dict[str, Any]] = document["targets"][target]["findings"]
    return found


def followed(remedy: str, model: Path, target: str, folder: Path) -> Result:
    """What comes of a remedy: a command that writes a model for the target, or an option of the conversion."""
    if not remedy.startswith("mgeconvert "):
        return run(f"onnx-to-{target}", str(model), *shlex.split(remedy), "--no-verify", "-o", str(folder / "out"))
    out = folder / "edited.onnx"
    done = run(*shlex.split(remedy)[1:], "-o", str(out), "--no-verify")
    assert done.exit_code == 0, done.stderr
    return run("check", str(out), "--target", target)


def test_nothing_stops(tmp_path: Path) -> None:
    network(tmp_path / "m.onnx", "Tanh")
    result = run("check", str(tmp_path / "m.onnx"), "--target", "caffe,tflite,pytorch")
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines() == [
        "caffe (Caffe): can take it",
        "tflite (TensorFlow Lite / LiteRT): can take it",
        "pytorch (PyTorch source): can take it",
    ]


def test_an_operator_that_is_refused(tmp_path: Path) -> None:
    """The remedy ends before it, and works."""
    path = tmp_path / "m.onnx"
    network(path, "Sin")
    (found,) = findings(path, "caffe")
    assert found == {
        "kind": "stops",
        "scope": "head.wave",
        "op": "Sin",
        "reason": "Caffe has no trigonometric layer",
        "remedy": f"mgeconvert edit {path} --outputs stem.act_out",
    }
    assert followed(found["remedy"], path, "caffe", tmp_path).exit_code == 0
    result = run("check", str(path), "--target", "onnx,caffe")
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1] == f"error: {path}: cannot become caffe"


def test_sizes_that_vary(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    network(path, "Tanh", ("N", 3, "H", 8))
    (found,) = findings(path, "caffe")
    assert (found["kind"], found["remedy"]) == ("stops", f"mgeconvert edit {path} --shape x=1,3,64,8")
    assert followed(found["remedy"], path, "caffe", tmp_path).exit_code == 0


def test_types_that_get_narrower(tmp_path: Path) -> None:
    b = Builder()
    b.output("i", b.op("ArgMax", b.input("x", "float32", (1, 6)), axis=1))
    save(b.graph, tmp_path / "m.onnx")
    (found,) = findings(tmp_path / "m.onnx", "tflite")
    assert (found["kind"], found["scope"], found["op"]) == ("loses", "i", "output")
    assert found["reason"] == "is int64, which TensorFlow Lite / LiteRT has as int32"
    assert run("check", str(tmp_path / "m.onnx"), "--target", "tflite").exit_code == 0


def test_what_is_to_be_known(tmp_path: Path) -> None:
    network(tmp_path / "m.onnx", "Erf")
    (found,) = findings(tmp_path / "m.onnx", "caffe")
    assert (found["kind"], found["scope"], found["op"]) == ("note", "head.wave", "Erf")
    assert findings(tmp_path / "m.onnx", "onnx") == []


def test_every_other_format_is_a_target_and_modules_are_named(tmp_path: Path) -> None:
    path = tmp_path / "model.pkl"
    path.write_bytes(traced_files.files()["protocol4.pkl"])
    document = json.loads(run("check", str(path), "--json").stdout)
    assert {"caffe", "onnx", "pytorch", "tflite"} <= set(document["targets"])
    assert "tm" not in document["targets"]


ERRORS = {
    "check -": "error: standard input is read once, a check reads the model for each target\nhint: name a file\n",
    "check m.onnx --target x": "error: x: unknown target format; known: ",
}


@pytest.mark.parametrize("line", ERRORS)
def test_errors(line: str) -> None:
    result = run(*line.split())
    assert result.exit_code == 2
    assert result.stderr.startswith(ERRORS[line])
