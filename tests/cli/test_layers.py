"""`verify --per-layer` on the command line."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from mgeconvert import save
from mgeconvert_cli.main import application
from tests.harness.runner import Runner
from tests.verification.layers.test_compare import _change_weight, network

Invoke = Callable[[str], Result]


@pytest.fixture
def invoke(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Invoke:
    monkeypatch.chdir(tmp_path)
    save(network(), "a.onnx")
    save(network(), "b.onnx")
    save(network(), "c.tflite")
    _change_weight(Path("b.onnx"), "body.3.conv.weight")
    return lambda line: Runner().invoke(application, line.split())


def test_all_values_are_the_same(invoke: Invoke) -> None:
    result = invoke("verify a.onnx c.tflite --per-layer")
    assert result.exit_code == 0, result.output
    assert "culprit" not in result.stdout


def test_the_culprit_is_named_and_cut_out(invoke: Invoke) -> None:
    result = invoke("verify a.onnx b.onnx --csv layers.csv --reduce bug")
    assert result.exit_code == 1
    said = [line for line in result.stdout.splitlines() if not line.startswith(" ")]
    assert said[1].startswith("culprit: body.3.conv: Conv computes the first bad value, ")
    assert said[2] == "made by: file: the file makes it: what mgeconvert writes of this source now is right there"
    assert said[3].startswith("reduced: 1 node, still fails, by ")
    with Path("layers.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["state"] for row in rows] == ["same"] * 6 + ["differs"] * 4
    assert sorted(path.name for path in Path("bug").iterdir()) == ["part.npz", "part.onnx"]
    assert invoke("verify bug/part.onnx").exit_code == 1


def test_the_document(invoke: Invoke) -> None:
    result = invoke("--json verify a.onnx b.onnx --per-layer")
    found = json.loads(result.stdout)["per_layer"]
    assert len(found["layers"]) == 10
    assert (found["culprit"]["module"], found["culprit"]["made_by"]["who"]) == ("body.3.conv", "file")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("verify b.onnx --per-layer", "--per-layer compares with MODEL, and none is given"),
        ("verify a.onnx b.onnx --anonymize", "--anonymize is of what --reduce writes"),
        ("verify a.onnx b.onnx --passes fuse-pad", "--passes says what to blame, and nothing is looked for"),
        ("verify a.onnx b.onnx --per-layer --passes fuse-bad", "no pass is called fuse-bad"),
        ("verify a.onnx b.onnx --per-layer --csv a.onnx", "a.onnx: is an input of this run"),
    ],
)
def test_wrong_use(invoke: Invoke, line: str, said: str) -> None:
    result = invoke(line)
    assert result.exit_code == 2
    assert said in result.stderr


def test_what_needs_the_weights_is_not_written_without_them(invoke: Invoke) -> None:
    result = invoke("verify a.onnx b.onnx --reduce bug --anonymize")
    assert result.exit_code == 1
    assert "the fault is in the file's own numbers" in result.stderr
    assert not Path("bug").exists()
