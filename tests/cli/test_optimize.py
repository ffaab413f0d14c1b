"""`mgeconvert optimize` on a real file: what it computes is compared with what the model computed before."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import Result

import mgeconvert
import mgeconvert.passes
from mgeconvert.ir import Graph
from mgeconvert.ir.builder import Builder
from mgeconvert.passes import Outcome
from mgeconvert_cli.main import application
from tests.harness.runner import Runner

DEMO = Path(__file__).parents[2] / "examples" / "demo.pkl"
BEFORE = "plain.onnx run in onnxruntime on random inputs"


def run(*arguments: str | Path) -> Result:
    return Runner().invoke(application, [str(argument) for argument in arguments])


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    """The demo as unoptimized ONNX, without recorded outputs."""
    path = tmp_path / "plain.onnx"
    assert run("tm-to-onnx", DEMO, "-O0", "--no-verify", "-o", path).exit_code == 0
    return path


@pytest.mark.parametrize("line", ["optimize {plain} -o {out}", "load {plain} optimize onnx-to-onnx -o {out}"])
def test_the_model_before_is_the_truth_where_nothing_is_recorded(plain: Path, tmp_path: Path, line: str) -> None:
    result = run("--json", *line.format(plain=plain, out=tmp_path / "out.onnx").split())
    assert result.exit_code == 0, result.stderr
    document = json.loads(result.stdout)
    verification = document.get("steps", [document])[-1]["verification"]
    assert (verification["truth"], verification["passed"]) == (str(plain.with_name(BEFORE)), True)


def test_passes_that_change_the_result_are_found_out(
    plain: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def spoil(graph: Graph, *_: Any) -> Outcome:
        weight = next(value for value in graph.constants() if value.array is not None and value.array.ndim == 4)
        assert weight.array is not None
        weight.array = np.zeros_like(weight.array)
        return Outcome()

    monkeypatch.setattr(mgeconvert.passes, "optimize", spoil)
    result = run("optimize", plain, "-o", tmp_path / "out.onnx")
    assert result.exit_code == 1
    assert f"differs from {plain.with_name(BEFORE)}" in result.stderr


def test_recorded_outputs_are_the_better_truth(tmp_path: Path) -> None:
    result = run("--json", "optimize", DEMO, "-o", tmp_path / "out.onnx", "--io", DEMO.with_suffix(".npz"))
    assert json.loads(result.stdout)["verification"]["method"] == "recorded"


def test_initializers_are_called_as_the_modules_weights(plain: Path) -> None:
    """Also those that MegEngine stores in another form, as BatchNorm's [1, C, 1, 1]."""
    import onnx

    names = {each.name for each in onnx.load(plain).graph.initializer}
    weights = {name for name in names if name.rpartition(".")[2].startswith(("weight", "bias", "running"))}
    assert any(name.endswith("running_mean") for name in weights)
    assert [name for name in weights if name[-1].isdigit()] == []


def test_a_runtime_is_named_for_the_passes_it_needs(tmp_path: Path) -> None:
    """`--for ncnn` is `--four-axes`: queries, keys and values that are one product are never five axes."""
    b = Builder()
    split = b.op("Reshape", b.input("x", "float32", (2, 5, 24)), [2, 5, 3, 2, 4])
    parts = b.op("Transpose", split, perm=(2, 0, 3, 1, 4))
    for index, name in enumerate("qkv"):
        b.output(name, b.op("Gather", parts, np.int64(index), axis=0))
    source, written = tmp_path / "m.onnx", tmp_path / "out.onnx"
    mgeconvert.save(b.graph, source)
    result = run("onnx-to-onnx", source, "--for", "ncnn", "-o", written)
    assert result.exit_code == 0, result.stderr
    assert max(len(value.shape or ()) for value in mgeconvert.load(written).values()) == 4
    assert run("onnx-to-onnx", source, "-o", tmp_path / "plain.onnx").exit_code == 0
    assert max(len(value.shape or ()) for value in mgeconvert.load(tmp_path / "plain.onnx").values()) == 5
    wrong = run("onnx-to-onnx", source, "--for", "other", "-o", written)
    assert wrong.exit_code == 2
    assert "'other' is not 'ncnn'" in wrong.stderr
