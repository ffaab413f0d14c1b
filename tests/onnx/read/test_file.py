"""The ONNX frontend: every opset means the same, official node tests, names, external data, and bad files."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from mgeconvert import registry
from mgeconvert.errors import UnsupportedError, UsageError
from mgeconvert.ir import OPSET, Graph
from mgeconvert_converters.onnx.opsets.down.driver import load_table as load_downgrades
from mgeconvert_converters.onnx.opsets.schema import newest, versions
from mgeconvert_converters.onnx.opsets.up.driver import load, load_table
from mgeconvert_converters.onnx.opsets.up.table import UPGRADES
from mgeconvert_converters.onnx.opsets.up.unchanged import UNCHANGED
from mgeconvert_converters.onnx.write.save import save
from tests.harness.operators import Op
from tests.harness.refusals import oldest_opset, params
from tests.onnx.opsets.down.test_rules import compute, unchanged_forms
from tests.onnx.write.test_save import small_graph

load_table()
load_downgrades()
FLOAT = TensorProto.FLOAT


def info(name: str, *shape: int | str | None, elem_type: int = FLOAT) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, elem_type, shape)


def model(
    nodes: list[onnx.NodeProto],
    inputs: list[onnx.ValueInfoProto],
    outputs: list[onnx.ValueInfoProto],
    opset: int = 17,
    **fields: object,
) -> onnx.ModelProto:
    constants = fields.pop("initializer", [])
    graph = helper.make_graph(nodes, "main", inputs, outputs, constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], **fields)


def loaded(proto: onnx.ModelProto) -> Graph:
    return load(io.BytesIO(proto.SerializeToString()))


@pytest.mark.parametrize("row", params("onnx, read back"))
def test_row_written_at_any_opset_is_read_back(row: Op) -> None:
    """What the backend writes for old opsets goes through the upgrade rules and gives the same numbers."""
    graph, feed = row.graph(), row.feeds
    wanted = compute(graph, feed, OPSET)
    opsets = (7, 9, 11, 13, 17, newest()) if row.op in UPGRADES else (7, newest())
    for opset in (opset for opset in opsets if opset >= oldest_opset(row)[0]):
        stream = io.BytesIO()
        save(graph, stream, opset=opset)
        stream.seek(0)
        for before, after in zip(wanted, compute(load(stream), feed, OPSET), strict=True):
            assert (after.dtype, after.shape) == (before.dtype, before.shape)
            np.testing.assert_allclose(after, before, rtol=row.rtol, atol=row.rtol, err_msg=f"opset {opset}")


def test_every_change_of_an_operator_is_decided() -> None:
    """For the way up as for the way down: each is a rule, of types only, or said to be the same, with the reason."""
    names = {schema.name for schema in onnx.defs.get_all_schemas_with_history() if schema.domain == ""}
    changes = {(name, since) for name in names for since in versions(name)[1:] if since <= OPSET}
    ruled = {(op, since) for op, rules in UPGRADES.items() for since in rules}
    wider = {key for key, reason in unchanged_forms().items() if reason == "more types"}
    counted_from_the_back = 11  # axes below zero came: what was right before still is
    same = {(op, since) for op, since in unchanged_forms() if since == counted_from_the_back}
    same |= {(op, since) for op, since in changes if since == counted_from_the_back}
    old = {
        ("Cast", 9),
        ("Max", 8),
        ("Min", 8),
        ("Sum", 8),
        ("Mean", 8),
        ("Pow", 12),
        ("Max", 12),
        ("Min", 12),
        ("Equal", 11),
    }
    old |= {
        ("Clip", 12),
        ("ScatterElements", 18),
        ("ScatterND", 18),
        ("Pad", 19),
        ("Resize", 19),
        ("OptionalGetElement", 18),
    }
    assert changes - ruled - wider - same - old - set(UNCHANGED) == set()


@pytest.mark.parametrize("opset", [7, 9, 13, 17, newest()])
def test_names_types_and_origins_survive(opset: int) -> None:
    stream = io.BytesIO()
    graph = small_graph()
    save(graph, stream, opset=opset)
    stream.seek(0)
    read = load(stream)
    assert str(read) == str(graph).replace("head/Relu", "prob")  # a value has its output's name
    assert [node.name for node in read.nodes] == [node.name for node in graph.nodes]
    assert [node.origin for node in read.nodes] == ["head (Linear)", "head (Linear)"]
    assert read.metadata == {"author": "me", "source": "small.pkl"}


def test_what_we_read_we_write_again_byte_for_byte() -> None:
    first, second = io.BytesIO(), io.BytesIO()
    save(small_graph(), first)
    first.seek(0)
    save(load(first), second)
    assert second.getvalue() == first.getvalue()


def test_weights_are_views_of_the_mapped_file(tmp_path: Path) -> None:
    weight = np.random.default_rng(0).standard_normal((64, 64)).astype(np.float32)
    node = helper.make_node("MatMul", ["x", "w"], ["y"], name="fc")
    proto = model(
        [node], [info("x", "N", 64)], [info("y", "N", 64)], initializer=[numpy_helper.from_array(weight, "w")]
    )
    path = tmp_path / "m.onnx"
    for options in ({}, {"save_as_external_data": True, "location": "w.bin", "size_threshold": 0}):
        onnx.save(proto, path, **options)
        (constant,) = load(path).constants()
        assert constant.name == "w"
        assert constant.array is not None
        assert not constant.array.flags.owndata
        np.testing.assert_array_equal(constant.array, weight)


def test_weights_in_typed_fields() -> None:
    constants = [
        helper.make_tensor("f", FLOAT, (2, 2), [1, 2, 3, 4]),
        helper.make_tensor("h", TensorProto.FLOAT16, (2,), [1.5, -2]),
        helper.make_tensor("i", TensorProto.INT64, (1,), [-1]),
        helper.make_tensor("b", TensorProto.BOOL, (2,), [True, False]),
        helper.make_tensor("q", TensorProto.INT4, (3,), [-8, 7, 1]),
        helper.make_tensor("s", TensorProto.STRING, (2,), ["a", "b"]),
    ]
    nodes = [helper.make_node("Identity", [tensor.name], ["y" + tensor.name]) for tensor in constants]
    outputs = [info("y" + tensor.name, *tensor.dims, elem_type=tensor.data_type) for tensor in constants]
    graph = loaded(model(nodes, [], outputs, 21, initializer=constants))
    arrays = [value.array for value in graph.outputs.values()]
    assert [array.tolist() for array in arrays if array is not None] == [
        [[1, 2], [3, 4]], [1.5, -2], [-1], [True, False], [-8, 7, 1], ["a", "b"],
    ]  # fmt: skip


def test_unnamed_dimensions_get_names_and_defaults_become_constants() -> None:
    node = helper.make_node("Add", ["x", "bias"], ["y"])
    bias = numpy_helper.from_array(np.ones(3, np.float32), "bias")
    proto = model([node], [info("x", None, "C", 3), info("bias", 3)], [info("y", None, "C", 3)], 8, initializer=[bias])
    graph = loaded(proto)
    assert str(graph).splitlines()[0] == "graph main (x: float32[x_0,C,3])"


def test_shape_arithmetic_of_static_shapes_is_gone() -> None:
    nodes = [
        helper.make_node("Shape", ["x"], ["s"]),
        helper.make_node("Gather", ["s", "zero"], ["n"]),
        helper.make_node("Unsqueeze", ["n"], ["n1"], axes=[0]),
        helper.make_node("Constant", [], ["rest"], value_ints=[-1]),
        helper.make_node("Concat", ["n1", "rest"], ["target"], axis=0),
        helper.make_node("Reshape", ["x", "target"], ["y"]),
    ]
    zero = numpy_helper.from_array(np.array(0), "zero")
    graph = loaded(model(nodes, [info("x", 2, 3, 4)], [info("y", 2, 12)], 12, initializer=[zero]))
    assert [node.op for node in graph.nodes] == ["Reshape"]
    assert graph.outputs["y"].shape == (2, 12)


@pytest.mark.parametrize(
    ("shape", "last", "target", "result"),
    [
        (("N", 3, 4), [-1], "[0, -1]", "N,12"),
        (("N", 3, 4), [6, 2], "[0, 6, 2]", "N,6,2"),
        ((2, 3, "L"), [-1], "[2, -1]", "2,y_1"),
    ],
)
def test_unknown_sizes_that_are_only_passed_on_leave_no_shape_arithmetic(
    shape: tuple[int | str, ...], last: list[int], target: str, result: str
) -> None:
    """x.reshape(x.shape[0], ...) as exporters write it, in pieces, with casts."""
    nodes = [
        helper.make_node("Shape", ["x"], ["s"]),
        helper.make_node("Cast", ["s"], ["s32"], to=TensorProto.INT32),
        helper.make_node("Slice", ["s32", "zero", "one"], ["n"]),
        helper.make_node("Squeeze", ["n", "zero"], ["scalar"]),
        helper.make_node("Unsqueeze", ["scalar", "zero"], ["n1"]),
        helper.make_node("Cast", ["n1"], ["n64"], to=TensorProto.INT64),
        helper.make_node("Concat", ["n64", "rest"], ["target"], axis=0),
        helper.make_node("Reshape", ["x", "target"], ["y"]),
    ]
    arrays = {"zero": [0], "one": [1], "rest": last}
    constants = [numpy_helper.from_array(np.array(array), name) for name, array in arrays.items()]
    graph = loaded(model(nodes, [info("x", *shape)], [info("y", *[None] * (len(last) + 1))], initializer=constants))
    sizes = ",".join(map(str, shape))
    assert (
        str(graph)
        == f"graph main (x: float32[{sizes}])\n  y: float32[{result}] = Reshape(x, int64({target}))\n  return y=y"
    )


def open_model() -> io.BytesIO:
    node = helper.make_node("Add", ["x", "y"], ["z"])
    proto = model([node], [info("x", "N", 3, None), info("y", "N", 3, 1)], [info("z", "N", 3, "W")])
    return io.BytesIO(proto.SerializeToString())


def test_input_shape_fixes_what_the_file_leaves_open() -> None:
    graph = load(open_model(), input_shape="x=2,3,8")
    assert str(graph).splitlines()[0] == "graph main (x: float32[2,3,8], y: float32[2,3,1])"
    assert graph.outputs["z"].shape == (2, 3, 8)


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("w=1", "w=1: the model has no input w"),
        ("xx=1,3,8", "xx=1,3,8: the model has no input xx; did you mean x?"),
        ("x=1,3", "x=1,3: 2 sizes, but x has 3"),
        ("x=1,4,8", "x=1,4,8: 4 contradicts that size 2 of x is fixed in the file as 3"),
        ("x=1,3,8;y=2,3,1", "y=2,3,1: 2 contradicts that N is 1"),
        ("x=1,3,W", "x=1,3,W: W is not a positive number"),
        ("x=1,3,", "x=1,3,: nothing is not a positive number"),
    ],
)
def test_input_shapes_that_do_not_fit(text: str, fact: str) -> None:
    with pytest.raises(UsageError) as caught:
        load(open_model(), input_shape=text)
    assert caught.value.message == f"--input-shape {fact}"


def test_sizes_that_are_computed_with_stay_in_the_graph() -> None:
    nodes = [
        helper.make_node("Shape", ["x"], ["s"]),
        helper.make_node("Mul", ["s", "two"], ["t"]),
        helper.make_node("Expand", ["x", "t"], ["y"]),
        helper.make_node("Gather", ["s", "two"], ["z"]),
    ]
    two = numpy_helper.from_array(np.array([2]), "two")
    outputs = [info("y", None, None, None), info("z", 1, elem_type=TensorProto.INT64)]
    graph = loaded(model(nodes, [info("x", "N", 1, 4)], outputs, initializer=[two]))
    assert [node.op for node in graph.nodes] == ["Shape", "Mul", "Expand"]
    assert graph.outputs["z"].array is not None
    assert graph.outputs["z"].array.tolist() == [4]


def test_a_branch_of_a_constant_condition_is_taken() -> None:
    then = helper.make_graph([helper.make_node("Relu", ["x"], ["t"])], "then", [], [info("t", 2)])
    otherwise = helper.make_graph([helper.make_node("Neg", ["x"], ["e"])], "else", [], [info("e", 2)])
    branch = helper.make_node("If", ["c"], ["y"], then_branch=then, else_branch=otherwise, name="choose")
    flag = numpy_helper.from_array(np.array(True), "c")
    graph = loaded(model([branch], [info("x", 2)], [info("y", 2)], initializer=[flag]))
    assert [node.op for node in graph.nodes] == ["Relu"]
    open_model = model([branch], [info("x", 2), info("c", elem_type=TensorProto.BOOL)], [info("y", 2)])
    assert [node.op for node in loaded(open_model).nodes] == ["If"]


def test_functions_of_the_model_are_inlined() -> None:
    body = [helper.make_node("Mul", ["a", "a"], ["b"]), helper.make_node("Relu", ["b"], ["c"])]
    opsets = [helper.make_opsetid("", 17)]
    function = helper.make_function("own", "SquareRelu", ["a"], ["c"], body, opsets)
    graph = helper.make_graph(
        [helper.make_node("SquareRelu", ["x"], ["y"], domain="own")], "g", [info("x", 2)], [info("y", 2)]
    )
    proto = helper.make_model(graph, opset_imports=[*opsets, helper.make_opsetid("own", 1)], functions=[function])
    assert [node.op for node in loaded(proto).nodes] == ["Mul", "Relu"]


def test_newer_operators_that_onnx_defines_by_older_ones_are_inlined() -> None:
    node = helper.make_node("Attention", ["q", "k", "v"], ["y"], name="attention")
    shapes = [info(name, 1, 2, 4, 8) for name in "qkv"]
    graph = loaded(model([node], shapes, [info("y", 1, 2, 4, 8)], 23))
    assert "Softmax" in {node.op for node in graph.nodes}
    rng = np.random.default_rng(0)
    feed = {name: rng.standard_normal((1, 2, 4, 8)).astype(np.float32) for name in "qkv"}
    scores = feed["q"] @ feed["k"].swapaxes(2, 3) / np.sqrt(8)
    weights = np.exp(scores) / np.exp(scores).sum(-1, keepdims=True)
    np.testing.assert_allclose(compute(graph, feed, 17)[0], weights @ feed["v"], rtol=1e-5, atol=1e-5)


def test_all_problems_are_reported_at_once() -> None:
    nodes = [
        helper.make_node("Thing", ["x"], ["t"], name="thing"),
        helper.make_node("Relu", ["t"], ["after"], name="not_reported"),
        helper.make_node("MatMul", ["x", "x"], ["m"], name="product"),
    ]
    with pytest.raises(UnsupportedError) as caught:
        loaded(model(nodes, [info("x", 2, 3)], [info("after", 2, 3)]))
    assert [
        f"{problem.scope}: {problem.op}: {problem.reason.splitlines()[0]}" for problem in caught.value.problems[:1]
    ] == ["thing: Thing: is no operator of ONNX opset 17"]
    assert [problem.scope for problem in caught.value.problems[1:]] == ["product"]


def test_the_registry_finds_it() -> None:
    frontend = registry.frontend("onnx")
    rows = {row.op: row for row in frontend.ops()}
    assert rows["Conv"].refused == ""
    assert rows["Loop"].note == rows["CumProd"].note == "passes through to ONNX"
    assert rows["If"].note == "the branch of a constant condition; else it passes through to ONNX"
