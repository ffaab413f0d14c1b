# ruff: noqa: E501 - printed graphs have long lines
"""fuse-pad: padding in front of convolutions and pooling."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder
from tests.passes.harness import Row, examine, tables
from tests.passes.layers import conv, x

ROWS, changes, declines = tables()


@changes(
    "fuse-pad",
    """
    graph main (x: float32[N,1,3,3])
      Pad: float32[N,1,5,5] = Pad(x, int64([0, 0, 1, 0, 0, 0, 1, 2]))
      Conv: float32[N,1,6,6] = Conv(Pad, float32([[[[-1.5, -1.0], [-0.5, 0.0]]]])) {pads=(1, 1, 1, 1)}
      return y=Conv
    """,
    """
    graph main (x: float32[N,1,3,3])
      Conv: float32[N,1,6,6] = Conv(x, float32([[[[-1.5, -1.0], [-0.5, 0.0]]]])) {pads=(2, 1, 2, 3)}
      return y=Conv
    """,
)
def pad_into_conv(b: Builder) -> Value:
    return conv(b, b.op("Pad", x(b, "N", 1, 3, 3), [0, 0, 1, 0, 0, 0, 1, 2]), 1, 1, 2, 2, pads=(1, 1, 1, 1))


@changes(
    "fuse-pad",
    """
    graph main (x: float32[1,1,3,3])
      Pad: float32[1,1,3,5] = Pad(x, int64([1, 1]), float32(0.0), int64([-1]))
      Conv: float32[1,1,2,4] = Conv(Pad, float32([[[[-1.5, -1.0], [-0.5, 0.0]]]])) {auto_pad='VALID'}
      return y=Conv
    """,
    """
    graph main (x: float32[1,1,3,3])
      Conv: float32[1,1,2,4] = Conv(x, float32([[[[-1.5, -1.0], [-0.5, 0.0]]]])) {pads=(0, 1, 0, 1)}
      return y=Conv
    """,
)
def pad_of_some_axes_into_conv(b: Builder) -> Value:
    padded = b.op("Pad", x(b, 1, 1, 3, 3), [1, 1], np.float32(0), [-1])
    return conv(b, padded, 1, 1, 2, 2, auto_pad="VALID")


@changes(
    "fuse-pad",
    """
    graph main (x: float32[1,1,4,4])
      Pad: float32[1,1,6,6] = Pad(x, int64([0, 0, 1, 1, 0, 0, 1, 1]))
      AveragePool: float32[1,1,3,3] = AveragePool(Pad) {kernel_shape=(2, 2), strides=(2, 2)}
      return y=AveragePool
    """,
    """
    graph main (x: float32[1,1,4,4])
      AveragePool: float32[1,1,3,3] = AveragePool(x) {count_include_pad=1, kernel_shape=(2, 2), pads=(1, 1, 1, 1), strides=(2, 2)}
      return y=AveragePool
    """,
)
def pad_into_average(b: Builder) -> Value:
    padded = b.op("Pad", x(b, 1, 1, 4, 4), [0, 0, 1, 1, 0, 0, 1, 1])
    return b.op("AveragePool", padded, kernel_shape=(2, 2), strides=(2, 2))


@changes(
    "fuse-pad",
    """
    graph main (x: float32[1,1,4,4])
      Pad: float32[1,1,6,6] = Pad(x, int64([0, 0, 1, 1, 0, 0, 1, 1]), float32(-inf))
      MaxPool: float32[1,1,3,3] = MaxPool(Pad) {kernel_shape=(2, 2), strides=(2, 2)}
      return y=MaxPool
    """,
    """
    graph main (x: float32[1,1,4,4])
      MaxPool: float32[1,1,3,3] = MaxPool(x) {kernel_shape=(2, 2), pads=(1, 1, 1, 1), strides=(2, 2)}
      return y=MaxPool
    """,
)
def lowest_into_max(b: Builder) -> Value:
    padded = b.op("Pad", x(b, 1, 1, 4, 4), [0, 0, 1, 1, 0, 0, 1, 1], np.float32(-np.inf))
    return b.op("MaxPool", padded, kernel_shape=(2, 2), strides=(2, 2))


@changes(
    "fuse-pad",
    """
    graph main (x: float32[1,1,4,4])
      Relu: float32[1,1,4,4] = Relu(x)
      Pad: float32[1,1,6,6] = Pad(Relu, int64([0, 0, 1, 1, 0, 0, 1, 1]))
      MaxPool: float32[1,1,3,3] = MaxPool(Pad) {kernel_shape=(2, 2), strides=(2, 2)}
      return y=MaxPool
    """,
    """
    graph main (x: float32[1,1,4,4])
      Relu: float32[1,1,4,4] = Relu(x)
      MaxPool: float32[1,1,3,3] = MaxPool(Relu) {kernel_shape=(2, 2), pads=(1, 1, 1, 1), strides=(2, 2)}
      return y=MaxPool
    """,
)
def zeros_after_relu_into_max(b: Builder) -> Value:
    padded = b.op("Pad", b.op("Relu", x(b, 1, 1, 4, 4)), [0, 0, 1, 1, 0, 0, 1, 1])
    return b.op("MaxPool", padded, kernel_shape=(2, 2), strides=(2, 2))


@declines("fuse-pad", "MaxPool: the padding could be the maximum")
def zeros_into_max(b: Builder) -> Value:
    padded = b.op("Pad", x(b, 1, 1, 4, 4), [0, 0, 1, 1, 0, 0, 1, 1])
    return b.op("MaxPool", padded, kernel_shape=(2, 2))


@declines("fuse-pad", "Conv: the padding is not with zeros")
def ones_into_conv(b: Builder) -> Value:
    return conv(b, b.op("Pad", x(b, 1, 1, 3, 3), [0, 0, 1, 1, 0, 0, 1, 1], np.float32(1)), 1, 1, 2, 2)


@declines("fuse-pad", "Conv: the padding is not constant")
def reflection_into_conv(b: Builder) -> Value:
    return conv(b, b.op("Pad", x(b, 1, 1, 3, 3), [0, 0, 1, 1, 0, 0, 1, 1], mode="reflect"), 1, 1, 2, 2)


@declines("fuse-pad", "Conv: it pads batch or channels, or crops")
def channels_padded(b: Builder) -> Value:
    return conv(b, b.op("Pad", x(b, 1, 1, 3, 3), [0, 1, 0, 0, 0, 0, 0, 0]), 1, 2, 2, 2)


@declines("fuse-pad", "Conv: it pads batch or channels, or crops")
def cropped(b: Builder) -> Value:
    return conv(b, b.op("Pad", x(b, 1, 1, 3, 3), [0, 0, -1, 0, 0, 0, 0, 0]), 1, 1, 2, 2)


@declines("fuse-pad", "Conv: the result of Pad is used elsewhere too")
def padding_is_read_twice(b: Builder) -> Value:
    padded = b.op("Pad", x(b, 1, 1, 3, 3), [0, 0, 1, 1, 0, 0, 1, 1])
    return b.op("Add", conv(b, padded, 1, 1, 1, 1), padded)


@declines("fuse-pad", "Conv: the padding of Conv depends on the size of its input (auto_pad)")
def automatic_padding(b: Builder) -> Value:
    return conv(b, b.op("Pad", x(b, 1, 1, 3, 3), [0, 0, 1, 1, 0, 0, 1, 1]), 1, 1, 2, 2, auto_pad="SAME_UPPER")


@declines("fuse-pad", "AveragePool: the pooling leaves its own padding out of the average")
def average_over_its_own_padding(b: Builder) -> Value:
    padded = b.op("Pad", x(b, 1, 1, 6, 6), [0, 0, 1, 1, 0, 0, 1, 1])
    return b.op("AveragePool", padded, kernel_shape=(3, 3), pads=(1, 1, 1, 1))


@declines("fuse-pad", "AveragePool: windows may start in the padding (ceil_mode)")
def ceil_mode(b: Builder) -> Value:
    padded = b.op("Pad", x(b, 1, 1, 4, 4), [0, 0, 1, 1, 0, 0, 1, 1])
    return b.op("AveragePool", padded, kernel_shape=(2, 2), ceil_mode=1)


@declines("fuse-pad", "AveragePool: the padding is as wide as the window")
def padding_wider_than_the_window(b: Builder) -> Value:
    padded = b.op("Pad", x(b, 1, 1, 4, 4), [0, 0, 2, 2, 0, 0, 2, 2])
    return b.op("AveragePool", padded, kernel_shape=(2, 2))


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_row(row: Row, tmp_path: Path) -> None:
    examine(row, tmp_path)
