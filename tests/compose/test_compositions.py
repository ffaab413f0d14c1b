"""Each composition computes what onnxruntime computes for the operator itself."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import ml_dtypes
import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import helper, numpy_helper

from mgeconvert.compose.driver import composed, load_table
from mgeconvert.compose.table import COMPOSITIONS, compose
from mgeconvert.ir import Graph
from mgeconvert.ir.builder import Builder
from mgeconvert.ir.families import ONNX
from mgeconvert.registry import backend
from mgeconvert_converters.onnx.opsets.up.driver import load
from mgeconvert_converters.onnx.write.save import save
from tests.compose.newer_rows import NEWER
from tests.compose.rows import MS, ROWS, f, normal, whole
from tests.onnx.test_passing_through import loop, scan, sequence

load_table()


def source(
    key: str, arrays: Sequence[np.ndarray | None], attrs: dict[str, Any], outputs: int, opset: int = 19
) -> onnx.ModelProto:
    """The operator alone: the first operand is an input of the model, the others are constants."""
    domain, _, op = key.rpartition(".")
    names = ["" if array is None else f"i{index}" for index, array in enumerate(arrays)]
    first = next(index for index, array in enumerate(arrays) if array is not None and array.size > 1)
    results = [f"o{index}" for index in range(outputs)]
    node = helper.make_node(op, names, results, domain=domain, **attrs)
    array = arrays[first]
    assert array is not None
    given = helper.make_tensor_value_info(names[first], helper.np_dtype_to_tensor_dtype(array.dtype), array.shape)
    constants = [
        numpy_helper.from_array(np.asarray(each), name)
        for index, (each, name) in enumerate(zip(arrays, names, strict=True))
        if each is not None and index != first
    ]
    graph = helper.make_graph([node], "g", [given], [onnx.ValueInfoProto(name=name) for name in results], constants)
    opsets = [helper.make_opsetid("", opset), helper.make_opsetid(MS, 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=9)


def computed(data: bytes, array: np.ndarray) -> list[Any]:
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    results: list[Any] = session.run(None, {session.get_inputs()[0].name: array})
    return results


def written(graph: Graph) -> bytes:
    stream = io.BytesIO()
    save(graph, stream)
    return stream.getvalue()


FORMS = {"ArgMax", "ArgMin", "MaxPool"}
"""Composed of another form of themselves."""


OPSETS = {"CausalConvWithState": 27, "CumProd": 26, "LinearAttention": 27, "TensorScatter": 24}
"""Operators of still newer opsets."""
NEWER_OPERATORS = {key for key, *_ in NEWER}


@pytest.mark.parametrize(("key", "arrays", "attrs", "outputs"), [*ROWS, *NEWER], ids=lambda item: str(item)[:40])
def test_a_composition_computes_the_same(
    key: str, arrays: list[np.ndarray | None], attrs: dict[str, Any], outputs: int
) -> None:
    proto = source(key, arrays, attrs, outputs, OPSETS.get(key, 23 if key in NEWER_OPERATORS else 19))
    graph = load(io.BytesIO(proto.SerializeToString()))
    made = composed(graph, frozenset())
    made.check()
    assert key.rpartition(".")[2] not in {node.op for node in made.nodes if bool(node.domain) == ("." in key)} - FORMS
    array = next(each for each in arrays if each is not None and each.size > 1)
    wanted = computed(proto.SerializeToString(), array)
    for found, want in zip(computed(written(made), array), wanted, strict=True):
        assert (found.dtype, found.shape) == (want.dtype, want.shape)
        if found.dtype.kind == "f":
            np.testing.assert_allclose(found, want, rtol=2e-5, atol=2e-5)
        else:
            assert np.abs(found.astype(np.int64) - want.astype(np.int64)).max() <= (key != "MatMulInteger")


@pytest.mark.parametrize(
    ("proto", "feeds"),
    [
        (loop("three"), {"x": normal(1, 3), "t": np.float32(2)}),
        (scan(), {"x": normal(5)}),
        (sequence(), {"x": normal(1, 3), "y": normal(2, 3)}),
    ],
    ids=["loop", "scan", "sequence"],
)
def test_what_is_known_is_laid_out(proto: onnx.ModelProto, feeds: dict[str, np.ndarray]) -> None:
    made = composed(load(io.BytesIO(proto.SerializeToString())), frozenset())
    made.check()
    assert not {node.op for node in made.nodes} & {"Loop", "Scan", "SequenceConstruct", "ConcatFromSequence"}
    feeds = {name: np.asarray(array) for name, array in feeds.items()}
    wanted = onnxruntime.InferenceSession(proto.SerializeToString()).run(None, feeds)
    for found, want in zip(onnxruntime.InferenceSession(written(made)).run(None, feeds), wanted, strict=True):
        np.testing.assert_allclose(found, want, rtol=1e-6)


@pytest.mark.parametrize("directions", [1, 2])
def test_a_quantized_lstm_is_one_of_dequantized_weights(directions: int) -> None:
    """onnxruntime rounds the activations of each step to eight bits too: its numbers are near, not equal."""
    bits = whole(0, 256, directions, 4, 20), whole(0, 256, directions, 5, 20)
    scales, zeros = np.float32([0.004, 0.003][:directions]), np.uint8([120, 131][:directions])
    x, bias = normal(3, 2, 4), normal(directions, 40) / 10
    attrs = {"hidden_size": 5, "direction": ("forward", "bidirectional")[directions - 1]}
    rest = [bias, None, None, None, None]
    proto = source(f"{MS}.DynamicQuantizeLSTM", [x, *bits, *rest, scales, zeros, scales, zeros], attrs, 3)
    made = composed(load(io.BytesIO(proto.SerializeToString())), {"LSTM"})
    assert [node.op for node in made.nodes] == ["LSTM"]
    found = computed(written(made), x)
    shift, factor = zeros.astype(np.float32)[:, None, None], scales[:, None, None]
    real = [((one.astype(np.float32) - shift) * factor).transpose(0, 2, 1).copy() for one in bits]
    exact = computed(source("LSTM", [x, *real, bias], attrs, 3).SerializeToString(), x)
    near = computed(proto.SerializeToString(), x)
    for one, want, rounded in zip(found, exact, near, strict=True):
        np.testing.assert_allclose(one, want, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(one, rounded, rtol=0, atol=0.02)


@pytest.mark.parametrize(
    ("channels_last", "skip"), [(0, None), (1, None), (1, (2, 3, 4, 6)), (1, (2, 6)), (1, (2, 1, 1, 6))]
)
def test_groups_are_normalized_as_the_definition_says(channels_last: int, skip: tuple[int, ...] | None) -> None:
    """onnxruntime has these two for graphics cards only: the truth is onnxruntime/docs/ContribOperators.md."""
    x, gamma, beta = normal(2, 3, 4, 6), normal(6), normal(6)
    rest = [] if skip is None else [normal(*skip), normal(6)]
    given = x if channels_last else np.ascontiguousarray(x.transpose(0, 3, 1, 2))
    attrs = {"groups": 2, "activation": channels_last, "epsilon": 0.01, "channels_last": channels_last}
    proto = source(
        f"{MS}.{'SkipGroupNorm' if skip else 'GroupNorm'}", [given, gamma, beta, *rest], attrs, 2 if skip else 1
    )
    found = computed(
        written(composed(load(io.BytesIO(proto.SerializeToString())), frozenset(["GroupNormalization"]))), given
    )
    total = x + (rest[0].reshape(2, -1, 1, 6) if rest and rest[0].ndim == 2 else rest[0]) + rest[1] if rest else x
    grouped = total.reshape(2, 3, 4, 2, 3).astype(np.float64)
    mean, variance = grouped.mean((1, 2, 4), keepdims=True), grouped.var((1, 2, 4), keepdims=True)
    wanted = ((grouped - mean) / np.sqrt(variance + 0.01)).reshape(x.shape) * gamma + beta
    wanted = wanted / (1 + np.exp(-wanted)) if channels_last else wanted.transpose(0, 3, 1, 2)
    for one_, want in zip(found, [wanted, total], strict=False):
        assert (one_.dtype, one_.shape) == (np.float32, want.shape)
        np.testing.assert_allclose(one_, want, rtol=1e-5, atol=1e-5)


def test_a_target_that_has_the_operator_keeps_it() -> None:
    graph = load(io.BytesIO(source("Hardmax", [normal(2, 3)], {}, 1).SerializeToString()))
    assert composed(graph, {"Hardmax"}) is graph
    assert [node.op for node in composed(graph, frozenset()).nodes] == ["ArgMax", "OneHot"]
    assert [node.op for node in graph.nodes] == ["Hardmax"]


def test_parts_without_elements() -> None:
    b = Builder(Graph())
    x = b.input("x", np.float32, (2, 3))
    empty, whole_, part = b.ops("Split", 3, x, [0, 2, 1], axis=1)
    b.output("y", b.op("Concat", whole_, empty, part, axis=1))
    b.output("z", b.op("Concat", x, empty, axis=1))
    b.output("n", empty)
    made = composed(b.graph, {"Concat", "Split"})
    made.check()
    assert [node.op for node in made.nodes] == ["Split", "Concat", "Identity"]
    assert [len(node.outputs) for node in made.nodes] == [2, 1, 1]
    assert made.outputs["n"].array is not None
    assert made.outputs["n"].shape == (2, 0)
    array = normal(2, 3)
    found = computed(written(made), array)
    np.testing.assert_array_equal(found[0], array)
    np.testing.assert_array_equal(found[1], array)


@pytest.mark.parametrize(("op", "wanted"), [("ReduceSum", 0), ("ReduceProd", 1), ("ReduceL2", 0)])
def test_reductions_of_nothing(op: str, wanted: float) -> None:
    b = Builder(Graph())
    x = b.input("x", np.float32, (2, 0, 3))
    b.output("y", b.op(op, x, [1], keepdims=0))
    (output,) = composed(b.graph, {op}).outputs.values()
    assert output.array is not None
    np.testing.assert_array_equal(output.array, np.full((2, 3), wanted, np.float32))


def test_a_batch_normalization_of_elements_is_read() -> None:
    x = normal(2, 3, 4)
    stats = [normal(3, 4), normal(3, 4), normal(3, 4), np.abs(normal(3, 4))]
    proto = source("BatchNormalization", [x, *stats], {"spatial": 0}, 1)
    proto.opset_import[0].version = 8
    scale, bias, mean, variance = stats
    wanted = (x - mean) / np.sqrt(variance + 1e-5) * scale + bias
    (found,) = computed(written(load(io.BytesIO(proto.SerializeToString()))), x)
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("target", ["tflite", "caffe", "tm"])
def test_every_other_target_begins_with_it(target: str) -> None:
    proto = source(f"{MS}.QuickGelu", [normal(2, 3)], {}, 1)
    assert list(backend(target).problems(load(io.BytesIO(proto.SerializeToString())))) == []


def test_what_a_composition_refuses_is_refused_by_name() -> None:
    graph = load(io.BytesIO(loop().SerializeToString()))
    assert [node.op for node in composed(graph, frozenset()).nodes] == [node.op for node in graph.nodes]
    assert "Loop" in {problem.op for problem in backend("tflite").problems(graph)}


def test_compositions_stand_with_their_family_and_say_their_formula() -> None:
    for key, function in COMPOSITIONS.items():
        assert "->" in (function.__doc__ or ""), key
        if "." not in key:
            assert function.__module__.removeprefix("mgeconvert.compose.").split(".")[0] == ONNX[key]
    with pytest.raises(AssertionError, match="Hardmax is composed twice"):
        compose("Hardmax")(COMPOSITIONS["Hardmax"])


def test_results_keep_their_names() -> None:
    graph = load(io.BytesIO(source("Shrink", [normal(2, 3)], {}, 1).SerializeToString()))
    assert composed(graph, frozenset()).outputs["o0"].name == "o0"


def one(op: str, x: np.ndarray, *rest: np.ndarray, **attrs: Any) -> Graph:
    """The operator with all its operands as inputs of the graph."""
    b = Builder(Graph())
    given = [b.input(f"i{number}", each.dtype, each.shape) for number, each in enumerate((x, *rest))]
    b.output("o", b.op(op, *given, **attrs))
    return b.graph


@pytest.mark.parametrize(
    "row",
    [
        ("DequantizeLinear", whole(0, 256, 2, 3), f(0.5), np.uint8(7)),
        ("DequantizeLinear", whole(0, 256, 2, 3), f(0.5, 1, 2), np.uint8([7, 8, 9])),
        ("QuantizeLinear", normal(2, 3) * 9, f(0.05), np.int8(7)),
        ("QuantizeLinear", normal(2, 3) * 9, f(0.5, 1, 2), np.uint8([7, 8, 9])),
        ("Trilu", normal(2, 3, 5), np.int64(1)),
        ("Trilu", normal(2, 4, 3), np.int64(-1), {"upper": 0}),
        ("BitShift", whole(0, 256, 6), np.uint8([0, 1, 3, 7, 8, 200]), {"direction": "LEFT"}),
    ],
    ids=lambda row: str(row[0]),
)
def test_what_is_known_only_at_run_time(row: tuple[Any, ...]) -> None:
    attrs = row[-1] if isinstance(row[-1], dict) else {}
    op, *arrays = [each for each in row if not isinstance(each, dict)]
    graph = one(op, *arrays, **attrs)
    made = composed(graph, frozenset())
    assert op not in {node.op for node in made.nodes}
    feeds = {f"i{number}": np.asarray(array) for number, array in enumerate(arrays)}
    found, want = (onnxruntime.InferenceSession(written(each)).run(None, feeds)[0] for each in (made, graph))
    assert (found.dtype, found.shape) == (want.dtype, want.shape)
    np.testing.assert_allclose(found.astype(np.float64), want.astype(np.float64), rtol=1e-6)


@pytest.mark.parametrize("is_constant", [False, True])
@pytest.mark.parametrize("axis", [0, 1])
def test_scales_of_blocks(axis: int, is_constant: bool) -> None:
    """Each scale and zero point is that of two rows or columns; what is constant stays one constant."""
    numbers = np.int8(whole(-128, 128, 4, 6))
    scales, zeros = (
        np.repeat(array, 2, 1 - axis) for array in (f(*range(1, 7)).reshape(2, 3), np.int8([[1, 2, 3]] * 2))
    )
    b = Builder(Graph())
    x = b.constant(numbers) if is_constant else b.input("x", np.int8, (4, 6))
    given = [part[: 4 if axis else 2, : 3 if axis else 6] for part in (np.tile(scales, (2, 2)), np.tile(zeros, (2, 2)))]
    b.output("o", b.op("DequantizeLinear", x, *given, axis=axis, block_size=2))
    made = composed(b.graph, frozenset())
    assert [node.op for node in made.nodes] == ([] if is_constant else ["Cast", "Sub", "Mul"])
    feeds = {} if is_constant else {"x": numbers}
    (found,) = onnxruntime.InferenceSession(written(made)).run(None, feeds)
    scale, zero = (np.repeat(part.astype(np.float32), 2, axis) for part in given)
    np.testing.assert_array_equal(found, (numbers - zero) * scale)


@pytest.mark.parametrize("dtype", ["float8_e4m3fn", "float8_e5m2"])
@pytest.mark.parametrize("scale", [np.float32(0.5), np.float32([0.5, 1, 2])], ids=["one", "several"])
def test_floats_of_few_bits_keep_their_fractions(dtype: str, scale: np.ndarray) -> None:
    numbers = np.array([[0.375, -1.5, 3.5], [0.0625, 2.5, -0.75]], np.dtype(getattr(ml_dtypes, dtype)))
    b = Builder(Graph())
    b.output("o", b.op("DequantizeLinear", b.constant(numbers), scale, axis=1))
    made = composed(b.graph, frozenset())
    (output,) = made.outputs.values()
    assert output.array is not None
    np.testing.assert_array_equal(output.array, numbers.astype(np.float32) * scale)


@pytest.mark.parametrize("axes", [(1, 2), ()])
def test_a_mean_of_integers(axes: tuple[int, ...]) -> None:
    """onnxruntime names QLinearReduceMean and has no kernel for it."""
    numbers = whole(0, 256, 2, 3, 4)
    given = [numbers, f(0.05), np.uint8(100), f(0.04), np.uint8(7)]
    attrs = {"axes": axes, "keepdims": 0} if axes else {}
    b = Builder(Graph())
    x = b.input("x", np.uint8, (2, 3, 4))
    b.output("o", b.op("QLinearReduceMean", x, *given[1:], domain="com.microsoft", **attrs))
    made = composed(b.graph, frozenset())
    (found,) = onnxruntime.InferenceSession(written(made)).run(None, {"x": numbers})
    mean = ((numbers - 100.0) * 0.05).mean(axes or None, keepdims=not axes)
    wanted = np.clip(np.rint(mean / 0.04) + 7, 0, 255)
    assert found.shape == wanted.shape
    assert np.abs(found - wanted).max() <= 1


def test_a_table_of_blocks() -> None:
    numbers = whole(0, 16, 10, 32).astype(ml_dtypes.uint4)
    scales = np.abs(normal(10, 2))
    b = Builder(Graph())
    i = b.input("i", np.int64, (3,))
    table = b.constant(numbers), i, b.constant(scales)
    b.output("o", b.op("GatherBlockQuantized", *table, domain="com.microsoft", block_size=16, quantize_axis=-1))
    made = composed(b.graph, frozenset())
    assert [node.op for node in made.nodes] == ["Gather"]
    (found,) = onnxruntime.InferenceSession(written(made)).run(None, {"i": np.int64([9, 0, 4])})
    np.testing.assert_array_equal(found, (numbers.astype(np.float32) * np.repeat(scales, 16, 1))[[9, 0, 4]])


@pytest.mark.parametrize("direction", ["LEFT", "RIGHT"])
def test_shifts_by_more_bits_than_there_are(direction: str) -> None:
    b = Builder(Graph())
    x = b.input("x", np.int32, (4,))
    b.output("o", b.op("BitShift", x, np.int32([32, -1, 2, 40]), direction=direction))
    made = composed(b.graph, {"BitShift"})
    counts = [node.inputs[1] for node in made.nodes if node.op == "BitShift"]
    assert [None if each is None or each.array is None else each.array.tolist() for each in counts] == [[0, 0, 2, 0]]
    numbers = {"x": np.int32([-8, 4, -8, 8])}
    (found,) = onnxruntime.InferenceSession(written(made)).run(None, numbers)
    assert found.tolist() == ([0, 0, -32, 0] if direction == "LEFT" else [-1, 0, -2, 0])
