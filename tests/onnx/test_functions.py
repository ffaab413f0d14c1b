"""Modules as local functions: what is in the file, that onnxruntime computes the same, that it is read back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest

from mgeconvert.api import load, save
from mgeconvert.errors import UsageError
from mgeconvert.ir import Graph
from mgeconvert.ir.builder import Builder
from mgeconvert.ir.scopes import Scope
from mgeconvert_converters.onnx.run import run
from tests.harness import goldens

IMAGE = np.random.default_rng(1).standard_normal((2, 4)).astype(np.float32)
WEIGHT = np.random.default_rng(2).standard_normal((4, 4)).astype(np.float32)


def shared(weights: int = 1) -> Graph:
    """The module body is called twice, with one weight or with two; a module in it gives its input."""
    b = Builder()
    value = b.input("x", "float32", (2, 4))
    top = Scope("", "Net")
    tables = [b.constant(WEIGHT * (number + 1), name=f"body.weight{number}") for number in range(weights)]
    for number in range(2):
        body = Scope("body", "Body", None, top)
        inner = Scope("body.inner", "Inner", None, body)
        b.enter(Scope("body.inner.fc", "Linear", None, inner))
        value = b.op("MatMul", value, tables[number % weights], name=f"fc_{number}")
        b.enter(Scope("body", "reshape", None, body))
        value = b.op("Reshape", value, [2, 4], name=f"shaped_{number}")
        value = b.op("Relu", value, name=f"relu_{number}")
    b.enter(Scope("", "neg", None, top))
    b.output("y", b.op("Neg", value, name="y"))
    return b.graph


def written(graph: Graph, path: Path, opset: int = 21) -> onnx.ModelProto:
    save(graph, path, functions=True, opset=opset)
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    return model


@pytest.mark.parametrize("opset", [15, 17, 21])
def test_a_module_that_is_called_twice_is_one_function(opset: int, tmp_path: Path) -> None:
    model = written(shared(), tmp_path / "f.onnx", opset)
    assert [(f.name, [node.op_type for node in f.node]) for f in model.functions] == [
        ("body.inner", ["MatMul"]),
        ("body", ["Constant", "body.inner", "Reshape", "Relu"]),
    ]
    assert [node.op_type for node in model.graph.node] == ["body", "body", "Neg"]
    assert [tensor.name for tensor in model.graph.initializer] == ["body.weight0"]
    save(shared(), tmp_path / "plain.onnx", opset=opset)
    one, other = (run(tmp_path / name, {"x": IMAGE})["y"] for name in ("f.onnx", "plain.onnx"))
    np.testing.assert_array_equal(one, other)


def test_other_weights_are_another_function(tmp_path: Path) -> None:
    model = written(shared(2), tmp_path / "f.onnx")
    assert [function.name for function in model.functions] == ["body.inner", "body.inner_1", "body", "body_1"] or [
        function.name for function in model.functions
    ] == ["body.inner", "body", "body.inner_1", "body_1"]


NETWORKS = [row for row in goldens.families()["networks_images"] if row.id in ("resnet-basic", "shuffle")]


@pytest.mark.parametrize("row", NETWORKS, ids=lambda row: row.id)
def test_a_network_is_read_back(row: goldens.Row, tmp_path: Path) -> None:
    """The same graph, with the same modules around its nodes, as of the file without functions."""
    (tmp_path / "m.pkl").write_bytes(goldens.load("networks_images", row).model)
    graph = load(tmp_path / "m.pkl")
    assert written(graph, tmp_path / "f.onnx").functions
    save(graph, tmp_path / "plain.onnx", opset=21)
    one, other = load(tmp_path / "f.onnx"), load(tmp_path / "plain.onnx")
    assert sorted(str(one).splitlines()) == sorted(str(other).splitlines())
    assert _scopes(one) == _scopes(other)


def _scopes(graph: Graph) -> dict[str, list[str]]:
    return {node.name: [scope.text for scope in node.scope.chain] if node.scope else [] for node in graph.nodes}


def test_external_weights(tmp_path: Path) -> None:
    save(shared(), tmp_path / "f.onnx", functions=True, external_data=True)
    save(shared(), tmp_path / "plain.onnx")
    one, other = (run(tmp_path / name, {"x": IMAGE})["y"] for name in ("f.onnx", "plain.onnx"))
    np.testing.assert_array_equal(one, other)


def test_older_opsets_have_none(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        save(shared(), tmp_path / "f.onnx", functions=True, opset=13)
    assert caught.value.message == "opset 13 has no local functions"
    assert caught.value.hint == "say --opset 15, or leave out --functions"


def test_nothing_is_lost_without_modules(tmp_path: Path) -> None:
    b = Builder()
    b.output("y", b.op("Neg", b.input("x", "float32", (2,))))
    assert not written(b.graph, tmp_path / "f.onnx").functions


def test_deep_trees_are_read_back(tmp_path: Path) -> None:
    """Below a depth that readers bound, modules are part of those around them."""
    b = Builder()
    value = b.input("x", "float32", (2,))
    scope = Scope("", "Net")
    for number in range(200):
        scope = Scope(f"{scope.path}.m".removeprefix("."), "Block", None, scope)
        b.enter(Scope(scope.path, "relu", None, scope))
        value = b.op("Relu", value, name=f"relu_{number}")
    b.output("y", value)
    assert len(written(b.graph, tmp_path / "f.onnx").functions) == 64
    assert len(load(tmp_path / "f.onnx").nodes) == 200
