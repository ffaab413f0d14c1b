"""Branches, loops, sequences and operators of other sets stand in the graph as read and come out of it again."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

import mgeconvert
from mgeconvert.errors import BadInputError, UnsupportedError
from mgeconvert.ir import Container, Graph, captured
from mgeconvert.registry import backend
from mgeconvert_converters.onnx.opsets.up.driver import load
from mgeconvert_converters.onnx.write.save import save

FLOAT = TensorProto.FLOAT
X = np.array([[1.0, -2.0, 3.0]], np.float32)


def info(name: str, *shape: int | str, elem_type: int = FLOAT) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, elem_type, shape)


def constant(name: str, array: Any) -> onnx.TensorProto:
    return numpy_helper.from_array(np.asarray(array), name)


def model(
    nodes: Sequence[onnx.NodeProto],
    inputs: Sequence[onnx.ValueInfoProto],
    outputs: Sequence[onnx.ValueInfoProto],
    constants: Sequence[onnx.TensorProto] = (),
    opset: int = 17,
    **domains: int,
) -> onnx.ModelProto:
    graph = helper.make_graph(list(nodes), "g", list(inputs), list(outputs), list(constants))
    opsets = [helper.make_opsetid("", opset), *(helper.make_opsetid(name, number) for name, number in domains.items())]
    return helper.make_model(graph, opset_imports=opsets, ir_version=9)


def read(proto: onnx.ModelProto) -> Graph:
    return load(io.BytesIO(proto.SerializeToString()))


def computed(data: bytes, feeds: dict[str, Any]) -> list[Any]:
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    results: list[Any] = session.run(None, {name: np.asarray(array) for name, array in feeds.items()})
    return results


def branch() -> onnx.ModelProto:
    """Both branches read `m` from around them, the constant `w` is in one only."""
    then = helper.make_graph([helper.make_node("Add", ["m", "w"], ["t"])], "then", [], [info("t", 1, 3)])
    other = helper.make_graph([helper.make_node("Neg", ["m"], ["e"])], "other", [], [info("e", 1, 3)])
    nodes = [
        helper.make_node("Mul", ["x", "x"], ["m"]),
        helper.make_node("Identity", ["c"], ["d"]),
        helper.make_node("If", ["d"], ["y"], then_branch=then, else_branch=other),
    ]
    inputs = [info("x", 1, 3), info("c", elem_type=TensorProto.BOOL)]
    return model(nodes, inputs, [info("y", 1, 3)], [constant("w", np.float32([[1, 2, 3]]))])


def loop(count: str = "n") -> onnx.ModelProto:
    """y = x * 2^n, and all the powers on the way; the body reads `two` from around it."""
    nodes = [helper.make_node("Mul", ["s", "two"], ["s2"]), helper.make_node("Identity", ["k"], ["k2"])]
    inner = [info("i", elem_type=TensorProto.INT64), info("k", elem_type=TensorProto.BOOL), info("s", 1, 3)]
    results = [info("k2", elem_type=TensorProto.BOOL), info("s2", 1, 3), info("s2", 1, 3)]
    body = helper.make_graph(nodes, "body", inner, results)
    outer = [
        helper.make_node("Identity", ["t"], ["two"]),
        helper.make_node("Loop", [count, "", "x"], ["y", "all"], body=body),
    ]
    inputs = [info("x", 1, 3), info("t"), *([info("n", elem_type=TensorProto.INT64)] if count == "n" else [])]
    constants = [constant("three", np.int64(3))] if count == "three" else []
    return model(outer, inputs, [info("y", 1, 3), info("all", "N", 1, 3)], constants)


def scan() -> onnx.ModelProto:
    nodes = [helper.make_node("Add", ["s", "e"], ["s2"]), helper.make_node("Identity", ["s2"], ["o"])]
    body = helper.make_graph(nodes, "body", [info("s"), info("e")], [info("s2"), info("o")])
    node = helper.make_node("Scan", ["zero", "x"], ["last", "sums"], num_scan_inputs=1, body=body)
    return model([node], [info("x", 5)], [info("last"), info("sums", 5)], [constant("zero", np.float32(0))])


def sequence() -> onnx.ModelProto:
    nodes = [
        helper.make_node("SequenceConstruct", ["x", "y"], ["s"]),
        helper.make_node("SequenceInsert", ["s", "x"], ["s3"]),
        helper.make_node("ConcatFromSequence", ["s3"], ["z"], axis=0),
        helper.make_node("SequenceLength", ["s3"], ["n"]),
    ]
    inputs = [info("x", 1, 3), info("y", 2, 3)]
    return model(nodes, inputs, [info("z", 4, 3), info("n", elem_type=TensorProto.INT64)])


FEEDS: dict[str, tuple[onnx.ModelProto, dict[str, Any]]] = {
    "then": (branch(), {"x": X, "c": np.array(True)}),
    "else": (branch(), {"x": X, "c": np.array(False)}),
    "loop": (loop(), {"x": X, "t": np.float32(2), "n": np.int64(4)}),
    "loop no turn": (loop(), {"x": X, "t": np.float32(2), "n": np.int64(0)}),
    "loop of a constant": (loop("three"), {"x": X, "t": np.float32(2)}),
    "scan": (scan(), {"x": np.arange(5, dtype=np.float32)}),
    "sequence": (sequence(), {"x": X, "y": np.ones((2, 3), np.float32)}),
}


@pytest.mark.parametrize("name", FEEDS)
@pytest.mark.parametrize("opset", [13, 17, 21])
def test_onnx_to_onnx_computes_the_same(name: str, opset: int) -> None:
    proto, feeds = FEEDS[name]
    graph = read(proto)
    mgeconvert.optimize(graph, target="onnx")
    graph.check()
    stream = io.BytesIO()
    save(graph.copy(), stream, opset=opset)
    onnx.checker.check_model(stream.getvalue(), full_check=True)
    for found, wanted in zip(
        computed(stream.getvalue(), feeds), computed(proto.SerializeToString(), feeds), strict=True
    ):
        np.testing.assert_array_equal(found, wanted)


def test_what_a_body_reads_is_alive() -> None:
    graph = read(branch())
    (node,) = [node for node in graph.nodes if node.op == "If"]
    assert {value.name for value in captured(node)} == {"m", "w"}
    assert graph.use_counts()[graph.producers().keys().__iter__().__next__()] == 2
    graph.remove_dead_nodes()
    assert [node.op for node in graph.nodes] == ["Mul", "Identity", "If"]
    assert [value.name for value in graph.constants()] == ["w"]


def test_a_copy_has_bodies_of_its_own() -> None:
    graph = read(branch())
    copy = graph.copy()
    copy.check()
    assert not set(copy.values()) & set(graph.values())
    assert {value.name for value in captured(copy.nodes[-1])} == {"m", "w"}
    assert not set(captured(copy.nodes[-1])) & set(captured(graph.nodes[-1]))


def test_a_replaced_value_is_replaced_in_bodies() -> None:
    graph = read(branch())
    multiplied = graph.nodes[0].output
    graph.replace({multiplied: graph.inputs["x"]})
    assert graph.inputs["x"] in set(captured(graph.nodes[-1]))
    graph.remove_dead_nodes()
    assert [node.op for node in graph.nodes] == ["Identity", "If"]


def test_other_targets_refuse_by_name() -> None:
    found = {problem.op for problem in backend("tflite").problems(read(loop()))}
    assert "Loop" in found
    assert {problem.op for problem in backend("caffe").problems(read(branch()))} >= {"If"}


def test_sequences_have_a_type() -> None:
    graph = read(sequence())
    made = graph.nodes[0].output
    assert isinstance(made.container, Container)
    assert made.type_text.startswith("sequence(float32")
    assert graph.outputs["z"].dtype == np.float32


def test_operators_of_other_sets_keep_their_version() -> None:
    node = helper.make_node("Own", ["x"], ["y"], domain="my", size=3, text="a", numbers=[1.5])
    stream = io.BytesIO()
    save(read(model([node], [info("x", 2)], [info("y", 2)], my=4)), stream)
    again = onnx.load_model_from_string(stream.getvalue())
    assert {item.domain: item.version for item in again.opset_import} == {"": 17, "my": 4}
    (kept,) = again.graph.node
    assert (kept.op_type, kept.domain) == ("Own", "my")
    assert {a.name: helper.get_attribute_value(a) for a in kept.attribute} == {
        "size": 3,
        "text": b"a",
        "numbers": [1.5],
    }


def test_operators_of_a_newer_opset_pass_through() -> None:
    node = helper.make_node("CumProd", ["x", "axis"], ["y"])
    proto = model([node], [info("x", 3)], [info("y", 3)], [constant("axis", np.int64(0))], opset=26)
    graph = read(proto)
    assert graph.outputs["y"].type_text == "float32[3]"
    stream = io.BytesIO()
    save(graph, stream)
    assert [item.version for item in onnx.load_model_from_string(stream.getvalue()).opset_import] == [26]
    with pytest.raises(UnsupportedError, match="CumProd: needs opset 26; say --opset 26"):
        save(graph, io.BytesIO(), opset=17)


def test_nodes_in_any_order() -> None:
    nodes = [helper.make_node("Relu", ["a"], ["y"]), helper.make_node("Neg", ["x"], ["a"])]
    assert [node.op for node in read(model(nodes, [info("x", 2)], [info("y", 2)])).nodes] == ["Neg", "Relu"]


@pytest.mark.parametrize(
    ("nodes", "fact"),
    [
        ([("Neg", "x", "y"), ("Relu", "x", "y")], "y is computed twice; a value has one node that computes it"),
        ([("Neg", "x", "x")], "x is computed twice; a value has one node that computes it"),
        ([("Neg", "b", "a"), ("Relu", "a", "b"), ("Abs", "b", "y")], "a reads what it computes itself, through other"),
    ],
)
def test_nodes_that_have_no_order(nodes: list[tuple[str, str, str]], fact: str) -> None:
    protos = [helper.make_node(op, [before], [after]) for op, before, after in nodes]
    with pytest.raises(BadInputError) as caught:
        read(model(protos, [info("x", 2)], [info("y", 2)]))
    assert caught.value.message.startswith(f"standard input: {fact}")


@pytest.mark.parametrize(
    ("bodies", "fact"),
    [
        ({"F": ["F"]}, "function F of own calls itself; a function may only call others"),
        ({"F": ["G"], "G": ["H"], "H": ["F"]}, "function F of own calls itself; a function may only call others"),
        (
            {f"F{level}": [f"F{level + 1}"] * 10 if level < 7 else ["Relu"] for level in range(8)},
            "its functions become 10000000 nodes, more than the 1000000 that are read",
        ),
    ],
)
def test_functions_that_cannot_be_inlined(bodies: dict[str, list[str]], fact: str) -> None:
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("own", 1)]
    functions = []
    for name, calls in bodies.items():
        names = ["a", *(f"v{index}" for index in range(len(calls) - 1)), "b"]
        nodes = [
            helper.make_node(op, [names[index]], [names[index + 1]], domain="own" if op in bodies else "")
            for index, op in enumerate(calls)
        ]
        functions.append(helper.make_function("own", name, ["a"], ["b"], nodes, opsets))
    first = helper.make_node(next(iter(bodies)), ["x"], ["y"], domain="own")
    graph = helper.make_graph([first], "g", [info("x", 2)], [info("y", 2)])
    with pytest.raises(BadInputError) as caught:
        read(helper.make_model(graph, opset_imports=opsets, functions=functions))
    assert caught.value.message == f"standard input: {fact}"


def test_sparse_tensors() -> None:
    values = constant("w", np.float32([5, 7]))
    sparse = helper.make_sparse_tensor(values, constant("", np.int64([[0, 1], [1, 2]])), [2, 3])
    graph = helper.make_graph(
        [helper.make_node("Add", ["x", "w"], ["y"])],
        "g",
        [info("x", 2, 3)],
        [info("y", 2, 3)],
        sparse_initializer=[sparse],
    )
    (weights,) = read(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])).constants()
    assert weights.array is not None
    assert weights.array.tolist() == [[0, 5, 0], [0, 0, 7]]


def test_sparse_tensors_that_do_not_fit() -> None:
    sparse = helper.make_sparse_tensor(constant("w", np.float32([5])), constant("", np.int64([9])), [2, 3])
    graph = helper.make_graph(
        [helper.make_node("Add", ["x", "w"], ["y"])],
        "g",
        [info("x", 2, 3)],
        [info("y", 2, 3)],
        sparse_initializer=[sparse],
    )
    with pytest.raises(BadInputError) as caught:
        read(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]))
    assert caught.value.message == "standard input: tensor w: its indices do not fit its shape [2, 3]"


def test_each_question_mark_is_a_size_of_its_own() -> None:
    proto = model(
        [helper.make_node("Relu", ["x"], ["y"])], [info("x", "?", 3, "?", "?")], [info("y", "?", 3, "?", "?")]
    )
    graph = load(io.BytesIO(proto.SerializeToString()), input_shape="x=1,3,48,192")
    assert graph.inputs["x"].shape == (1, 3, 48, 192)


def test_inputs_without_a_shape() -> None:
    bare = onnx.ValueInfoProto(name="x")
    bare.type.tensor_type.elem_type = FLOAT
    data = model([helper.make_node("Relu", ["x"], ["y"])], [bare], [info("y", "a", "b")]).SerializeToString()
    assert load(io.BytesIO(data)).inputs["x"].shape is None
    assert load(io.BytesIO(data), input_shape="x=2,3").outputs["y"].shape == (2, 3)


def test_a_file_that_its_runtime_lacks_is_written(tmp_path: Path) -> None:
    """onnxruntime has no operators of somebody's own set: neither the source nor the file is run, and that is said."""
    proto = model([helper.make_node("Mystery", ["x"], ["y"], domain="my")], [info("x", 1, 3)], [info("y", 1, 3)], my=1)
    source, written = tmp_path / "m.onnx", tmp_path / "out.onnx"
    source.write_bytes(proto.SerializeToString())
    report = mgeconvert.convert(source, written, verify=True)
    assert written.is_file()
    assert report.verification is not None
    assert report.verification.method == "none"
    assert report.verification.reason.startswith(f"its source is not run either: {source}: onnxruntime cannot load it")
