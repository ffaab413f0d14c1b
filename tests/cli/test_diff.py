"""`mgeconvert diff` on the command line: what it says, its exit codes, its document."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from mgeconvert import save, surgery
from mgeconvert_cli.main import application
from tests.harness.runner import Runner
from tests.surgery.test_surgery import network

Invoke = Callable[[str], Result]


@pytest.fixture
def invoke(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Invoke:
    """In a folder with a.onnx, the same as b.tflite, and another function of the same structure in c.onnx."""
    monkeypatch.chdir(tmp_path)
    save(network(), "a.onnx")
    save(network(), "b.tflite")
    save(surgery.replace_pattern(network(), "Tanh(x)", "Sigmoid(x)"), "c.onnx")
    save(surgery.set_shapes(network(), {"x": (2, 3, 6, 6)}), "d.onnx")
    return lambda line: Runner().invoke(application, line.split())


def test_the_same_file(invoke: Invoke) -> None:
    result = invoke("diff a.onnx a.onnx")
    assert (result.exit_code, result.stdout.splitlines()[-1]) == (0, "no difference")


def test_another_format_computes_the_same(invoke: Invoke) -> None:
    result = invoke("diff a.onnx b.tflite --only outputs,numbers")
    assert result.exit_code == 0, result.output
    assert "outputs of A in onnxruntime and of B in LiteRT" in result.stdout


def test_another_function(invoke: Invoke) -> None:
    result = invoke("diff a.onnx c.onnx --only operators,numbers")
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1] == "error: a.onnx and c.onnx differ: operators, what they compute"
    lines = result.stdout.splitlines()
    assert lines[0] == "operators: 2 of 7 differ"
    assert lines[-1].startswith("features, computed at body.sum (Add) by Add, is the first to differ, by ")


def test_other_inputs(invoke: Invoke) -> None:
    result = invoke("diff a.onnx d.onnx")
    assert result.exit_code == 1
    assert "outputs: not compared, their inputs are not the same" in result.stdout.splitlines()


def test_json(invoke: Invoke) -> None:
    document = json.loads(invoke("diff a.onnx c.onnx --only operators,numbers --json").stdout)
    assert document["different"] == ["operators", "what they compute"]
    assert {row["name"]: row["state"] for row in document["operators"]}["Tanh"] == "only in A"
    assert document["numbers"]["first"]["op"] == "Add"
    assert "modules" not in document


def test_without_running(invoke: Invoke) -> None:
    result = invoke("diff a.onnx c.onnx --no-run --only modules --json")
    assert json.loads(result.stdout)["numbers"] is None


ERRORS = {
    "diff a.onnx": "error: 1 file given, expected two\nhint: mgeconvert diff A B\n",
    "diff a.onnx c.onnx --only sizes": "error: --only sizes: is no part of a comparison\n"
    "hint: there are inputs, outputs, operators, shapes, parameters, modules, numbers\n",
    "diff a.onnx c.onnx --no-run --rtol 1": "error: --no-run computes nothing: --io and --rtol would be ignored\n"
    "hint: leave them out\n",
    "diff a.onnx c.onnx --no-run --only numbers": "error: --no-run computes nothing, --only numbers asks for nothing "
    "else\nhint: give one of them\n",
}


@pytest.mark.parametrize("line", ERRORS)
def test_errors(invoke: Invoke, line: str) -> None:
    result = invoke(line)
    assert (result.exit_code, result.stderr) == (2, ERRORS[line])
