"""Layouts are planned: which transposes there are, and where."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mgeconvert.errors import UsageError
from mgeconvert.ir import Graph, Value
from mgeconvert_converters.tflite import BACKEND as TFLITE
from mgeconvert_converters.tflite.emit.build import build
from mgeconvert_converters.tflite.write.save import report
from tests.tflite.judge import graph_of, judge

RNG = np.random.default_rng(7)


def some(*shape: int) -> np.ndarray[Any, Any]:
    return RNG.uniform(-1, 1, shape).astype(np.float32)


IMAGE = some(1, 4, 8, 8)


def conv(b: Any, x: Value, channels: int = 4, kernel: int = 3, **attrs: Any) -> Value:
    assert x.shape is not None
    pads = (kernel // 2,) * 4
    return b.op(
        "Conv", x, some(channels, int(x.shape[1]) // attrs.get("group", 1), kernel, kernel), None, pads=pads, **attrs
    )


def classifier(b: Any, x: Value) -> Value:
    """Flatten before a linear layer: the weights are permuted."""
    return b.op("Gemm", b.op("Relu", b.op("Flatten", conv(b, x))), some(5, 256), some(5), transB=1)


def generator(b: Any, x: Value) -> Value:
    """A linear layer before an image, read twice: its rows are permuted."""
    image = b.op(
        "Reshape",
        b.op("Gemm", b.op("Flatten", b.op("GlobalAveragePool", x)), some(64, 4), some(64), transB=1),
        [1, 4, 4, 4],
    )
    return b.op("Add", conv(b, b.op("Relu", image)), conv(b, image, kernel=1))


def axes(b: Any, x: Value) -> list[Value]:
    """Everything that takes an axis follows."""
    y = conv(b, x)
    first, second = b.ops("Split", 2, y, [1, 3], axis=1)
    y = b.op("Concat", second, first, axis=1)
    y = b.op("Pad", b.op("Slice", y, [1], [7], [2]), [0, 0, 1, 0, 0, 0, 1, 0])
    y = b.op("Mul", y, b.op("Softmax", b.op("ReduceMean", y, [2, 3]), axis=1))
    y = b.op("PRelu", b.op("Sub", y, some(4, 1, 1)), some(4, 1, 1))
    return [conv(b, y), b.op("ReduceMax", y, [1], keepdims=0), b.op("ArgMax", y, axis=1)]


def squeeze_excite(b: Any, x: Value) -> Value:
    y = conv(b, x)
    gate = b.op("Gemm", b.op("Reshape", b.op("GlobalAveragePool", y), [1, 4]), some(4, 4), some(4))
    return conv(b, b.op("Mul", y, b.op("Sigmoid", b.op("Reshape", gate, [1, 4, 1, 1]))))


def shuffle(b: Any, x: Value) -> Value:
    y = b.op("Reshape", conv(b, x), [1, 2, 2, 8, 8])
    return conv(b, b.op("Reshape", b.op("Transpose", y, perm=(0, 2, 1, 3, 4)), [1, 4, 8, 8]))


def halves(b: Any, x: Value) -> Value:
    """ShuffleNet v2's: split into even and odd channels."""
    y = b.op("Transpose", b.op("Reshape", conv(b, x), [2, 2, 64]), perm=(1, 0, 2))
    y = b.op("Reshape", y, [2, 1, 2, 8, 8])
    even, odd = (b.op("Gather", y, b.constant(index, np.int64), axis=0) for index in (0, 1))
    return b.op("Concat", conv(b, even, 2), odd, axis=1)


def norms(b: Any, x: Value) -> Value:
    y = b.op("InstanceNormalization", conv(b, x), some(4), some(4))
    y = b.op("GroupNormalization", y, some(4), some(4), num_groups=2)
    return conv(b, b.op("BatchNormalization", y, some(4), some(4), some(4), np.abs(some(4)) + 1))


def pixel_shuffle(b: Any, x: Value) -> Value:
    return conv(b, b.op("DepthToSpace", conv(b, x), blocksize=2, mode="DCR"), 2)


CASES = [
    (classifier, "transposes: 0 (border), 0 (interior)"),
    (generator, "transposes: 0 (border), 0 (interior)"),
    (axes, "transposes: 0 (border), 0 (interior)"),
    (squeeze_excite, "transposes: 0 (border), 0 (interior)"),
    (shuffle, "transposes: 0 (border), 0 (interior), 1 (the model's own)"),
    (halves, "transposes: 0 (border), 0 (interior), 1 (the model's own)"),
    (norms, "transposes: 0 (border), 0 (interior)"),
    (pixel_shuffle, "transposes: 0 (border), 0 (interior)"),
]


@pytest.mark.parametrize(("make", "expected"), CASES, ids=lambda value: getattr(value, "__name__", ""))
def test_no_stray_transposes(make: Callable[..., Any], expected: str, tmp_path: Path) -> None:
    graph = graph_of(make, IMAGE)
    assert report(build(graph)) == expected
    judge(graph, (IMAGE,), tmp_path, 2e-5)


CLEAN = "transposes: 0 (border), 0 (interior)"
BOTH = "transposes: 2 (border), 0 (interior)"
BORDERS = [
    ({}, (1, 8, 8, 4), (1, 8, 8, 4), "transposes: 0 (border), 0 (interior)"),
    ({"input_layout": "nchw"}, (1, 4, 8, 8), (1, 8, 8, 4), "transposes: 1 (border), 0 (interior)"),
    ({"output_layout": "nchw"}, (1, 8, 8, 4), (1, 4, 8, 8), "transposes: 1 (border), 0 (interior)"),
    ({"input_layout": "nchw", "output_layout": "nchw"}, (1, 4, 8, 8), (1, 4, 8, 8), BOTH),
    ({"input_layout": "nhwc", "output_layout": "nhwc"}, (1, 8, 8, 4), (1, 8, 8, 4), CLEAN),
]  # fmt: skip


@pytest.mark.parametrize(("options", "stored", "result", "expected"), BORDERS, ids=str)
def test_borders(options: dict[str, str], stored: Any, result: Any, expected: str, tmp_path: Path) -> None:
    """The file has the asked layouts; `run` takes and gives the source's either way."""
    graph = graph_of(lambda b, x: conv(b, x), IMAGE)
    model = build(graph, **options)
    assert [tensor.shape for tensor in (*model.inputs.values(), *model.outputs.values())] == [stored, result]
    assert report(model) == expected
    judge(graph, (IMAGE,), tmp_path, **options)


def test_what_no_kernel_wants_channels_last_stays() -> None:
    """An attention mask is 4-D, but no image."""
    model = build(graph_of(lambda b, x, y: b.op("MatMul", b.op("Add", x, y), y), some(1, 2, 8, 8), some(1, 2, 8, 8)))
    assert [tensor.shape for tensor in model.inputs.values()] == [(1, 2, 8, 8)] * 2
    assert report(model) == "transposes: 0 (border), 0 (interior)"


def test_nhwc_forces_every_image(tmp_path: Path) -> None:
    graph = graph_of(lambda b, x: b.op("Softmax", x, axis=-1), IMAGE)
    model = build(graph, input_layout="nhwc", output_layout="nhwc")
    assert [tensor.shape for tensor in model.inputs.values()] == [(1, 8, 8, 4)]
    judge(graph, (IMAGE,), tmp_path, input_layout="nhwc", output_layout="nhwc")


@pytest.mark.parametrize("option", ["input_layout", "output_layout"])
def test_unknown_layout(option: str) -> None:
    flag = "--" + option.replace("_", "-")
    with pytest.raises(UsageError) as error:
        TFLITE.problems(Graph(), **{option: "nwhc"})
    assert str(error.value) == f"{flag} nwhc: unknown layout; known: auto, nhwc, nchw"


def test_activations_and_pads_are_fused() -> None:
    def network(b: Any, x: Value) -> Value:
        y = b.op("Clip", conv(b, x), np.float32(0), np.float32(6))
        y = b.op("Relu", b.op("Add", b.op("Pad", y, [0, 0, 1, 1, 0, 0, 1, 1]), some(4, 1, 1)))
        return b.op("MaxPool", b.op("Pad", b.op("Pad", y, [0, 0, 1, 1, 0, 0, 0, 0]), [0, 0, 0, 0, 0, 0, 1, 1]),
                    kernel_shape=(3, 3), pads=(1, 1, 1, 1))  # fmt: skip

    model = build(graph_of(network, IMAGE))
    found = [
        (operator.op, operator.options.get("Padding"), operator.options.get("FusedActivationFunction"))
        for operator in model.operators
    ]
    assert found == [
        ("CONV_2D", 0, 3),
        ("PAD", None, None),
        ("ADD", None, 1),
        ("PAD", None, None),
        ("MAX_POOL_2D", 0, None),
    ]


def test_printed_model() -> None:
    weights = np.zeros((2, 4, 1, 1), np.float32)
    model = build(graph_of(lambda b, x: b.op("Relu", b.op("Conv", x, weights, None)), IMAGE))
    assert str(model) == (
        "y0[1,8,8,2] = CONV_2D(x0[1,8,8,4], constant[2,1,1,4], bias[2]) {DilationHFactor=1, DilationWFactor=1, "
        "FusedActivationFunction=1, Padding=1, StrideH=1, StrideW=1}"
    )


@pytest.mark.parametrize("left", [False, True])
@pytest.mark.parametrize("right", [False, True])
def test_products_of_exchanged_operands(left: bool, right: bool, tmp_path: Path) -> None:
    """Operands that are stored with their last two axes exchanged are multiplied as they are."""
    x, y = some(2, 5, 4) if left else some(2, 4, 5), some(2, 6, 5) if right else some(2, 5, 6)

    def product(b: Any, x: Value, y: Value) -> Value:
        x, y = (b.op("Transpose", v, perm=(0, 2, 1)) if turn else v for v, turn in ((x, left), (y, right)))
        return b.op("Relu", b.op("MatMul", x, y))

    graph = graph_of(product, x, y)
    judge(graph, (x, y), tmp_path)
    assert sum(build(graph).transposes().values()) == int(left and right)
