"""`mgeconvert FILE` says what a file is, and every line that it gives for the shell works."""

from __future__ import annotations

import gzip
import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from mgeconvert_cli.main import application
from tests.cli.test_outputs import folder, mgeconvert_run, models
from tests.harness.runner import Runner

__all__ = ["folder", "models"]

FIRST = {
    "m.onnx": "ONNX, written by mgeconvert ",
    "m.tflite": "TensorFlow Lite / LiteRT, written by mgeconvert ",
    "m.pkl": "MegEngine TracedModule, written by mgeconvert ",
    "m.prototxt": "Caffe, written by mgeconvert ",
    "m.caffemodel": "Caffe, written by mgeconvert ",
    "m.npz": "2 arrays of numpy",
    ".": "a folder with 10 models",
    "net.py": "Python source",
    "m.onnx.gz": "compressed with gzip, which mgeconvert does not read",
    "renamed.dat": "ONNX, written by mgeconvert ",
    "batch.toml": "a manifest of a batch",
}


@pytest.fixture
def files(folder: Path) -> Path:
    (folder / "net.py").write_text("import x\n\nclass Net(x.Module):\n    pass\n")
    (folder / "m.onnx.gz").write_bytes(gzip.compress((folder / "m.onnx").read_bytes()))
    (folder / "renamed.dat").write_bytes((folder / "m.onnx").read_bytes())
    (folder / "batch.toml").write_text('[[model]]\npath = "m.onnx"\ntargets = ["tflite"]\noutput = "out"\n')
    return folder


@pytest.mark.parametrize("name", FIRST)
def test_what_it_is_and_what_can_be_done(files: Path, name: str) -> None:
    result = mgeconvert_run(name)
    assert (result.exit_code, result.stderr) == (0, "")
    assert FIRST[name] in result.stdout.splitlines()[0]
    following = [line.removeprefix("next: ") for line in result.stdout.splitlines() if line.startswith("next: ")]
    assert following
    for line in following:
        _parse(line)


def _parse(line: str) -> None:
    """A line for the shell: one of ours is taken by our parser, files included."""
    words = shlex.split(line)
    if words[0] == "mgeconvert":
        with application.make_context("mgeconvert", words[1:]) as context:
            for call in application.calls(context, context.args):
                call.command.make_context(call.name, list(call.args), parent=context)


@pytest.mark.parametrize("name", ["m.onnx", "m.pkl"])
def test_the_lines_run(files: Path, name: str) -> None:
    for line in mgeconvert_run(name).stdout.splitlines():
        words = shlex.split(line.removeprefix("next: "))
        if line.startswith("next: ") and not {"onnx-to-mge", "tm-to-mge", "run"} & set(words):
            result = Runner().invoke(application, [*words[1:], "--no-verify"] if "-to-" in words[1] else words[1:])
            assert result.exit_code == 0, (line, result.stderr)


def test_json(files: Path) -> None:
    (document,) = json.loads(mgeconvert_run("--json m.onnx").stdout)["files"]
    assert (document["format"], document["inputs"]) == ("onnx", {"x": "float32[1,3,8,8]"})
    assert document["next"][0] == "mgeconvert inspect m.onnx"


WRONG = {
    "nothere.pkl": (3, "error: nothere.pkl: there is no such file\nhint: ls .\n"),
    "foreign.onnx": (3, "error: foreign.onnx: is text, expected an ONNX model\n"),
    "m.onnx onnx-to-tflite -o t.tflite": (
        2,
        "error: m.onnx: is a file, expected a command before it\n"
        "hint: mgeconvert load m.onnx onnx-to-tflite -o t.tflite\n",
    ),
    "m.onnx new.tflite": (
        2,
        "error: m.onnx: is a file, expected a command before it\nhint: mgeconvert convert m.onnx new.tflite\n",
    ),
    "./nothere": (3, "error: nothere: there is no such file\nhint: ls .\n"),
    "convert m.onnx .": (2, "error: .: cannot be written: it is a folder\nhint: give a file name\n"),
    "m.onnx --frob": (2, "error: --frob: is no option here\nhint: mgeconvert inspect m.onnx\n"),
    "onnx-to-tflit": (2, "error: onnx-to-tflit: no such command; did you mean onnx-to-tflite"),
}


@pytest.mark.parametrize("line", WRONG)
def test_wrong(files: Path, line: str) -> None:
    code, text = WRONG[line]
    result = mgeconvert_run(line)
    assert result.exit_code == code
    assert result.stderr.startswith(text)


NEXT = {
    "onnx-to-tflite m.onnx -o t.tflite": "mgeconvert run t.tflite --random",
    "onnx-to-caffe m.onnx -o t.prototxt": "mgeconvert run t.prototxt --random",
    "convert m.tflite t.onnx": "mgeconvert run t.onnx --random",
    "load m.onnx": "mgeconvert inspect m.onnx",
    "optimize m.onnx -o t.onnx": "mgeconvert run t.onnx --random",
    "run m.onnx --random -o t.npz": 'import numpy as np; print({k: v.shape for k, v in np.load("t.npz").items()})',
}


@pytest.mark.parametrize("line", NEXT)
def test_a_success_ends_with_lines_that_work(files: Path, line: str) -> None:
    result = mgeconvert_run(f"{line} --no-verify" if "t." in line and not line.startswith("run") else line)
    assert result.exit_code == 0, result.stderr
    said = result.stderr.splitlines()
    following = [text.removeprefix("next: ") for text in said if text.startswith("next: ")]
    assert said[-len(following) :] == [f"next: {text}" for text in following]
    assert NEXT[line] in following[0]
    for text in following:
        words = shlex.split(text)
        command = [sys.executable, *(["-m", "mgeconvert"] if words[0] == "mgeconvert" else []), *words[1:]]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, (text, done.stderr)


def test_quiet_and_json_have_no_such_lines(files: Path) -> None:
    for switch in ("-q", "--json"):
        assert "next:" not in mgeconvert_run(f"{switch} onnx-to-tflite m.onnx -o t.tflite --no-verify").output
