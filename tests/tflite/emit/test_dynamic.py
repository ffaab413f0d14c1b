"""A batch that is known only at run time: one file, several batch sizes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mgeconvert.ir import Value
from mgeconvert_converters.onnx import BACKEND as ONNX
from mgeconvert_converters.tflite import BACKEND as TFLITE
from mgeconvert_converters.tflite import run
from tests.tflite.judge import compare, graph_of

RNG = np.random.default_rng(5)


def some(*shape: int) -> np.ndarray[Any, Any]:
    return RNG.uniform(-1, 1, shape).astype(np.float32)


def network(b: Any, x: Value) -> Value:
    y = b.op("Relu", b.op("Conv", x, some(8, 3, 3, 3), some(8), strides=(2, 2), pads=(1, 1, 1, 1)))
    y = b.op("MaxPool", y, kernel_shape=(2, 2), strides=(2, 2))
    return b.op("Gemm", b.op("Flatten", y), some(5, 8 * 2 * 2), some(5), transB=1)


def head(b: Any, x: Value) -> Value:
    y = b.op("GlobalAveragePool", b.op("Conv", x, some(8, 3, 3, 3), None))
    return b.op("Softmax", b.op("Gemm", b.op("Reshape", y, [-1, 8]), some(8, 5), some(5)))


def shuffle(b: Any, x: Value) -> Value:
    y = b.op("Conv", x, some(8, 3, 3, 3), None)
    y = b.op("Reshape", y, [-1, 2, 4, 6, 6])
    y = b.op("Reshape", b.op("Transpose", y, perm=(0, 2, 1, 3, 4)), [-1, 8, 6, 6])
    return b.op("Conv", y, some(4, 8, 1, 1), None)


def upsample(b: Any, x: Value) -> Value:
    y = b.op("ConvTranspose", x, some(3, 4, 3, 3), some(4), strides=(2, 2), pads=(1, 1, 1, 1))
    return b.op("Concat", y, b.op("Mul", y, 2.0), axis=1)


def attention(b: Any, x: Value) -> Value:
    """(N, 8, 8) heads of 2."""
    t = b.op("Reshape", b.op("Reshape", x, [0, 24, 8]), [0, 24, 2, 4])
    q = b.op("Transpose", t, perm=(0, 2, 1, 3))
    k = b.op("Transpose", t, perm=(0, 2, 3, 1))
    weights = b.op("Softmax", b.op("MatMul", q, k), axis=-1)
    mixed = b.op("Transpose", b.op("MatMul", weights, q), perm=(0, 2, 1, 3))
    return b.op("LayerNormalization", b.op("Reshape", mixed, [0, 24, 8]), some(8), some(8))


def pieces(b: Any, x: Value) -> list[Value]:
    first, second = b.ops("Split", 2, x, [1, 2], axis=1)
    return [b.op("Pad", first, [0, 0, 1, 0, 0, 0, 0, 1]), b.op("ReduceMean", second, [1], keepdims=0),
            b.op("Slice", x, [1], [2], [2])]  # fmt: skip


def recurrent(b: Any, x: Value) -> list[Value]:
    """(steps, N, features) with a batch that varies."""
    steps = b.op("Reshape", b.op("Transpose", x, perm=(1, 0, 2, 3)), [3, -1, 64])
    weights = (some(2, 20, 64), some(2, 20, 5), some(2, 40))
    return b.ops("LSTM", 3, steps, *weights, hidden_size=5, direction="bidirectional")


@pytest.mark.parametrize(
    "make", [network, head, shuffle, upsample, attention, pieces, recurrent], ids=lambda make: make.__name__
)
def test_dynamic_batch(make: Callable[..., Any], tmp_path: Path) -> None:
    graph = graph_of(make, some(1, 3, 8, 8), shapes=[("N", 3, 8, 8)])
    ONNX.save(graph, tmp_path / "m.onnx")
    TFLITE.save(graph, tmp_path / "m.tflite")
    assert ONNX.run is not None
    for batch in (1, 3):
        inputs = {"x0": some(batch, 3, 8, 8)}
        truth = ONNX.run(tmp_path / "m.onnx", inputs)
        for kernels in ("xnnpack", "builtin"):
            results = run.run(tmp_path / "m.tflite", inputs, kernels)
            for name, expected in truth.items():
                compare(results[name], expected, 1e-5, f"{kernels} {name} batch {batch}")


def any_size(b: Any, x: Value) -> Value:
    """Convolutions, a channel shuffle, pools and a transposed convolution of an image of any size."""
    y = b.op("Relu", b.op("Conv", x, some(8, 3, 3, 3), some(8), pads=(1, 1, 1, 1)))
    y = b.op("MaxPool", y, kernel_shape=(3, 3), strides=(2, 2), pads=(1, 1, 1, 1))
    skip = b.op("Conv", y, some(8, 4, 3, 3), None, pads=(1, 1, 1, 1), group=2)
    y = b.op("Add", skip, y)
    y = b.op("ConvTranspose", y, some(8, 4, 3, 3), some(4), strides=(2, 2), pads=(1, 1, 1, 1), output_padding=(1, 1))
    return b.op("Mul", y, b.op("Sigmoid", b.op("GlobalAveragePool", y)))


def pyramid(b: Any, x: Value) -> list[Value]:
    """A map resized to the size of another, which only the run tells."""
    fine = b.op("Conv", x, some(4, 3, 3, 3), None, pads=(1, 1, 1, 1))
    coarse = b.op("Conv", fine, some(4, 4, 3, 3), None, pads=(1, 1, 1, 1), strides=(2, 2))
    size = b.op("Shape", fine)
    linear = b.op("Resize", coarse, None, None, size, mode="linear")
    nearest = b.op(
        "Resize", coarse, None, None, b.op("Slice", size, [2], [4]), mode="nearest", nearest_mode="floor",
        coordinate_transformation_mode="asymmetric", axes=(2, 3),
    )  # fmt: skip
    return [b.op("Add", fine, linear), nearest]


def grouped(b: Any, x: Value) -> Value:
    """GroupNorm of a map of any size, behind a stride."""
    y = b.op("Conv", x, some(8, 3, 3, 3), some(8), pads=(1, 1, 1, 1), strides=(2, 2))
    return b.op("GroupNormalization", y, some(8), some(8), num_groups=4)


def shuffled(b: Any, x: Value) -> list[Value]:
    """Pixel shuffles: of what a convolution gives, and of what a transpose gives."""
    y = b.op("Conv", x, some(8, 3, 3, 3), some(8), pads=(1, 1, 1, 1))
    twice = b.op("DepthToSpace", y, blocksize=2, mode="CRD")
    turned = b.op("DepthToSpace", b.op("Transpose", y, perm=(0, 1, 3, 2)), blocksize=2, mode="CRD")
    return [b.op("Conv", twice, some(3, 2, 1, 1), None), turned]


def non_local(b: Any, x: Value) -> Value:
    """Attention between the pixels of a map, whose shapes are put together at run time with ONNX's 0."""
    size = b.op("Shape", x)
    flat = b.op("Concat", b.op("Slice", size, [0], [1]), np.int64([0, -1]), axis=0)
    values = b.op("Reshape", x, flat)
    weights = b.op("Softmax", b.op("MatMul", b.op("Transpose", values, perm=(0, 2, 1)), values), axis=-1)
    mixed = b.op("MatMul", values, weights)
    back = b.op("Concat", b.op("Slice", size, [0], [2]), b.op("Slice", size, [2], [4]), axis=0)
    return b.op("Add", b.op("Reshape", mixed, back), x)


@pytest.mark.parametrize("make", [any_size, pyramid, grouped, shuffled, non_local], ids=lambda make: make.__name__)
def test_dynamic_image_size(make: Callable[..., Any], tmp_path: Path) -> None:
    graph = graph_of(make, some(1, 3, 8, 8), shapes=[("N", 3, "H", "W")])
    ONNX.save(graph, tmp_path / "m.onnx", opset=18)
    TFLITE.save(graph, tmp_path / "m.tflite")
    assert ONNX.run is not None
    for shape in ((1, 3, 8, 8), (2, 3, 12, 6)):
        inputs = {"x0": some(*shape)}
        truth = ONNX.run(tmp_path / "m.onnx", inputs)
        for kernels in ("xnnpack", "builtin"):
            results = run.run(tmp_path / "m.tflite", inputs, kernels)
            for name, expected in truth.items():
                compare(results[name], expected, 1e-5, f"{kernels} {name} {shape}")


def wrapped(b: Any, x: Value) -> Value:
    return b.op("Pad", x, [0, 0, 1, 0, 0, 0, 1, 0], mode="wrap")


def computed_ones(b: Any, x: Value) -> Value:
    pads = b.op("Concat", np.int64([0, 0, 0, 0, 0, 0, 0]), b.op("Slice", b.op("Shape", x), [2], [3]), axis=0)
    return b.op("Pad", x, pads, np.float32(1))


def average_of_a_line(b: Any, x: Value) -> Value:
    return b.op("AveragePool", b.op("ReduceMean", x, [2], keepdims=0), kernel_shape=(3,), pads=(1, 1))


NOT_VARYING = {
    wrapped: "Pad: a pad by wrap of [1, 3, 'H', 'W']: TFLite wants these sizes known",
    computed_ones: "Pad: a pad by constant that is computed at run time; TFLite's PAD has zeros around up to 5 axes",
    average_of_a_line: "AveragePool: a padded average to ['W']: TFLite wants these sizes known",
}


@pytest.mark.parametrize("make", NOT_VARYING, ids=lambda make: make.__name__)
def test_what_cannot_vary(make: Callable[..., Any]) -> None:
    graph = graph_of(make, some(1, 3, 8, 8), shapes=[(1, 3, "H", "W")])
    (problem,) = TFLITE.problems(graph)
    assert str(problem).endswith(NOT_VARYING[make])
