"""A TracedModule of real MegEngine with ten operators that no target has: all are named, with place and reason."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import Result

from mgeconvert_cli.main import application
from tests.harness.runner import Runner
from tests.tracedmodule import files as traced_files

SVD, COMPLEX = "singular value decomposition, which no target has", "complex numbers, which no target has"
PROBLEMS = (
    ("body.0", "svd", SVD),
    ("body.1", "complex", COMPLEX),
    ("body.1", "imag", COMPLEX),
    ("body.2", "svd", SVD),
    ("body.3", "complex", COMPLEX),
    ("body.3", "imag", COMPLEX),
    ("head.0", "svd", SVD),
    ("head.1", "complex", COMPLEX),
    ("head.1", "imag", COMPLEX),
    ("head.2", "svd", SVD),
)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "ten.pkl"
    path.write_bytes(traced_files.files()["not/ten_unsupported.pkl"])
    return path


def run(*arguments: str | Path) -> Result:
    return Runner().invoke(application, [str(argument) for argument in arguments])


def test_what_cannot_be_lowered_goes_from_tm_to_tm_as_it_is(model: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.pkl"
    assert run("tm-to-tm", model, "--no-verify", "-o", out).exit_code == 0
    sources = [json.loads(run("--json", "inspect", path).stdout) for path in (model, out)]
    assert sources[0]["problems"] == sources[1]["problems"] != []


@pytest.mark.parametrize(("target", "suffix"), [("onnx", "onnx"), ("tflite", "tflite"), ("caffe", "prototxt")])
def test_every_operator_is_named_and_the_old_file_stays(model: Path, tmp_path: Path, target: str, suffix: str) -> None:
    out = tmp_path / f"out.{suffix}"
    out.write_text("old")
    result = run(f"tm-to-{target}", model, "-o", out)
    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        "error: cannot read the TracedModule: 10 operators not supported",
        *(f"  {place}: {op}: {reason}" for place, op, reason in PROBLEMS),
        "hint: `mgeconvert ops tm` lists what can be read",
    ]
    assert out.read_text() == "old"


def test_the_document_has_a_row_for_each(model: Path) -> None:
    error = json.loads(run("--json", "tm-to-onnx", model).stdout)["error"]
    assert [(row["scope"], row["op"], row["reason"]) for row in error["problems"]] == list(PROBLEMS)


def test_inspect_shows_them_without_failing(model: Path) -> None:
    result = run("inspect", model)
    assert result.exit_code == 0
    assert "no target can take it: 10 operators not supported" in result.stdout
