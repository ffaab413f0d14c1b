"""What fuse-conv-bn leaves alone, and why."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder
from tests.passes.harness import Row, examine, tables
from tests.passes.layers import conv, norm, weight, x

ROWS, changes, declines = tables()


@declines("fuse-conv-bn", "BatchNormalization: the result of Conv is used elsewhere too")
def result_of_conv_is_an_output(b: Builder) -> dict[str, Value]:
    first = conv(b, x(b, 1, 2, 3, 3), 2, 2, 1, 1)
    return {"y": norm(b, first), "z": first}


@declines("fuse-conv-bn", "BatchNormalization: the result of Conv is used elsewhere too")
def result_of_conv_is_read_twice(b: Builder) -> Value:
    first = conv(b, x(b, 1, 2, 3, 3), 2, 2, 1, 1)
    return b.op("Add", norm(b, first), first)


@declines(
    "fuse-conv-bn", "BatchNormalization: Conv: its weights are used elsewhere too: the file would grow by 464 bytes"
)
def shared_weights(b: Builder) -> dict[str, Value]:
    """The file would grow: two sets of weights for one."""
    source, shared = x(b, 1, 4, 3, 3), weight(b, 4, 4, 3, 3)
    return {"y": norm(b, b.op("Conv", source, shared), 4), "z": b.op("Conv", source, shared)}


@declines("fuse-conv-bn", "BatchNormalization: the weights of Conv are computed")
def computed_weights(b: Builder) -> Value:
    return norm(b, b.op("Conv", x(b, 1, 2, 3, 3), b.input("w", "float32", (2, 2, 1, 1))))


@declines("fuse-conv-bn", "BatchNormalization: the weights of Conv are computed")
def quantized_weights(b: Builder) -> Value:
    """A QDQ graph stays one."""
    quantized = b.constant(np.ones((2, 2, 1, 1), np.int8), name="q")
    return norm(b, b.op("Conv", x(b, 1, 2, 3, 3), b.op("DequantizeLinear", quantized, np.float32(0.5), np.int8(0))))


@declines("fuse-conv-bn", "BatchNormalization: its parameters are computed")
def computed_statistics(b: Builder) -> Value:
    ones = np.ones(2, np.float32)
    first = conv(b, x(b, 1, 2, 3, 3), 2, 2, 1, 1)
    return b.op("BatchNormalization", first, ones, ones, b.input("mean", "float32", (2,)), ones)


@declines("fuse-conv-bn", "BatchNormalization: its variance is negative or zero")
def negative_variance(b: Builder) -> Value:
    ones = np.ones(2, np.float32)
    return b.op("BatchNormalization", conv(b, x(b, 1, 2, 3, 3), 2, 2, 1, 1), ones, ones, ones, -ones)


@declines("fuse-conv-bn", "BatchNormalization: it is in training mode")
def training_mode(b: Builder) -> Value:
    ones = np.ones(2, np.float32)
    first = conv(b, x(b, 1, 2, 3, 3), 2, 2, 1, 1)
    return b.ops("BatchNormalization", 3, first, ones, ones, ones, ones, training_mode=1)[0]


@declines("fuse-conv-bn", "BatchNormalization: Conv: the new weights do not fit into float16")
def overflow_of_half_precision(b: Builder) -> Value:
    big = np.full(2, 60000, np.float16)
    ones = np.ones(2, np.float16)
    first = conv(b, x(b, 1, 2, 3, 3, dtype="float16"), 2, 2, 1, 1)
    return b.op("BatchNormalization", first, big, ones, ones, ones)


@declines("fuse-conv-bn", "BatchNormalization: Conv: the new weights do not fit into float16")
def underflow_of_half_precision(b: Builder) -> Value:
    small = np.full(2, 1e-5, np.float16)
    zeros = np.zeros(2, np.float16)
    first = conv(b, x(b, 1, 2, 3, 3, dtype="float16"), 2, 2, 1, 1)
    return b.op("BatchNormalization", first, small, zeros, zeros, np.ones(2, np.float16))


@declines("fuse-conv-bn", "Conv: BatchNormalization shifts its input, which the padding would not see")
def shift_before_padding(b: Builder) -> Value:
    return conv(b, norm(b, x(b, 1, 2, 3, 3)), 1, 2, 2, 2, pads=(1, 1, 1, 1))


@declines("fuse-conv-bn", "Conv: BatchNormalization shifts its input, which the padding would not see")
def shift_before_automatic_padding(b: Builder) -> Value:
    return conv(b, norm(b, x(b, 1, 2, 3, 3)), 1, 2, 2, 2, auto_pad="SAME_UPPER")


@declines("fuse-conv-bn", "ConvTranspose: BatchNormalization shifts its input, which the padding would not see")
def shift_before_transposed_conv(b: Builder) -> Value:
    return conv(b, norm(b, x(b, 1, 2, 3, 3)), 2, 1, 2, 2, op="ConvTranspose")


@declines("fuse-conv-bn", "Conv: the result of BatchNormalization is used elsewhere too")
def norm_is_read_twice(b: Builder) -> Value:
    first = norm(b, x(b, 1, 2, 3, 3))
    return b.op("Add", conv(b, first, 2, 2, 1, 1), first)


@declines("fuse-conv-bn", "BatchNormalization: the channels of MatMul are not on axis 1")
def product_of_stacks(b: Builder) -> Value:
    """The channels of BatchNormalization are on axis 1, those of the product on axis 2."""
    return norm(b, b.op("MatMul", x(b, 1, 2, 2), weight(b, 2, 2)))


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_row(row: Row, tmp_path: Path) -> None:
    examine(row, tmp_path)
