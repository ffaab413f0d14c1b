"""What TFLite cannot take, and what the user is told."""

from __future__ import annotations

import builtins
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from mgeconvert.compose.support import composed_operators
from mgeconvert.errors import BadInputError, MissingDependencyError, UnsupportedError, UsageError
from mgeconvert.ir import OPSET, Node, Value
from mgeconvert.ir.builder import Builder
from mgeconvert.ir.scopes import Scope
from mgeconvert_converters.tflite import BACKEND as TFLITE
from mgeconvert_converters.tflite.emit import EMITTERS, REFUSED
from mgeconvert_converters.tflite.emit.build import build
from mgeconvert_converters.tflite.run import run
from tests.tflite.judge import graph_of, judge

X = np.linspace(-1, 1, 24, dtype=np.float32).reshape(2, 3, 4)
NUMBERS = np.arange(6, dtype=np.int32)


def refused(make: Any, *inputs: Any, **options: Any) -> str:
    with pytest.raises(UnsupportedError) as error:
        TFLITE.save(graph_of(make, *inputs), Path("/nonexistent/m.tflite"), **options)
    return str(error.value)


def test_everything_at_once_with_places() -> None:
    """Three faults, one behind the other, and one node that is fine between them."""

    def network(b: Builder, x: Value) -> Value:
        b.enter(Scope("stem", "Noise"))
        y = b.op("Bernoulli", x)
        b.enter(Scope("stem.act", "ReLU"))
        y = b.op("Relu", y)
        b.enter(Scope("head.det", "Det"))
        y = b.op("Det", b.op("Expand", b.op("ReduceSum", y, [1, 2]), np.int64([2, 4, 4])))
        b.enter(Scope("head.pool", "MaxPool"))
        return b.ops("MaxPool", 2, b.op("Cast", b.op("Unsqueeze", x, [1]), to=3), kernel_shape=(2, 2))[1]

    graph = graph_of(network, X)
    graph.outputs["det"] = graph.nodes[4].outputs[0]
    with pytest.raises(UnsupportedError) as error:
        TFLITE.save(graph, Path("/nonexistent/m.tflite"))
    assert str(error.value) == (
        "cannot export to tflite: 3 operators not supported\n"
        "  stem (Noise): Bernoulli: random numbers differ at each run, so nothing could be verified; "
        "draw them outside and make them an input\n"
        "  head.det (Det): Det: TFLite has no determinant; those of up to 3 rows are composed\n"
        "  head.pool (MaxPool): MaxPool: MaxPool with indices: TFLite's MAX_POOL_2D gives none"
    )
    assert error.value.hint == (
        "`mgeconvert ops tflite` lists what can be exported; --allow-custom-ops leaves the others to your own kernels"
    )


def test_the_hint_knows_tensorflow() -> None:
    with pytest.raises(UnsupportedError) as error:
        TFLITE.save(graph_of(lambda b, x: b.op("BitwiseAnd", x, x), NUMBERS), Path("/nonexistent/m.tflite"))
    assert error.value.hint is not None
    assert error.value.hint.endswith("to your own kernels, --allow-select-tf-ops for TensorFlow's")


def test_float64() -> None:
    text = refused(lambda b, x: b.op("Relu", x), X.astype(np.float64))
    assert "  x0: Input: LiteRT takes no float64 inputs" in text
    text = refused(lambda b, x: b.op("Cast", b.op("Exp", b.op("Cast", x, to=11)), to=1), X)
    assert "Cast: float64 has no TFLite kernels; convert the model to float32" in text


def test_64_bit_integers() -> None:
    wide = np.array([2**40, 1, 2, 3], np.int64)
    text = refused(lambda b, x: b.op("Add", b.op("Cast", x, to=7), wide), X)
    assert "Add: constant holds 64-bit integers beyond int32, the widest TFLite computes with" in text


def test_64_bit_inputs_and_outputs_are_kept(tmp_path: Path) -> None:
    numbers = np.arange(4, dtype=np.int64)
    judge(graph_of(lambda b, x: b.op("Mul", x, np.array([3], np.int64)), numbers), (numbers,), tmp_path)


def test_an_unknown_rank() -> None:
    b = Builder()
    x = b.input("x", "float32", (2, 3))
    mystery = Value("mystery", np.dtype(np.float32))
    b.graph.nodes.append(Node("Custom", [x], [mystery], name="custom", domain="ours"))
    b.graph.nodes.append(Node("Relu", [mystery], [Value("y", np.dtype(np.float32))], name="relu"))
    b.output("y", b.graph.nodes[-1].outputs[0])
    assert [str(problem) for problem in TFLITE.problems(b.graph)] == [
        "custom: Custom: ours::Custom has no TFLite emitter"
    ]
    b.graph.nodes[0] = Node("Relu", [x], [mystery], name="first")
    assert [str(problem) for problem in TFLITE.problems(b.graph)] == [
        "first: Relu: the rank of mystery is known only at run time; TFLite wants fixed ranks"
    ]


def test_too_many_axes() -> None:
    """Axes that stay whole are merged; these do not."""
    cube = np.zeros((2,) * 7, np.float32)
    text = refused(lambda b, x: b.op("Slice", x, [0] * 4, [1] * 4, [0, 2, 4, 6]), cube)
    assert "Slice: a slice of 7 axes; TFLite's STRIDED_SLICE has 5" in text
    text = refused(lambda b, x: b.op("Pad", x, [1] + [0] * 13), cube)
    assert "Pad: a pad of 7 axes; TFLite's PAD has 5" in text
    text = refused(lambda b, x: b.op("LayerNormalization", x, np.ones(2, np.float32), axis=6), cube)
    assert "LayerNormalization: MEAN of 7 axes; XNNPACK has 6" in text


def test_a_window_in_the_padding() -> None:
    image = np.ones((1, 1, 4, 4), np.float32)
    text = refused(lambda b, x: b.op("AveragePool", x, kernel_shape=(2, 2), pads=(2, 2, 2, 1)), image)
    assert "AveragePool: a window lies wholly in the padding" in text


def test_parameters_at_run_time() -> None:
    axis = np.array(1, np.int64)
    text = refused(lambda b, x, k: b.op("CumSum", x, k), X, axis)
    assert "CumSum: its axis is computed at run time; TFLite wants a constant" in text


def test_options_that_exclude_each_other() -> None:
    with pytest.raises(UsageError, match="--full-fp16 and --weight-int8 exclude each other"):
        TFLITE.save(graph_of(lambda b, x: b.op("Relu", x), X), Path("m.tflite"), full_fp16=True, weight_int8=True)


def test_allowed_foreign_operators(tmp_path: Path) -> None:
    def network(b: Any, x: Value) -> Value:
        return b.op("Abs", b.op("BitwiseAnd", x, x))

    for options, code in (
        ({"allow_custom_ops": True}, "ONNX_BitwiseAnd"),
        ({"allow_select_tf_ops": True}, "FlexBitwiseAnd"),
    ):
        path = tmp_path / "m.tflite"
        TFLITE.save(graph_of(network, NUMBERS), path, **options)
        assert TFLITE.describe is not None
        assert dict(TFLITE.describe(path).operators) == {code: 1, "ABS": 1}
        assert code.encode() in path.read_bytes()
        with pytest.raises(BadInputError, match=f"LiteRT does not run it: .*{code}"):
            run(path, {"x0": NUMBERS})


def test_what_a_refused_emitter_began_is_forgotten() -> None:
    """Compress's input is transposed before its condition turns out to be unknown; the custom operator needs that
    again."""

    def network(b: Any, x: Value, condition: Value) -> list[Value]:
        y = b.op("Conv", x, np.ones((4, 3, 1, 1), np.float32), None)
        return [b.op("Compress", y, condition, axis=2), b.op("Softmax", y, axis=-1)]

    graph = graph_of(network, np.zeros((1, 3, 4, 4), np.float32), np.ones(4, np.bool_))
    model = build(graph, allow_custom_ops=True)
    assert [operator.op for operator in model.operators].count("CUSTOM") == 1


def test_litert_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The export works all the same; the message says what to install."""
    honest = builtins.__import__

    def without(name: str, *arguments: Any, **keywords: Any) -> Any:
        if name.startswith("ai_edge_litert"):
            raise ImportError(name)
        return honest(name, *arguments, **keywords)

    monkeypatch.setattr(builtins, "__import__", without)
    path = tmp_path / "m.tflite"
    TFLITE.save(graph_of(lambda b, x: b.op("Relu", x), X), path)
    with pytest.raises(MissingDependencyError) as error:
        run(path, {"x0": X})
    assert (
        str(error.value) == f"{path}: LiteRT is not installed, so the file cannot be run; it is complete all the same"
    )
    assert error.value.hint == "pip install ai-edge-litert"


def test_wrong_inputs_and_wrong_files(tmp_path: Path) -> None:
    path = tmp_path / "m.tflite"
    TFLITE.save(graph_of(lambda b, x: b.op("Relu", x), X), path)
    with pytest.raises(UsageError) as usage:
        run(path, {"y": X})
    assert str(usage.value) == f"{path}: the inputs are x0; given: y"
    path.write_bytes(b"no flatbuffer at all")
    with pytest.raises(BadInputError, match="is text, expected a TFLite model"):
        run(path, {"x0": X})
    assert TFLITE.describe is not None
    with pytest.raises(BadInputError, match="is text, expected a TFLite model"):
        TFLITE.describe(path)


def test_every_operator_is_emitted_or_refused() -> None:
    """A hole in the tables would be a crash or a poor message."""
    known = {schema.name for schema in onnx.defs.get_all_schemas_with_history()
             if not schema.domain and not schema.deprecated and schema.since_version <= OPSET}  # fmt: skip
    assert known - set(EMITTERS) - set(REFUSED) == set()
    assert set(EMITTERS) & set(REFUSED) == set()
    assert all(REFUSED.values())
    composed = {row.op for row in composed_operators(EMITTERS)}
    assert {row.op for row in TFLITE.ops()} == set(EMITTERS) | set(REFUSED) | composed
    assert {row.op for row in TFLITE.ops() if row.refused} == set(REFUSED) - composed


@pytest.mark.parametrize(
    ("dtype", "keepdims", "reason"),
    [
        ("float32", 0, "its axes is computed at run time; TFLite wants a constant"),
        ("bool", 1, "ReduceMax of booleans or of more than 6 axes along axes that are computed"),
    ],
)
def test_axes_that_are_computed(dtype: str, keepdims: int, reason: str) -> None:
    b = Builder()
    x, axes = b.input("x", dtype, (2, 3)), b.input("axes", "int64", (1,))
    y = b.op("ReduceMax", x, axes, keepdims=keepdims)
    y.shape = (2, "M") if keepdims else ("M",)
    b.output("y", y)
    assert [problem.reason for problem in TFLITE.problems(b.graph)] == [reason]
