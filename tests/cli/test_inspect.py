"""`mgeconvert inspect --tree` and `--model-explorer`: the modules of a model, and its graph for a viewer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import Result

import mgeconvert
from mgeconvert_cli.main import application
from tests.harness.runner import Runner
from tests.quantization.test_described import network
from tests.tracedmodule import files as traced_files


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "model.pkl"
    path.write_bytes(traced_files.files()["protocol4.pkl"])
    return path


def run(*arguments: str | Path) -> Result:
    return Runner().invoke(application, [str(argument) for argument in arguments])


def test_the_tree_has_every_module_with_its_class(model: Path) -> None:
    result = run("inspect", "--tree", model)
    assert result.exit_code == 0, result.output
    rows = json.loads(run("--json", "inspect", "--tree", model).stdout)["tree"]
    assert rows[0]["path"] == ""
    assert rows[0]["nodes"] == max(row["nodes"] for row in rows)
    assert {"path", "kind", "calls", "nodes", "parameters", "weight_bytes", "macs", "refused"} == rows[0].keys()
    assert any(row["kind"] == "Conv2d" or row["kind"] == "Linear" for row in rows)
    assert result.stdout.splitlines()[0].split() == [
        "module", "class", "calls", "nodes", "parameters", "constants", "MACs", "not", "in",
    ]  # fmt: skip


def test_the_graph_of_model_explorer(model: Path, tmp_path: Path) -> None:
    out = tmp_path / "graph.json"
    assert run("inspect", "--model-explorer", out, model).exit_code == 0
    (graph,) = json.loads(out.read_text())["graphs"]
    assert {node["namespace"] for node in graph["nodes"]} - {""} <= {*graph["groupNodeAttributes"]}


def test_how_values_are_quantized(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    mgeconvert.save(network(), path)
    result = run("inspect", "--quantization", path)
    assert result.exit_code == 0, result.output
    lines = [line.split("  ") for line in result.stdout.splitlines()]
    assert [line[1] for line in lines] == ["value", "x", "conv.weight", "conv/QuantizeLinear/whole/Clip"]
    rows = json.loads(run("--json", "inspect", "--quantization", path).stdout)["quantization"]
    assert [(row["name"], row["bits"], row["place"]) for row in rows] == [
        ("x", 8, "QuantizeLinear"), ("conv.weight", 4, "conv (Conv2d)"),
        ("conv/QuantizeLinear/whole/Clip", 5, "conv (Conv2d)"),
    ]  # fmt: skip


def test_a_float_model_has_nothing_quantized(model: Path) -> None:
    assert run("inspect", "--quantization", model).stdout == "nothing is quantized\n"


def test_tables_exclude_each_other(model: Path) -> None:
    result = run("inspect", "--quantization", "--tree", model)
    assert result.exit_code == 2
    assert "--tree and --quantization ask for different things" in result.output
