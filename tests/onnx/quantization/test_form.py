"""Graphs of MegEngine's quantization in onnxruntime's optimizer: kernels of integers, the same bits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest

import mgeconvert
from mgeconvert.ir import Graph, Value
from mgeconvert.ir.builder import Builder
from mgeconvert.ir.quantization import HALVES_AWAY, ROUNDING
from mgeconvert_converters.onnx.quantization.form import in_integer_form
from mgeconvert_converters.onnx.run import run

RANDOM = np.random.default_rng(3)
Feeds = Mapping[str, np.ndarray]


class Net(Builder):
    """Builds quantized graphs: `q` puts a value on a grid as MegEngine does, `weight` is one that is stored so."""

    def q(self, x: Value, scale: float, zero: int = 0, dtype: Any = np.int8, marked: bool = True) -> Value:
        parameters = np.float32(scale), np.asarray(zero, dtype)
        attrs = {ROUNDING: HALVES_AWAY} if marked else {}
        return self.op("DequantizeLinear", self.op("QuantizeLinear", x, *parameters, **attrs), *parameters)

    def weight(self, *shape: int, scale: float = 0.01) -> Value:
        whole = RANDOM.integers(-128, 127, shape, np.int8, endpoint=True)
        return self.op("DequantizeLinear", self.constant(whole), np.float32(scale), np.int8(0))

    def bias(self, size: int, scale: float) -> Value:
        whole = RANDOM.integers(-2000, 2000, size).astype(np.int32)
        return self.op("DequantizeLinear", self.constant(whole), np.float32(scale))

    def conv(self, x: Value, inputs: int, outputs: int, scale: float = 0.05, **attrs: Any) -> Value:
        return self.op(
            "Conv", x, self.weight(outputs, inputs, 3, 3), self.bias(outputs, scale * 0.01), pads=[1, 1, 1, 1], **attrs
        )


def net(build: Callable[[Net, Value], Value], shape: tuple[int, ...] = (1, 4, 8, 8)) -> Graph:
    b = Net()
    b.output("y", build(b, b.q(b.input("x", np.float32, shape), 0.05)))
    return b.graph


def conv_relu(b: Net, x: Value) -> Value:
    return b.q(b.op("Relu", b.conv(x, 4, 6)), 0.07)


def two_readers(b: Net, x: Value) -> Value:
    y = conv_relu(b, x)
    left, right = (b.q(b.conv(y, 6, 6, 0.07), 0.09) for _ in range(2))
    return b.q(b.op("Relu", b.op("Add", left, right)), 0.1)


def narrow(b: Net, x: Value) -> Value:
    clipped = b.op("Clip", b.conv(x, 4, 6), np.float32(-127 * 0.07), np.float32(127 * 0.07))
    return b.q(clipped, 0.07)


def pooled(b: Net, x: Value) -> Value:
    moved = b.op("Transpose", b.op("MaxPool", conv_relu(b, x), kernel_shape=[2, 2], strides=[2, 2]), perm=[0, 1, 3, 2])
    return b.q(b.conv(moved, 6, 4, 0.07), 0.2)


def concat(b: Net, x: Value) -> Value:
    parts = [b.q(b.q(b.conv(x, 4, 3), scale), 0.08) for scale in (0.05, 0.06)]
    return b.q(b.conv(b.op("Concat", *parts, axis=1), 6, 2, 0.08), 0.3)


def flat(b: Net, x: Value) -> Value:
    y = b.op("Flatten", b.q(b.op("GlobalAveragePool", x), 0.02))
    return b.q(b.op("Gemm", y, b.weight(5, 4), b.bias(5, 0.02 * 0.01), transB=1), 0.03)


def unary(op: str, scale: float, **attrs: Any) -> Callable[[Net, Value], Value]:
    return lambda b, x: b.q(b.op(op, b.q(b.conv(x, 4, 4), 0.06), **attrs), scale)


FUSED = [
    pytest.param(conv_relu, {"QLinearConv": 1}, id="conv-relu"),
    pytest.param(two_readers, {"QLinearConv": 3, "QLinearAdd": 1}, id="residual"),
    pytest.param(narrow, {"QLinearConv": 1}, id="narrow"),
    pytest.param(pooled, {"QLinearConv": 2}, id="pooled"),
    pytest.param(concat, {"QLinearConv": 3, "QLinearConcat": 1}, id="concat"),
    pytest.param(flat, {"QLinearGlobalAveragePool": 1, "QGemm": 1}, id="gemm"),
    pytest.param(
        lambda b, x: b.q(b.op("Mul", x, b.q(b.conv(x, 4, 4), 0.06)), 0.1), {"QLinearConv": 1, "QLinearMul": 1}, id="mul"
    ),
    pytest.param(lambda b, x: b.q(b.op("MatMul", x, b.weight(8, 5)), 0.1), {"QLinearMatMul": 1}, id="matmul"),
    pytest.param(unary("Sigmoid", 0.01), {"QLinearConv": 1, "QLinearSigmoid": 1}, id="sigmoid"),
    pytest.param(unary("LeakyRelu", 0.06, alpha=0.1), {"QLinearConv": 1, "QLinearLeakyRelu": 1}, id="leaky-relu"),
    pytest.param(unary("Softmax", 0.01), {"QLinearConv": 1, "QLinearSoftmax": 1}, id="softmax"),
    pytest.param(
        unary("AveragePool", 0.06, kernel_shape=[2, 2]), {"QLinearConv": 1, "QLinearAveragePool": 1}, id="average-pool"
    ),
]
FLOATS = (
    "Conv", "FusedConv", "Gemm", "MatMul", "Add", "Mul", "Concat", "AveragePool", "GlobalAveragePool", "Sigmoid",
    "LeakyRelu", "Softmax", "Relu", "Clip", "MaxPool",
)  # fmt: skip


def kernels(path: Path) -> Counter[str]:
    """The operators of the graph that onnxruntime computes."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.optimized_model_filepath = str(path.with_suffix(".optimized.onnx"))
    onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return Counter(node.op_type for node in onnx.load(options.optimized_model_filepath).graph.node)


def feeds_of(graph: Graph) -> Feeds:
    """Numbers on no half of a step."""
    shape = graph.inputs["x"].static_shape
    return {"x": (RANDOM.integers(-140, 140, shape) * 0.05 + 0.011).astype(np.float32)}


@pytest.mark.parametrize(("build", "expected"), FUSED)
def test_every_operator_is_a_kernel_of_integers(
    build: Callable[[Net, Value], Value], expected: dict[str, int], tmp_path: Path
) -> None:
    graph = net(build)
    path = tmp_path / "model.onnx"
    mgeconvert.save(graph, path)
    found = kernels(path)
    assert {op: found[op] for op in expected} == expected
    around = {"Add": 2, "Mul": 1, "Relu": 1}  # the rounding of the input
    assert {op: found[op] - around.get(op, 0) for op in FLOATS if found[op] > around.get(op, 0)} == {}


@pytest.mark.parametrize(("build", "expected"), FUSED)
@pytest.mark.parametrize("activations", ["uint8", "int8"])
def test_the_form_computes_the_same_bits(
    build: Callable[[Net, Value], Value], expected: dict[str, int], activations: str, tmp_path: Path
) -> None:
    assert expected
    graph = net(build)
    feeds = feeds_of(graph)
    plain, form = tmp_path / "plain.onnx", tmp_path / "form.onnx"
    mgeconvert.save(without_form(graph), plain, opset=11)
    mgeconvert.save(graph, form, qdq_activations=activations)
    assert np.array_equal(run(plain, feeds, optimize=False)["y"], run(form, feeds, optimize=False)["y"])


def without_form(graph: Graph) -> Graph:
    """The graph whose QuantizeLinears are of no MegEngine."""
    plain = graph.copy()
    for node in plain.nodes:
        node.attrs.pop(ROUNDING, None)
    return plain


@pytest.mark.parametrize(
    ("activations", "dtypes"),
    [(None, {"uint8"}), ("uint8", {"uint8"}), ("int8", {"int8"}), ("source", {"int8"})],
)
def test_activations_have_the_wanted_integers(activations: str | None, dtypes: set[str]) -> None:
    form = in_integer_form(net(two_readers), 17, activations)
    assert {node.outputs[0].dtype.name for node in form.nodes if node.op == "QuantizeLinear"} == dtypes  # type: ignore[union-attr]


def test_what_megengine_did_not_quantize_keeps_its_integers() -> None:
    form = in_integer_form(without_form(net(two_readers)), 17)
    assert {node.outputs[0].dtype for node in form.nodes if node.op == "QuantizeLinear"} == {np.dtype(np.int8)}


def test_each_reader_has_a_dequantize_of_its_own() -> None:
    form = in_integer_form(net(two_readers), 17)
    counts = form.use_counts()
    assert {counts[node.outputs[0]] for node in form.nodes if node.op == "DequantizeLinear"} == {1}


def test_a_float_graph_is_not_copied() -> None:
    b = Builder()
    b.output("y", b.op("Relu", b.input("x", np.float32, (2, 3))))
    assert in_integer_form(b.graph, 17) is b.graph


def test_the_given_graph_is_not_changed() -> None:
    graph = net(two_readers)
    before = str(graph)
    in_integer_form(graph, 17)
    assert str(graph) == before


@pytest.mark.parametrize(("build", "expected"), FUSED)
def test_writing_what_was_read_changes_nothing(
    build: Callable[[Net, Value], Value], expected: dict[str, int], tmp_path: Path
) -> None:
    assert expected
    once, twice = tmp_path / "once.onnx", tmp_path / "twice.onnx"
    mgeconvert.save(net(build), once)
    mgeconvert.save(mgeconvert.load(once), twice)
    kinds = [Counter(node.op_type for node in onnx.load(path).graph.node) for path in (once, twice)]
    assert kinds[0] == kinds[1]


def halves() -> tuple[Graph, Feeds, np.ndarray]:
    b = Net()
    b.output("y", b.q(b.input("x", np.float32, (1, 41)), 0.5))
    steps = np.arange(-20, 21) / 2
    away = np.trunc(steps + np.copysign(0.5, steps))
    return b.graph, {"x": (steps * 0.5).astype(np.float32)[None]}, (away * 0.5).astype(np.float32)[None]


@pytest.mark.parametrize("options", [{}, {"exact_rounding": True}, {"opset": 11}, {"qdq_activations": "source"}])
def test_halves_of_an_input_are_rounded_away_from_zero(options: dict[str, Any], tmp_path: Path) -> None:
    graph, feeds, truth = halves()
    mgeconvert.save(graph, tmp_path / "model.onnx", **options)
    assert np.array_equal(run(tmp_path / "model.onnx", feeds)["y"], truth)


def test_numbers_just_below_a_half_are_rounded_down(tmp_path: Path) -> None:
    b = Net()
    b.output("y", b.q(b.input("x", np.float32, (1, 6)), 1.0))
    numbers = np.nextafter(np.float32([0.5, 1.5, 2.5, -0.5, -1.5, 100.5]), np.float32(0))[None]
    mgeconvert.save(b.graph, tmp_path / "model.onnx")
    assert run(tmp_path / "model.onnx", {"x": numbers})["y"].tolist() == [[0, 1, 2, 0, -1, 100]]


def test_exact_rounding_is_that_of_megengine_behind_a_sum(tmp_path: Path) -> None:
    b = Net()
    x = b.q(b.input("x", np.float32, (1, 9)), 0.5)
    b.output("y", b.q(b.op("Add", x, b.q(b.input("z", np.float32, (1, 9)), 0.5)), 1.0))
    x_data = np.arange(-4, 5, dtype=np.float32)[None] / 2
    feeds = {"x": x_data, "z": np.zeros_like(x_data)}
    mgeconvert.save(b.graph, tmp_path / "model.onnx", exact_rounding=True)
    assert run(tmp_path / "model.onnx", feeds)["y"].tolist() == [[-2, -2, -1, -1, 0, 1, 1, 2, 2]]
