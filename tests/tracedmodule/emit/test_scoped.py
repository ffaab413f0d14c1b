"""TracedModules of graphs whose scopes name modules: a graph for each module, over one tree."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import mgeconvert
from mgeconvert.ir import Graph, Value
from mgeconvert.ir.builder import Builder
from mgeconvert.ir.scopes import Scope
from mgeconvert.tracedmodule.lower.load import load
from mgeconvert.tracedmodule.read.model import read
from tests.tracedmodule import sources
from tests.tracedmodule.judge import judged, record
from tests.tracedmodule.test_tree import calls, modules
from tests.tracedmodule.test_tree_in_megengine import differences, job

LOST = ("Identity", "Dropout")
"""Modules that compute nothing leave no node in an ONNX file."""


def through_onnx(name: str, folder: Path, opset: int) -> tuple[Path, Path]:
    """A TracedModule, and what was written of the ONNX file that was made of it."""
    source = folder / "source.pkl"
    source.write_bytes(sources.source(name)[0])
    mgeconvert.save(mgeconvert.load(source), folder / "model.onnx", opset=opset)
    mgeconvert.save(mgeconvert.load(folder / "model.onnx"), folder / "target.pkl")
    return source, folder / "target.pkl"


UNDUMPED = ("networks_images/Crestereo", "networks_images/HRNet", "networks_images/Raft")
"""Networks that MegEngine does not dump as they were either."""
NETWORKS = [name for name in sources.names() if name.startswith("networks_images/")]


@pytest.mark.parametrize(
    ("name", "opset"),
    [("networks_images/resnet-basic", 17), ("networks_images/resnet-basic", 21), ("networks_images/MobileNetV2", 21)],
)
def test_modules_of_an_onnx_file_are_those_that_it_was_made_of(name: str, opset: int, tmp_path: Path) -> None:
    source, target = map(read, through_onnx(name, tmp_path, opset))
    kept = [row for row in modules(source.module) if not row[1].endswith(LOST)]
    assert set(modules(target.module)) == set(kept)


class Drawn(Builder):
    """Builds nodes in modules by their paths."""

    def __init__(self) -> None:
        super().__init__()
        self.known: dict[str, Scope] = {}

    def module(self, path: str, kind: str = "") -> Scope:
        if path not in self.known:
            around = self.module(path.rpartition(".")[0]) if path else None
            self.known[path] = Scope(path, kind, None, around)
        return self.known[path]

    def at(self, path: str, op: str, *inputs: Value, **attrs: object) -> Value:
        self.enter(Scope(path, op, None, self.module(path)), path)
        return self.op(op, *inputs, **attrs)  # type: ignore[arg-type]


def written(graph: Graph, folder: Path) -> list[str]:
    """``path Class`` of each module, then the calls."""
    mgeconvert.save(graph, folder / "model.pkl")
    model = read(folder / "model.pkl")
    kinds = [
        f"{path[1:] or 'top'} {kind.rpartition('.')[2]}{'*' * graph}" for path, kind, graph in modules(model.module)
    ]
    return [*kinds, *(line.partition("[")[0].replace("megengine.", "") for line in calls(model))]


def test_each_module_has_a_graph_of_its_own(tmp_path: Path) -> None:
    b = Drawn()
    x = b.input("x", np.float32, (1, 3))
    y = b.at("block.one", "Exp", b.at("block", "Abs", x))
    b.output("y", b.at("", "Neg", y))
    assert written(b.graph, tmp_path) == [
        "top TracedModule*", "block TracedModule*", "block.one TracedModule*",
        "block: functional.elemwise.abs", "block.one: functional.elemwise.exp", ": functional.elemwise.neg",
    ]  # fmt: skip


def test_an_operator_alone_in_its_module_is_that_module(tmp_path: Path) -> None:
    b = Drawn()
    x = b.input("x", np.float32, (1, 3, 4, 4))
    kernel = b.constant(np.ones((2, 3, 1, 1), np.float32), name="anonymous")
    y = b.at("block.conv", "Conv", x, kernel, kernel_shape=(1, 1))
    b.output("y", b.at("block.act", "Relu", y))
    assert written(b.graph, tmp_path) == [
        "top TracedModule*", "block TracedModule*", "block.conv Conv2d", "block.act ReLU",
        "block.conv: module.conv.Conv2d", "block.act: module.activation.ReLU",
    ]  # fmt: skip


def test_a_product_and_a_sum_alone_in_their_module_are_a_linear(tmp_path: Path) -> None:
    b = Drawn()
    x = b.input("x", np.float32, (1, 4, 3))
    y = b.at("fc", "MatMul", x, b.constant(np.ones((3, 2), np.float32), name="onnx::MatMul_7"))
    b.output("y", b.at("fc", "Add", y, b.constant(np.ones(2, np.float32), name="fc.bias")))
    assert written(b.graph, tmp_path) == ["top TracedModule*", "fc Linear", "fc: module.linear.Linear"]


def layer_norm(b: Drawn, x: Value, square: str) -> Value:
    """In the operators that exporters write for opsets before 17, in the module `ln`."""
    centred = b.at("ln", "Sub", x, b.at("ln", "ReduceMean", x, b.constant(np.array([-1]))))
    factor = b.constant(np.float32(2)) if square == "Pow" else centred
    variance = b.at("ln", "ReduceMean", b.at("ln", square, centred, factor), b.constant(np.array([-1])))
    deviation = b.at("ln", "Sqrt", b.at("ln", "Add", variance, b.constant(np.float32(1e-5))))
    scaled = b.at("ln", "Mul", b.at("ln", "Div", centred, deviation), b.constant(np.ones(3, np.float32), name="a"))
    return b.at("ln", "Add", scaled, b.constant(np.ones(3, np.float32), name="b"))


@pytest.mark.parametrize("square", ["Pow", "Mul"])
def test_the_formula_of_a_layer_norm_is_that_module(square: str, tmp_path: Path) -> None:
    b = Drawn()
    b.output("y", layer_norm(b, b.input("x", np.float32, (2, 3)), square))
    assert written(b.graph, tmp_path) == ["top TracedModule*", "ln LayerNorm", "ln: module.normalization.LayerNorm"]


def test_the_formula_of_a_layer_norm_of_which_a_part_is_read_stays(tmp_path: Path) -> None:
    b = Drawn()
    b.output("y", layer_norm(b, b.input("x", np.float32, (2, 3)), "Pow"))
    b.output("z", next(node.output for node in b.graph.nodes if node.op == "Sqrt"))
    assert "ln TracedModule*" in written(b.graph, tmp_path)


def test_calls_of_one_module_share_its_graph_where_their_bodies_are_equal(tmp_path: Path) -> None:
    """Three calls of `m`: the third computes something else, and is written out in the graph around it."""
    b = Builder()
    value = b.input("x", np.float32, (3,))
    top = Scope("", "Net")
    for op in ("Exp", "Exp", "Abs"):
        b.enter(Scope("m", "f", None, Scope("m", "M", None, top)))
        value = b.op(op, value)
    b.output("y", value)
    lines = written(b.graph, tmp_path)
    assert lines == [
        "top TracedModule*", "m TracedModule*",
        "m: functional.elemwise.exp", "m: functional.elemwise.exp", "m: functional.elemwise.abs",
    ]  # fmt: skip


def test_names_that_collide(tmp_path: Path) -> None:
    """A module, a tensor and a built-in module that all want to be `a`, and a module called as a method is."""
    b = Drawn()
    x = b.input("x", np.float32, (1, 3))
    y = b.at("a", "Add", b.at("a", "Exp", x), b.constant(np.ones(3, np.float32), name="a"))
    y = b.at("a.graph", "Exp", b.at("a.graph", "Exp", y))
    b.output("y", b.at("graph.inner", "Abs", b.at("graph", "Exp", y)))
    mgeconvert.save(b.graph, tmp_path / "model.pkl")
    paths = [path for path, _, _ in modules(read(tmp_path / "model.pkl").module)]
    assert paths == ["", ".a", ".a.graph_", ".graph_", ".graph_.inner"]


def test_ten_thousand_modules_and_two_hundred_levels(tmp_path: Path) -> None:
    b = Drawn()
    value = b.input("x", np.float32, (3,))
    for number in range(10_000):
        value = b.at(f"m{number}", "Exp", value)
    deep = ".".join("d" * 150)
    b.output("y", b.at(deep, "Abs", value))
    mgeconvert.save(b.graph, tmp_path / "model.pkl")
    assert len(list(modules(read(tmp_path / "model.pkl").module))) == 10_151


def test_two_hundred_levels_are_written_again(tmp_path: Path) -> None:
    b = Drawn()
    b.output("y", b.at(".".join("d" * 200), "Abs", b.input("x", np.float32, (3,))))
    mgeconvert.save(b.graph, tmp_path / "model.pkl")
    mgeconvert.save(load(tmp_path / "model.pkl", faithful=True), tmp_path / "again.pkl")
    again = list(modules(read(tmp_path / "again.pkl").module))
    assert again == list(modules(read(tmp_path / "model.pkl").module))


def test_a_second_file_is_the_first(tmp_path: Path) -> None:
    _, target = through_onnx("networks_images/resnet-basic", tmp_path, 21)
    mgeconvert.save(mgeconvert.load(target), tmp_path / "again.pkl")
    mgeconvert.save(mgeconvert.load(tmp_path / "again.pkl"), tmp_path / "third.pkl")
    assert (tmp_path / "third.pkl").read_bytes() == (tmp_path / "again.pkl").read_bytes()


OTHERWISE = {
    ("networks_images/SuperResolution", "dump"): "MegEngine's dump of the original computes something else too",
}
"""What MegEngine's own tools make of a written file, which is right itself, that computes something else."""


@pytest.mark.reference
def test_megengine_computes_what_the_source_did(tmp_path: Path) -> None:
    requests = {}
    for name in NETWORKS:
        folder = tmp_path / name
        folder.mkdir(parents=True)
        _, target = through_onnx(name, folder, 21)
        golden = sources.golden(name)
        io = record(folder / "io.npz", golden.inputs, golden.outputs)
        requests[name] = {"model": target, "io": io, "deep": name not in UNDUMPED}
    answers = dict(zip(requests, judged(list(requests.values()), tmp_path), strict=True))
    assert {name: answer["failed"] for name, answer in answers.items() if "failed" in answer} == {}
    assert max(error for answer in answers.values() for error in answer["errors"]) <= 1e-4
    tools = {(name, tool): error for name, answer in answers.items() for tool, error in answer.get("deep", {}).items()}
    assert {made for made, error in tools.items() if error > 1e-4} == OTHERWISE.keys()


@pytest.mark.reference
def test_megengine_trains_and_saves_it(tmp_path: Path) -> None:
    """As the network it was made of: the same state, the same losses."""
    source, target = through_onnx("networks_images/resnet-basic", tmp_path, 21)
    inputs = tmp_path / "inputs.npz"
    np.savez(
        inputs, **{f"in_{at}": array for at, array in enumerate(sources.source("networks_images/resnet-basic")[1])}
    )  # type: ignore[arg-type]
    names = ["modules", "calls", "keys", "state", "types", "children", "batch 2", "batch 3", "strict"]
    assert differences({"resnet": job(source, target, inputs, names)}, tmp_path) == {}
