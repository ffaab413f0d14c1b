"""The optimizer as a whole: choice of passes, driver, names, growth, real networks."""

from __future__ import annotations

import importlib
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

import mgeconvert
from mgeconvert import passes
from mgeconvert.errors import GraphError, UsageError
from mgeconvert.ir import Graph, Node, Value
from mgeconvert.ir.builder import Builder
from mgeconvert.ir.scopes import Scope
from mgeconvert.passes import PASSES, Outcome, PassReport, Rule, Sweep, names, optimize, rule, select
from mgeconvert.passes.driver import run
from mgeconvert.passes.rewriter import Rewriter


def conv_bn(b: Builder, source: Value, name: str, channels: int = 4) -> Value:
    b.enter(Scope(name, "ConvBn2d"))
    ones = np.ones(channels, np.float32)
    weight = b.constant(np.full((channels, channels, 1, 1), 0.5, np.float32), name=f"{name}.weight")
    value = b.op("Conv", source, weight, name=f"{name}_conv_out")
    return b.op("BatchNormalization", value, ones * 2, ones, ones, ones, name=f"{name}_out")


def small_network() -> Graph:
    b = Builder()
    value = b.input("x", "float32", ("N", 4, 8, 8))
    for index in range(3):
        value = b.op("Relu", conv_bn(b, value, f"layer{index}"), name=f"layer{index}_relu_out")
    b.output("y", b.op("Identity", value))
    return b.graph


def test_importing_the_table_costs_nothing() -> None:
    program = "import sys, mgeconvert.passes; print(sorted({'numpy', 'onnx'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_every_pass_has_rules_and_every_rule_a_pass() -> None:
    assert len(set(names())) == len(PASSES)
    assert [row.name for row in PASSES if not row.steps()] == []
    homes = {path.stem for path in Path(passes.__file__).parent.glob("*.py")}
    modules = [importlib.import_module(f"mgeconvert.passes.{home}") for home in sorted(homes - {"__init__"})]
    found = {item for module in modules for item in vars(module).values() if isinstance(item, Rule | Sweep)}
    assert found == {step for row in PASSES for step in row.steps()}


def test_every_rule_shows_its_rewrite() -> None:
    steps = [step for row in PASSES for step in row.steps()]
    assert [step.function.__name__ for step in steps if " -> " not in (step.function.__doc__ or "")] == []


def test_document_lists_the_passes() -> None:
    text = (Path(__file__).parents[2] / "docs" / "passes.md").read_text()
    rows = [line for line in text.splitlines() if line.startswith(("| fold-", "| eliminate-", "| merge-", "| fuse-"))]
    rows += [line for line in text.splitlines() if line.startswith(("| backward-", "| forward-", "| four-"))]
    assert sorted(rows) == sorted(f"| {row.name} | {row.level} | {row.help} |" for row in PASSES)


def test_levels() -> None:
    assert select(0) == ()
    larger, named = ["backward-fold-scale", "forward-fold-scale"], ["four-axes"]
    assert [row.name for row in PASSES if row not in select(1)] == larger + named
    assert [row.name for row in PASSES if row not in select(2)] == named
    chosen = [row.name for row in select(0, enable=["fuse-conv-bn", "eliminate-dead"])]
    assert chosen == ["eliminate-dead", "fuse-conv-bn"]
    assert "fuse-conv-bn" not in [row.name for row in select(2, disable=["fuse-conv-bn"])]


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        ({"level": 3}, "optimization level 3: there are levels 0 to 2", "say -O1"),
        ({"enable": ["fuse-bn-conv"]}, "no pass is called fuse-bn-conv", "did you mean fuse-conv-bn or fuse-norm or "),
        ({"disable": ["x"]}, "no pass is called x", "`mgeconvert optimize --list-passes` lists them"),
        (
            {"enable": ["fuse-gelu"], "disable": ["fuse-gelu"]},
            "pass fuse-gelu: both enabled and disabled",
            "say --fuse-gelu or --no-fuse-gelu",
        ),
    ],
)
def test_wrong_choices(arguments: dict[str, object], message: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        optimize(small_network(), **arguments)  # type: ignore[arg-type]
    assert caught.value.message == message
    assert caught.value.hint is not None
    assert caught.value.hint.startswith(hint)


def test_each_pass_says_what_it_did() -> None:
    graph = small_network()
    assert optimize(graph).passes == (
        PassReport("eliminate-identity", 1, "1 node removed", {"unchanged": 1}),
        PassReport("fuse-conv-bn", 3, "3 BatchNormalization folded", {"behind": 3}),
        PassReport("merge-duplicate-constants", 4, "4 constants merged", {"constants": 4}),
    )
    assert optimize(graph) == Outcome()


def test_names_and_origins_stay() -> None:
    graph = small_network()
    optimize(graph, enable=["fuse-conv-bn"], level=0)
    assert [(node.op, node.name, node.origin, node.output.name) for node in graph.nodes[:3]] == [
        ("Conv", "layer0/Conv", "layer0 (ConvBn2d)", "layer0_out"),
        ("Relu", "layer0/Relu", "layer0 (ConvBn2d)", "layer0_relu_out"),
        ("Conv", "layer1/Conv", "layer1 (ConvBn2d)", "layer1_out"),
    ]
    assert [value.name for value in graph.constants()][:3] == ["layer0.weight", "layer0.bias", "layer1.weight"]
    assert list(graph.outputs) == ["y"]


def test_new_names_are_unique() -> None:
    b = Builder()
    source = b.input("x", "float32", (1, 4, 2, 2))
    b.output("y", b.op("Add", conv_bn(b, source, "a"), b.op("Exp", source, name="a.bias")))
    optimize(b.graph)
    b.graph.check()
    assert [value.name for value in b.graph.constants()] == ["a.weight", "a.bias_1"]


def test_what_a_subgraph_reads_stays() -> None:
    b = Builder()
    inner = b.op("Identity", b.op("Neg", b.op("Neg", b.input("x", "float32", (2,)))))
    body, result = Graph("body"), Value("inner", np.dtype(np.float32), (2,))
    body.nodes.append(Node("Exp", [inner], [result], {}, "inner"))
    body.outputs["r"] = result
    output = Value("If", np.dtype(np.float32), (2,))
    attrs = {"then_branch": body, "else_branch": body}
    b.graph.nodes.append(Node("If", [b.input("c", "bool", ())], [output], attrs, "If"))  # type: ignore[arg-type]
    b.output("y", output)
    assert list(map(str, optimize(b.graph).passes)) == ["eliminate-identity: 1 node removed"]
    assert [node.op for node in b.graph.nodes] == ["Identity", "If"]
    assert b.graph.nodes[0].output is inner


def test_foreign_operators_are_left_alone() -> None:
    b = Builder()
    value = b.input("x", "float32", (2,))
    for _ in range(2):
        value = b.op("Identity", value, domain="com.example")
    b.output("y", b.op("Add", value, b.op("Relu", value, domain="com.example")))
    before = str(b.graph)
    assert optimize(b.graph, level=2) == Outcome()
    assert str(b.graph) == before


def test_a_rule_that_never_ends_is_a_bug() -> None:
    @rule("again", "Exp")
    def again(r: Rewriter, node: Node) -> Value:
        return r.op("Exp", *node.inputs)

    b = Builder()
    b.output("y", b.op("Exp", b.input("x", "float32", (2,))))
    with pytest.raises(GraphError, match="pass again does not come to an end: at Exp after"):
        optimize(b.graph, level=0, enable=[again])


def test_a_rule_that_changes_the_type_is_a_bug() -> None:
    @rule("wrong", "Exp")
    def wrong(r: Rewriter, node: Node) -> Value:
        return r.op("Cast", *node.inputs, to=10)

    b = Builder()
    b.output("y", b.op("Exp", b.input("x", "float32", (2,))))
    with pytest.raises(GraphError, match=r"Exp: Exp is float32\[2\], its replacement float16\[2\]"):
        optimize(b.graph, level=0, enable=[wrong])


def chain(length: int) -> Graph:
    """Steps that one pass or another shortens, one after the other."""
    b = Builder()
    value = b.input("x", "float32", (1, 4, 2, 2))
    steps = [
        lambda: b.op("Identity", value),
        lambda: b.op("Add", b.op("Mul", value, 1.01), 1.0),
        lambda: b.op("Transpose", value, perm=(0, 1, 3, 2)),
        lambda: b.op("Reshape", b.op("Reshape", value, [1, 16]), [1, 4, 2, 2]),
        lambda: b.op("Mul", b.op("Relu", conv_bn(b, value, "c")), 0.5),
        lambda: b.op("Add", b.op("Exp", value), b.op("Exp", value)),
        lambda: b.op("Sigmoid", value),
    ]
    for index in range(length):
        value = steps[index % len(steps)]()
    b.output("y", value)
    return b.graph


def fan(width: int) -> Graph:
    """One value with many readers, and one node with many operands."""
    b = Builder()
    source = b.input("x", "float32", (1, 4))
    terms = [b.op("Mul", b.op("Identity", source), float(index % 7 + 1)) for index in range(width)]
    b.output("y", b.op("Concat", *terms, axis=1))
    return b.graph


@pytest.mark.parametrize("build", [chain, fan])
def test_growth_is_linear(build: object) -> None:
    """Eight times the nodes take about eight times as long, not sixty-four."""

    def seconds(length: int) -> float:
        graph: Graph = build(length)  # type: ignore[operator]
        start = time.process_time()
        optimize(graph, level=2)
        return time.process_time() - start

    seconds(100)
    assert seconds(8000) < 24 * max(seconds(1000), 0.02)


MINIMAL = {
    "resnet18": {"Conv": 20, "Relu": 17, "Add": 8, "MaxPool": 1, "AveragePool": 1, "Reshape": 1, "Gemm": 1},
    "basecls_mbnetv2_x035": {"Conv": 52, "Clip": 35, "Add": 10, "GlobalAveragePool": 1, "Reshape": 1, "Gemm": 1},
    "shufflenet_v2_x0_5": {
        "Conv": 56, "Relu": 37, "Reshape": 27, "Gather": 26, "Concat": 16, "Transpose": 13, "MaxPool": 1,
        "AveragePool": 1, "Gemm": 1,
    },
    "q_shufflenet_v1_x1_0_g3_float": {
        "Conv": 52, "Relu": 33, "Reshape": 33, "Transpose": 16, "Add": 16, "MaxPool": 1, "AveragePool": 1, "Gemm": 1,
    },
    "bert_one_input_cut2": {
        "Add": 17, "MatMul": 16, "Reshape": 8, "Transpose": 8, "LayerNormalization": 5, "Gather": 2, "Div": 2,
        "Softmax": 2, "Gelu": 2, "Gemm": 1, "Tanh": 1,
    },
}  # fmt: skip
"""Nodes by operator after the default passes. bert: -O2 moves the two Div into the weights."""

FLOAT_MODELS = [*MINIMAL, "dcgan_generator_cifar", "pmrid", "retinanet_res18_coco_3x_800size"]


@pytest.mark.shared_models
@pytest.mark.parametrize("level", [1, 2])
@pytest.mark.parametrize("name", FLOAT_MODELS)
def test_float_networks(shared_models: Path, tmp_path: Path, name: str, level: int) -> None:
    graph = mgeconvert.load(shared_models / f"{name}.pkl")
    nodes, stored = len(graph.nodes), sum(value.array.nbytes for value in graph.constants())
    counts = {report.name: report.count for report in run(graph, select(level)).passes}
    graph.check()
    found = Counter(node.op for node in graph.nodes)
    print(f"{name} -O{level}: {nodes} -> {len(graph.nodes)} nodes", dict(found), counts)
    if level == 1 and name in MINIMAL:
        assert found == MINIMAL[name]
    assert not {"Identity", "Cast", "Shape", "Dropout"} & set(found)
    assert sum(value.array.nbytes for value in graph.constants()) <= stored
    printed = str(graph)
    assert not optimize(graph, level).changes
    assert str(graph) == printed
    path = tmp_path / f"{name}.onnx"
    mgeconvert.save(graph, path)
    assert mgeconvert.verify(path, shared_models / f"{name}.pkl", rtol=1e-4).passed


@pytest.mark.shared_models
@pytest.mark.parametrize("name", ["q_shufflenet_v1_x1_0_g3_int8", "q_shufflenet_v1_x1_0_g3_qat"])
def test_quantized_networks_stay_as_they_are(shared_models: Path, name: str) -> None:
    graph = mgeconvert.load(shared_models / f"{name}.pkl")
    before = [node.op for node in graph.nodes]
    done = [report.name for report in optimize(graph, level=2).passes]
    assert done == ["merge-duplicate-constants"]
    assert [node.op for node in graph.nodes] == before
