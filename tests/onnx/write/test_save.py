"""The ONNX writer: names, types, bytes, external data, and what onnxruntime and the checker say of the files."""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path

import ml_dtypes
import numpy as np
import onnx
import pytest

from mgeconvert.errors import BadInputError, MgeconvertError, MissingDependencyError, UnsupportedError, UsageError
from mgeconvert.ir import Graph, Node, Value
from mgeconvert.ir.builder import Builder
from mgeconvert.ir.scopes import Scope
from mgeconvert.version import VERSION
from mgeconvert_converters.onnx import BACKEND
from mgeconvert_converters.onnx.opsets.schema import newest
from mgeconvert_converters.onnx.run import run
from mgeconvert_converters.onnx.write.save import problems, save


def small_graph() -> Graph:
    """relu(x @ w) with a dynamic batch."""
    builder = Builder(Graph(metadata={"source": "small.pkl", "author": "me"}))
    x = builder.input("data", np.float32, ("N", 3))
    builder.enter(Scope("head", "Linear"))
    w = builder.constant(np.arange(6, dtype=np.float32).reshape(3, 2) - 2, name="head.weight")
    builder.output("prob", builder.op("Relu", builder.op("MatMul", x, w)))
    return builder.graph


def written(graph: Graph, **options: int) -> onnx.ModelProto:
    stream = io.BytesIO()
    save(graph, stream, **options)
    model = onnx.load_from_string(stream.getvalue())
    onnx.checker.check_model(model, full_check=True)
    return model


def one_output(*arrays: np.ndarray) -> Graph:
    """A graph whose outputs are constants."""
    graph = Graph()
    for index, array in enumerate(arrays):
        graph.outputs[f"y{index}"] = Value(f"c{index}", array=array)
    return graph


def test_model_fields() -> None:
    model = written(small_graph())
    assert (model.producer_name, model.producer_version, model.ir_version) == ("mgeconvert", VERSION, 8)
    assert [(item.domain, item.version) for item in model.opset_import] == [("", 17)]
    assert [(item.key, item.value) for item in model.metadata_props] == [("author", "me"), ("source", "small.pkl")]
    assert [node.op_type for node in model.graph.node] == ["MatMul", "Relu"]
    assert [node.doc_string for node in model.graph.node] == ["head (Linear)"] * 2
    assert [tensor.name for tensor in model.graph.initializer] == ["head.weight"]
    batch, channels = model.graph.input[0].type.tensor_type.shape.dim
    assert (model.graph.input[0].name, batch.dim_param, channels.dim_value) == ("data", "N", 3)
    assert [info.name for info in model.graph.output] == ["prob"]
    assert [info.name for info in model.graph.value_info] == [model.graph.node[0].output[0]]


@pytest.mark.parametrize("opset", [7, 8, 9, 13, 17, 21, newest()])
def test_every_opset_is_written(opset: int) -> None:
    model = written(small_graph(), opset=opset)
    assert model.opset_import[0].version == opset


def test_same_graph_same_bytes() -> None:
    first, second = io.BytesIO(), io.BytesIO()
    save(small_graph(), first)
    save(small_graph(), second)
    assert first.getvalue() == second.getvalue()


def test_the_graph_is_not_changed() -> None:
    graph = small_graph()
    before = str(graph)
    written(graph, opset=7)
    assert str(graph) == before


def test_public_names_win_over_value_names() -> None:
    """An interior value called like an output, an input renamed, one value under two names, an input and a constant
    as outputs."""
    graph = Graph()
    x = Value("internal", np.dtype(np.float32), (2,))
    graph.inputs["x"] = x
    clash, result = Value("y", np.dtype(np.float32), (2,)), Value("z", np.dtype(np.float32), (2,))
    graph.nodes = [Node("Neg", [x], [clash], name="n"), Node("Abs", [clash], [result], name="n")]
    graph.outputs = {"y": result, "again": result, "same": x, "x": x, "c": Value("c", array=np.ones(1, np.float32))}
    model = written(graph)
    assert [info.name for info in model.graph.input] == ["x"]
    assert [info.name for info in model.graph.output] == ["y", "again", "same", "x", "c"]
    assert [node.name for node in model.graph.node if node.name] == ["n", "n_1"]
    lines = [f"{node.op_type} {node.input[0]} {node.output[0]}" for node in model.graph.node]
    assert lines == ["Neg x y_1", "Abs y_1 y", "Identity y again", "Identity x same", "Identity c_1 c"]


def test_an_output_called_like_another_input_is_renamed() -> None:
    graph = Graph()
    x = Value("x", np.dtype(np.float32), (2,))
    y = Value("y", np.dtype(np.float32), (2,))
    graph.inputs, graph.outputs = {"x": x}, {"x": y}
    graph.nodes = [Node("Relu", [x], [y])]
    assert [info.name for info in written(graph).graph.output] == ["x_1"]


ARRAYS = [
    np.array([1.5, -2, np.nan], np.float32),
    np.array([1.5, -2], np.float64),
    np.array([1.5, -2], np.float16),
    np.array([1.5, -2], ml_dtypes.bfloat16),
    np.array([1.5, -2], ml_dtypes.float8_e4m3fn),
    np.array([1.5, -2], ml_dtypes.float8_e5m2),
    np.array([-8, 7, 3], ml_dtypes.int4),
    np.array([15, 1, 2, 3], ml_dtypes.uint4),
    np.array([True, False, True]),
    np.array([1, 255], np.uint8),
    np.array([-1, 127], np.int8),
    np.array([-300, 300], np.int16),
    np.array([65535], np.uint16),
    np.array([-(2**31)], np.int32),
    np.array([-(2**63), 2**63 - 1]),
    np.array([2**64 - 1], np.uint64),
    np.array([2**32 - 1], np.uint32),
    np.array([1 + 2j], np.complex64),
    np.array(["häß", ""], object),
    np.array(["text"]),
    np.array(3.5, np.float32),
    np.zeros((0, 3), np.float32),
    np.arange(6, dtype=">f4").reshape(2, 3),
    np.arange(24, dtype=np.int32).reshape(2, 3, 4).transpose(2, 0, 1),
    np.arange(10, dtype=np.int16)[::-2],
    np.broadcast_to(np.float32(7), (3, 4)),
]


@pytest.mark.parametrize("array", ARRAYS, ids=lambda array: f"{array.dtype}{array.shape}")
def test_constants_of_every_type_and_layout(array: np.ndarray) -> None:
    (tensor,) = written(one_output(array), opset=21).graph.initializer
    assert not tensor.float_data
    assert not tensor.int32_data
    read = onnx.numpy_helper.to_array(tensor)
    assert read.shape == array.shape
    assert read.dtype.name == (array.dtype.name if array.dtype.kind != "U" else "object")
    assert read.ravel().tolist() == pytest.approx(array.ravel().tolist(), nan_ok=True)


def test_attributes_get_the_type_of_the_schema() -> None:
    """An integer for a float attribute, an empty list, text, a tensor."""
    graph = Graph()
    x = graph.inputs["x"] = Value("x", np.dtype(np.float32), (2, 1))
    values = [Value(f"v{index}", np.dtype(np.float32), (2, 1)) for index in range(3)]
    shape = Value("shape", array=np.array([2, 1]))
    filled = {"value": np.array([3], np.float32)}
    graph.nodes = [
        Node("LeakyRelu", [x], [values[0]], {"alpha": 1}),
        Node("Gelu", [values[0]], [values[1]], {"approximate": "tanh"}),
        Node("ConstantOfShape", [shape], [values[2]], filled),
    ]
    graph.outputs = {"y": values[1], "z": values[2]}
    attributes = [node.attribute[0] for node in written(graph, opset=20).graph.node]
    kinds = onnx.AttributeProto
    assert [attribute.type for attribute in attributes] == [kinds.FLOAT, kinds.STRING, kinds.TENSOR]
    assert attributes[0].f == 1.0


def test_subgraphs_see_outer_values_and_constants(tmp_path: Path) -> None:
    def branch(name: str, value: Value, op: str, other: Value) -> Graph:
        result = Value("result", np.dtype(np.float32), (2,))
        return Graph(name, {}, {"out": result}, [Node(op, [value, other], [result], name="node")])

    graph = Graph()
    x = graph.inputs["x"] = Value("x", np.dtype(np.float32), (2,))
    condition = graph.inputs["condition"] = Value("condition", np.dtype(bool), ())
    y = Value("y", np.dtype(np.float32), (2,))
    shared = Value("shared", array=np.full(2, 10, np.float32))
    attrs = {"then_branch": branch("then", x, "Add", shared), "else_branch": branch("else", x, "Mul", shared)}
    graph.nodes = [Node("If", [condition], [y], attrs)]
    graph.outputs["y"] = y
    path = tmp_path / "if.onnx"
    for opset in (11, 17, 21):
        save(graph, path, opset=opset)
        onnx.checker.check_model(path, full_check=True)
        feed = {"x": np.array([1, 2], np.float32), "condition": np.array(False)}
        assert run(path, feed)["y"].tolist() == [10, 20]


def test_external_data(tmp_path: Path) -> None:
    builder = Builder(Graph())
    x = builder.input("x", np.float32, (2, 50))
    weights = [np.random.default_rng(seed).standard_normal((50, 50)).astype(np.float32) for seed in (0, 1)]
    for weight in weights:
        x = builder.op("MatMul", x, weight)
    builder.output("y", builder.op("Add", x, np.ones(50, np.float32)))
    path = tmp_path / "m.onnx"
    files = save(builder.graph, path, external_data=True)
    data_file = files[1]
    assert files == [path, data_file]
    assert re.fullmatch(r"m\.onnx\.[0-9a-f]{16}\.data", data_file.name)
    model = onnx.load(path, load_external_data=False)
    places = [{entry.key: entry.value for entry in tensor.external_data} for tensor in model.graph.initializer]
    assert places == [
        {"location": data_file.name, "offset": "0", "length": "10000"},
        {"location": data_file.name, "offset": "12288", "length": "10000"},
        {},
    ]
    assert data_file.stat().st_size == 22288
    onnx.checker.check_model(path, full_check=True)
    data = np.ones((2, 50), np.float32)
    np.testing.assert_allclose(run(path, {"x": data})["y"], data @ weights[0] @ weights[1] + 1, rtol=1e-4, atol=1e-4)
    assert sorted(item.name for item in tmp_path.iterdir()) == ["m.onnx", data_file.name]


def test_a_model_over_two_gigabytes_gets_external_data(tmp_path: Path) -> None:
    """Its one big constant takes no memory while it is written: all rows are the same row."""
    rows = (1 << 31) // 4096 + 1
    table = np.broadcast_to(np.float32(0.5), (rows, 1024))
    builder = Builder(Graph())
    index = builder.input("index", np.int64, (2,))
    builder.output("y", builder.op("Gather", Value("table", array=table), index))
    path = tmp_path / "big.onnx"
    try:
        main, data = save(builder.graph, path)
        assert main == path
        assert path.stat().st_size < 1000
        assert data.stat().st_size == table.size * 4 > 1 << 31
        onnx.checker.check_model(path)
        result = run(path, {"index": np.array([0, rows - 1])}, optimize=False)["y"]
        assert (result.shape, result.min(), result.max()) == ((2, 1024), 0.5, 0.5)
    finally:
        for left in tmp_path.glob("big.onnx.*.data"):
            left.unlink()


def test_external_data_needs_a_file_name() -> None:
    with pytest.raises(UsageError) as caught:
        save(small_graph(), io.BytesIO(), external_data=True)
    assert caught.value.message == (
        "standard output: a model with external data is two files and cannot be written to a stream"
    )
    assert caught.value.hint == "name a file with -o"


@pytest.mark.parametrize("opset", [6, newest() + 1])
def test_opsets_that_cannot_be_written(opset: int) -> None:
    with pytest.raises(UsageError) as caught:
        save(small_graph(), io.BytesIO(), opset=opset)
    assert caught.value.message == f"opset {opset}: ONNX is written at opset 7 to {newest()}"
    assert caught.value.hint == "say --opset 17"


def test_all_operators_that_an_opset_lacks_are_reported_at_once(tmp_path: Path) -> None:
    builder = Builder(Graph())
    x = builder.input("x", np.float32, (1, 3, 8, 8))
    builder.enter(Scope.read("wrap (Mod)"), builder.prefix)
    y = builder.op("Mod", x, np.array(2, np.float32), fmod=1)
    builder.enter(Scope.read("sum (CumSum)"), builder.prefix)
    y = builder.op("CumSum", y, np.array(1))
    builder.enter(Scope.read("own (Thing)"), builder.prefix)
    y = builder.op("Thing", y, domain="mgeconvert")
    y.dtype, y.shape = np.dtype(np.float32), (1, 3, 4, 4)
    builder.output("y", y)
    path = tmp_path / "m.onnx"
    path.write_bytes(b"old")
    with pytest.raises(UnsupportedError) as caught:
        save(builder.graph, path, opset=9)
    assert caught.value.message == "\n".join(
        [
            "cannot export to onnx opset 9: 3 operators not supported",
            "  wrap (Mod): Mod: needs opset 10; say --opset 10",
            "  sum (CumSum): CumSum: needs opset 11; say --opset 11",
            "  own (Thing): Thing: operator set mgeconvert has no definition in ONNX",
        ]
    )
    assert problems(builder.graph, opset=9) == list(caught.value.problems)
    assert path.read_bytes() == b"old"


def test_unwritable_outputs_leave_the_old_file(tmp_path: Path) -> None:
    missing = tmp_path / "nowhere" / "m.onnx"
    with pytest.raises(MgeconvertError) as caught:
        save(small_graph(), missing)
    assert caught.value.message == f"{missing}: cannot be written: the folder {missing.parent} does not exist"
    with pytest.raises(MgeconvertError) as caught:
        save(small_graph(), tmp_path)
    assert caught.value.message == f"{tmp_path}: cannot be written: it is a folder"
    path = tmp_path / "m.onnx"
    path.write_bytes(b"old")
    assert path.read_bytes() == b"old"


def test_run_says_what_is_wrong_with_its_inputs(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    save(small_graph(), path)
    with pytest.raises(UsageError) as caught:
        run(path, {"image": np.zeros((1, 3), np.float32)})
    assert caught.value.message == f"{path}: no array for data; no input named image; the model's inputs are data"
    with pytest.raises(BadInputError) as wrong_type:
        run(path, {"data": np.zeros((1, 3))})
    assert wrong_type.value.message.startswith(f"{path}: onnxruntime cannot compute it: ")
    path.write_bytes(b"not a model")
    with pytest.raises(BadInputError) as not_a_model:
        run(path, {})
    assert not_a_model.value.message.startswith(f"{path}: onnxruntime cannot load it: ")
    with pytest.raises(BadInputError) as missing:
        run(tmp_path / "no.onnx", {})
    assert missing.value.message == f"{tmp_path / 'no.onnx'}: there is no such file"


def test_support_table_lists_every_operator_once() -> None:
    rows = {row.op: row for row in BACKEND.ops()}
    assert len(rows) == len(BACKEND.ops())
    assert rows["Conv"].note == ""
    assert rows["Einsum"].note == "opset 12 or newer"
    assert rows["Gelu"].note == "opset 20 or newer, rewritten for older ones"


@pytest.mark.parametrize("nodes", [50_000])
def test_long_chains_are_quick(nodes: int) -> None:
    import time

    graph = Graph()
    value = graph.inputs["x"] = Value("x", np.dtype(np.float32), (1, 8))
    for index in range(nodes):
        result = Value(f"v{index}", value.dtype, value.shape)
        graph.nodes.append(
            Node("LeakyRelu", [value], [result], {"alpha": 0.1}, f"n{index}", Scope(f"layer{index}", "Relu"))
        )
        value = result
    graph.outputs["y"] = value
    started = time.process_time()
    save(graph, io.BytesIO())
    assert time.process_time() - started < 5


def test_without_onnxruntime_run_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(MissingDependencyError) as caught:
        run(tmp_path / "m.onnx", {})
    assert caught.value.message.startswith("onnxruntime cannot be imported (")
    assert caught.value.hint == "pip install onnxruntime"
