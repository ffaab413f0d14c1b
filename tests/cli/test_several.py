"""Several models in one command: none takes the others down, files never collide, the exit code is the worst."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.test_outputs import folder, mgeconvert_run, models

__all__ = ["folder", "models"]


@pytest.fixture
def three(folder: Path) -> Path:
    """hub/a.onnx and hub/b.onnx are models, hub/bad.onnx is none; beside them are files of other kinds."""
    (folder / "hub").mkdir()
    for name in ("a", "b"):
        shutil.copy(folder / "m.onnx", folder / "hub" / f"{name}.onnx")
    (folder / "hub" / "bad.onnx").write_bytes(b"not ours")
    (folder / "hub" / "notes.txt").write_text("not a model")
    return folder


@pytest.mark.parametrize(
    "given", ["hub/a.onnx hub/bad.onnx hub/b.onnx", "hub/*.onnx", "hub/*", "hub/a.onnx hub/*.onnx", "h?b/[ab]*.onnx"]
)
def test_one_that_fails_leaves_the_others(three: Path, given: str) -> None:
    result = mgeconvert_run(f"onnx-to-tflite {given} -o out/ --no-verify")
    assert result.exit_code == 3
    lines = result.stderr.splitlines()[-4:]
    assert sorted(line for line in lines if not line.startswith("error")) == [
        "hub/a.onnx: out/a.tflite, not verified",
        "hub/b.onnx: out/b.tflite, not verified",
        "hub/bad.onnx: FAILED: is text, expected an ONNX model",
    ]
    assert lines[-1] == "error: 1 of 3 models failed: hub/bad.onnx"
    assert sorted(path.name for path in (three / "out").iterdir()) == ["a.tflite", "b.tflite"]


def test_json_is_a_list(three: Path) -> None:
    result = mgeconvert_run("--json onnx-to-tflite hub/*.onnx -o out/ --no-verify")
    documents = json.loads(result.stdout)
    assert [(each["model"], each["exit_code"], "error" in each) for each in documents] == [
        ("hub/a.onnx", 0, False),
        ("hub/b.onnx", 0, False),
        ("hub/bad.onnx", 3, True),
    ]
    assert documents[0]["files"][0]["path"] == "out/a.tflite"
    assert documents[2]["error"]["kind"] == "BadInputError"
    (three / "hub" / "bad.onnx").unlink()
    result = mgeconvert_run("onnx-to-tflite hub/*.onnx --json --no-verify")
    assert [each["files"][0]["path"] for each in json.loads(result.stdout)] == ["hub/a.tflite", "hub/b.tflite"]


def test_one_model_into_a_folder(three: Path) -> None:
    result = mgeconvert_run("--json onnx-to-tflite m.onnx -o new/folder/ --no-verify")
    assert json.loads(result.stdout)["files"][0]["path"] == "new/folder/m.tflite"
    (three / "old").mkdir()
    assert mgeconvert_run("onnx-to-caffe [m].onnx -o old --no-verify").exit_code == 0
    assert sorted(path.name for path in (three / "old").iterdir()) == ["m.caffemodel", "m.prototxt"]


REFUSED = {
    "onnx-to-tflite m.onnx hub/a.onnx -o x.tflite": "-o x.tflite: is one file, 2 models are given",
    "onnx-to-tflite hub/a.onnx hub/b.onnx --io r.npz": "--io r.npz: is recorded of one model, 2 are given",
    "onnx-to-tflite hub/a.onnx hub/b.onnx --quant-params q.json": "--quant-params: is one file, 2 models are given",
    "load m.onnx onnx-to-tflite hub/a.onnx hub/b.onnx": "2 models in a chain of steps, expected one",
    "onnx-to-tflite m.onnx sub/m.onnx -o out/": "out/m.tflite: both m.onnx and sub/m.onnx would be written there",
    "onnx-to-tflite m.onnx - -o out/": "- is one of several models",
    "onnx-to-tflite m.onnx -o m.pkl/": "-o m.pkl/: is a file, expected a folder",
    "onnx-to-tflite - -o out/": "the model has no name that the file could have",
    "onnx-to-onnx hub/a.onnx hub/b.onnx": "hub/a.onnx: would overwrite its source",
    "onnx-to-onnx hub/a.onnx sub/b.onnx -o hub": "hub/a.onnx: is an input of this run",
    "onnx-to-tflite foreign2.onnx m.onnx": "foreign2.tflite: there is such a file already",
}


@pytest.mark.parametrize("line", REFUSED)
def test_refused_before_anything_is_read(three: Path, line: str) -> None:
    (three / "sub").mkdir()
    for name in ("m", "b"):
        shutil.copy(three / "m.onnx", three / "sub" / f"{name}.onnx")
    before = {path: path.read_bytes() for path in three.rglob("*") if path.is_file()}
    result = mgeconvert_run(line)
    assert (result.exit_code, "read " in result.stderr) == (2, False)
    assert REFUSED[line] in result.stderr
    assert {path: path.read_bytes() for path in three.rglob("*") if path.is_file()} == before


def test_a_pattern_that_matches_nothing(three: Path) -> None:
    result = mgeconvert_run("onnx-to-tflite no*.onnx -o out/")
    assert (result.exit_code, result.stderr) == (3, "error: no*.onnx: there is no such file\nhint: ls .\n")
    assert not (three / "out").exists()


def test_a_file_that_is_called_like_a_pattern(three: Path) -> None:
    shutil.copy(three / "m.onnx", three / "m[1].onnx")
    assert mgeconvert_run("onnx-to-tflite m[1].onnx --no-verify").exit_code == 0
    assert (three / "m[1].tflite").is_file()
