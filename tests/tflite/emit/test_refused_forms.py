"""Forms of operators that TFLite's kernels do not have, with the exact reason."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from mgeconvert.ir import Graph, Value
from mgeconvert.ir.builder import Builder
from mgeconvert_converters.tflite import BACKEND as TFLITE

Build = Callable[[Builder, Callable[..., Value]], Value]


def ones(*shape: int) -> np.ndarray:
    return np.ones(shape, np.float32)


REFUSED: dict[str, tuple[Build, str]] = {
    "activation of integers": (
        lambda b, x: b.op("Sigmoid", x(2, 3, dtype="int32")), "LOGISTIC computes float32, not int32"
    ),
    "convolution of four axes": (
        lambda b, x: b.op("Conv", x(1, 1, 2, 2, 2, 2), ones(1, 1, 1, 1, 1, 1)),
        "a 4-D convolution; TFLite has 1-D, 2-D and 3-D",
    ),
    "transposed convolution of four axes": (
        lambda b, x: b.op("ConvTranspose", x(1, 1, 2, 2, 2, 2), ones(1, 1, 1, 1, 1, 1)),
        "a 4-D transposed convolution; TFLite has 1-D, 2-D and 3-D",
    ),
    "matrices of six axes": (
        lambda b, x: b.op("MatMul", x(1, 2, 1, 2, 2, 3), x(2, 1, 2, 1, 3, 2)),
        "a matrix product of 6 axes; TFLite's BATCH_MATMUL has 5",
    ),
    "an even window": (
        lambda b, x: b.op("LRN", x(1, 4, 3, 3), size=4), "LRN over 4 channels of 4-D data: TFLite has odd sizes and 4-D"
    ),
    "more repeats than 32 bits count": (
        lambda b, x: b.op("Tile", x("N", 2), np.array([2**31, 1])),
        "repeats holds 64-bit integers beyond int32, the widest TFLite computes with",
    ),
    "training": (
        lambda b, x: b.op("Dropout", x(2, 3), np.float32(0.5), np.array(True)),
        "Dropout in training mode draws random numbers; trace the model in evaluation mode",
    ),
    "pool of four axes": (
        lambda b, x: b.op("MaxPool", x(1, 1, 2, 2, 2, 2), kernel_shape=(1, 1, 1, 2)),
        "a 4-D pool; TFLite has at most 3",
    ),
    "blocks of scales": (
        lambda b, x: b.op(
            "DequantizeLinear",
            b.op("QuantizeLinear", x(4, 4), ones(2, 4), np.zeros((2, 4), np.int8), axis=0, block_size=2),
            ones(2, 4), np.zeros((2, 4), np.int8), axis=0, block_size=2,
        ),
        "blocked quantization: TFLite has one scale per tensor or per channel",
    ),
    "batch resized": (
        lambda b, x: b.op("Resize", x(1, 2, 4, 4), None, None, [2, 2, 4, 4], mode="linear"),
        "a resize of batch or channels: TFLite resizes the spatial axes",
    ),
    "backward along the batch": (
        lambda b, x: b.op("Slice", x("N", 3), [5], [0], [0], [-2]),
        "a backward slice along a dimension that is known only at run time",
    ),
    "backward to computed bounds": (
        lambda b, x: b.op("Slice", x(4, 3), x(1, dtype="int64"), [0], [0], [-1]),
        "a backward slice whose bounds are computed at run time",
    ),
}  # fmt: skip
"""What is built, and what is said of it."""


@pytest.mark.parametrize("case", REFUSED)
def test_a_form_is_refused(case: str) -> None:
    build, reason = REFUSED[case]
    b = Builder(Graph())

    def x(*shape: int | str, dtype: str = "float32") -> Value:
        return b.input(f"x{len(b.graph.inputs)}", dtype, shape)

    b.output("y", build(b, x))
    assert "; ".join(problem.reason for problem in TFLITE.problems(b.graph)) == reason
