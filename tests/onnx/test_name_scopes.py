"""Name scopes of nodes: written as PyTorch's exporter writes them, read from metadata and from names with slashes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

import mgeconvert
from mgeconvert.ir import Graph
from mgeconvert.ir.builder import Builder
from mgeconvert.ir.modules import nested
from mgeconvert.ir.scopes import Scope
from mgeconvert_converters.onnx.name_scopes import NameScopes


def network() -> Graph:
    b = Builder()
    x = b.input("x", np.float32, (2, 3))
    top = Scope("", "Net")
    layer = Scope("layer1", "Sequential", None, top)
    block = Scope("layer1.0", "Block", None, layer)
    b.enter(Scope("layer1.0", "relu", None, block))
    y = b.op("Relu", x)
    b.enter(Scope("", "exp", None, top))
    b.output("y", b.op("Exp", y))
    return b.graph


def test_what_is_written(tmp_path: Path) -> None:
    mgeconvert.save(network(), tmp_path / "m.onnx", opset=21)
    model = onnx.load(tmp_path / "m.onnx")
    onnx.checker.check_model(model)
    said = {entry.key: entry.value for entry in model.graph.node[0].metadata_props}
    assert said == {
        "pkg.torch.onnx.name_scopes": "['', 'layer1', 'layer1.0', 'layer1.0/Relu']",
        "pkg.torch.onnx.class_hierarchy": "['Net', 'Sequential', 'Block', 'Relu']",
        "namespace": ": Net/layer1: Sequential/layer1.0: Block/layer1.0/Relu: Relu",
    }


def test_older_opsets_have_no_metadata(tmp_path: Path) -> None:
    mgeconvert.save(network(), tmp_path / "m.onnx", opset=17)
    assert not any(node.metadata_props for node in onnx.load(tmp_path / "m.onnx").graph.node)


def test_what_was_written_is_read_and_written_the_same(tmp_path: Path) -> None:
    mgeconvert.save(network(), tmp_path / "m.onnx", opset=21)
    graph = mgeconvert.load(tmp_path / "m.onnx")
    assert [(body.path, body.scope and body.scope.kind) for body in nested(graph).bodies()] == [
        ("", "Net"),
        ("layer1", "Sequential"),
        ("layer1.0", "Block"),
    ]
    mgeconvert.save(graph, tmp_path / "again.onnx", opset=21)
    assert (tmp_path / "again.onnx").read_bytes() == (tmp_path / "m.onnx").read_bytes()


def test_calls_of_one_module_are_counted(tmp_path: Path) -> None:
    """As torch.export does: the second call of `m` is `m@1`, and what it calls is called the second time too."""
    b = Builder()
    value = b.input("x", np.float32, (3,))
    top = Scope("", "Net")
    for op in ("Exp", "Abs"):
        inner = Scope("m.part", "Part", None, Scope("m", "M", None, top))
        b.enter(Scope("m.part", "f", None, inner))
        value = b.op(op, value)
    b.output("y", value)
    mgeconvert.save(b.graph, tmp_path / "m.onnx", opset=21)
    nodes = onnx.load(tmp_path / "m.onnx").graph.node
    said = [{entry.key: entry.value for entry in node.metadata_props}["pkg.torch.onnx.name_scopes"] for node in nodes]
    assert said == ["['', 'm', 'm.part', 'm.part/Exp']", "['', 'm@1', 'm.part@1', 'm.part/Abs']"]
    graph = mgeconvert.load(tmp_path / "m.onnx")
    assert [body.path for body in nested(graph).bodies()] == ["", "m", "m.part", "m", "m.part"]
    mgeconvert.save(graph, tmp_path / "again.onnx", opset=21)
    assert (tmp_path / "again.onnx").read_bytes() == (tmp_path / "m.onnx").read_bytes()


def test_names_with_slashes_are_a_tree(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Relu", ["x"], ["a"], name="/layer1/layer1.0/act/Relu"),
        helper.make_node("Exp", ["a"], ["b"], name="/layer1/layer1.0/Exp"),
        helper.make_node("Abs", ["b"], ["y"], name="/Abs"),
    ]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [2]) for name in ("x", "y")]
    model = helper.make_model(helper.make_graph(nodes, "net", ends[:1], ends[1:]))
    onnx.save(model, tmp_path / "m.onnx")
    bodies = nested(mgeconvert.load(tmp_path / "m.onnx")).bodies()
    assert [body.path for body in bodies] == ["", "layer1", "layer1.0", "layer1.0.act"]


LISTS = ("['', 'a'", "('', 'a')", "[1, 2]", "__import__('os')", "['a'] * 9")


@pytest.mark.parametrize(
    "text",
    [*LISTS, "[" * 5000, repr(["a"] * 300), "x" * (1 << 17)],
)
def test_metadata_of_another_form_is_no_tree(text: str) -> None:
    said = {"pkg.torch.onnx.name_scopes": text, "pkg.torch.onnx.class_hierarchy": text}
    assert NameScopes().around(said, "node") is None
    assert NameScopes().around({}, "/" * 300) is None
