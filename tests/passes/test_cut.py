# ruff: noqa: E501 - printed graphs have long lines
"""fuse-slice: channels that a Slice drops are not computed."""

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
    "fuse-slice",
    """
    graph main (x: float32[1,2,3,3])
      Concat: float32[1,4,3,3] = Concat(x, constant<float32[1,2,3,3]>) {axis=1}
      Conv: float32[1,4,3,3] = Conv(x, float32([[[[-1.5]], [[-1.0]]], [[[-0.5]], [[0.0]]], [[[0.5]], [[1.0]]], [[[1.5]], [[-1.5]]]]), float32([0.0, 1.0, 2.0, 3.0]))
      Add: float32[1,4,3,3] = Add(Conv, Concat)
      Relu: float32[1,4,3,3] = Relu(Add)
      Mul: float32[1,4,3,3] = Mul(Relu, float32([[[1.0]], [[2.0]], [[3.0]], [[4.0]]]))
      Slice: float32[1,2,3,3] = Slice(Mul, int64([0]), int64([2]), int64([1]))
      Add_1: float32[1,2,3,3] = Add(Slice, x)
      return y=Add_1
    """,
    """
    graph main (x: float32[1,2,3,3])
      Conv: float32[1,2,3,3] = Conv(x, float32([[[[-1.5]], [[-1.0]]], [[[-0.5]], [[0.0]]]]), float32([0.0, 1.0]))
      Add: float32[1,2,3,3] = Add(Conv, x)
      Relu: float32[1,2,3,3] = Relu(Add)
      Slice: float32[1,2,3,3] = Mul(Relu, float32([[[1.0]], [[2.0]]]))
      Add_1: float32[1,2,3,3] = Add(Slice, x)
      return y=Add_1
    """,
)
def channels_of_a_residual(b: Builder) -> Value:
    source = x(b, 1, 2, 3, 3)
    filled = b.op("Concat", source, b.constant(np.zeros((1, 2, 3, 3), np.float32)), axis=1)
    total = b.op("Relu", b.op("Add", conv(b, source, 4, 2, 1, 1, bias=True), filled))
    return b.op(
        "Add", b.op("Slice", b.op("Mul", total, np.float32([[[1]], [[2]], [[3]], [[4]]])), [0], [2], [1]), source
    )


@changes(
    "fuse-slice",
    """
    graph main (x: float32[1,3,2,2])
      Relu: float32[1,3,2,2] = Relu(x)
      Pad: float32[1,4,2,2] = Pad(Relu, int64([0, 0, 0, 0, 0, 1, 0, 0]))
      Sigmoid: float32[1,4,2,2] = Sigmoid(Pad)
      Slice: float32[1,3,2,2] = Slice(Sigmoid, int64([0, 0, 0, 0]), int64([9, 3, 9, 9]), int64([0, 1, 2, 3]), int64([1, 1, 1, 1]))
      return y=Slice
    """,
    """
    graph main (x: float32[1,3,2,2])
      Relu: float32[1,3,2,2] = Relu(x)
      Slice: float32[1,3,2,2] = Sigmoid(Relu)
      return y=Slice
    """,
)
def channels_of_padding(b: Builder) -> Value:
    padded = b.op("Pad", b.op("Relu", x(b, 1, 3, 2, 2)), [0, 0, 0, 0, 0, 1, 0, 0])
    return b.op("Slice", b.op("Sigmoid", padded), [0, 0, 0, 0], [9, 3, 9, 9], [0, 1, 2, 3], [1, 1, 1, 1])


@changes(
    "fuse-slice,merge-duplicate-nodes",
    """
    graph main (x: float32[1,2,4,4])
      Conv: float32[1,4,4,4] = Conv(x, float32([[[[-1.5]], [[-1.0]]], [[[-0.5]], [[0.0]]], [[[0.5]], [[1.0]]], [[[1.5]], [[-1.5]]]]))
      MaxPool: float32[1,4,3,3] = MaxPool(Conv) {kernel_shape=(2, 2)}
      AveragePool: float32[1,4,2,2] = AveragePool(MaxPool) {kernel_shape=(2, 2)}
      Slice: float32[1,2,2,2] = Slice(AveragePool, int64([0]), int64([2]), int64([1]))
      Slice_1: float32[1,2,3,3] = Slice(MaxPool, int64([0]), int64([2]), int64([1]))
      Conv_1: float32[1,1,3,3] = Conv(MaxPool, float32([[[[1.0]], [[2.0]], [[0.0]], [[0.0]]]]))
      return pooled=Slice, cut=Slice_1, conv=Conv_1
    """,
    """
    graph main (x: float32[1,2,4,4])
      Conv: float32[1,2,4,4] = Conv(x, float32([[[[-1.5]], [[-1.0]]], [[[-0.5]], [[0.0]]]]))
      Slice: float32[1,2,3,3] = MaxPool(Conv) {kernel_shape=(2, 2)}
      Slice_1: float32[1,2,2,2] = AveragePool(Slice) {kernel_shape=(2, 2)}
      Conv_1: float32[1,1,3,3] = Conv(Slice, float32([[[[1.0]], [[2.0]]]]))
      return pooled=Slice_1, cut=Slice, conv=Conv_1
    """,
)
def channels_that_every_reader_drops(b: Builder) -> dict[str, Value]:
    layer = b.op("MaxPool", conv(b, x(b, 1, 2, 4, 4), 4, 2, 1, 1), kernel_shape=(2, 2))
    blind = b.constant(np.float32([[[[1]], [[2]], [[0]], [[0]]]]))
    return {
        "pooled": b.op("Slice", b.op("AveragePool", layer, kernel_shape=(2, 2)), [0], [2], [1]),
        "cut": b.op("Slice", layer, [0], [2], [1]),
        "conv": b.op("Conv", layer, blind),
    }


@changes(
    "fuse-slice",
    """
    graph main (x: float32[1,2,4,4])
      Conv: float32[1,4,4,4] = Conv(x, float32([[[[-1.5]], [[-1.0]]], [[[-0.5]], [[0.0]]], [[[0.5]], [[1.0]]], [[[1.5]], [[-1.5]]]]))
      Conv_1: float32[1,4,4,4] = Conv(Conv, float32([[[[-1.5]]], [[[-1.0]]], [[[-0.5]]], [[[0.0]]]])) {group=4}
      Slice: float32[1,2,4,4] = Slice(Conv_1, int64([0]), int64([2]), int64([1]))
      return y=Slice
    """,
    """
    graph main (x: float32[1,2,4,4])
      Conv: float32[1,2,4,4] = Conv(x, float32([[[[-1.5]], [[-1.0]]], [[[-0.5]], [[0.0]]]]))
      Slice: float32[1,2,4,4] = Conv(Conv, float32([[[[-1.5]]], [[[-1.0]]]])) {group=2}
      return y=Slice
    """,
)
def channels_of_a_depthwise_layer(b: Builder) -> Value:
    deep = conv(b, conv(b, x(b, 1, 2, 4, 4), 4, 2, 1, 1), 4, 1, 1, 1, group=4)
    return b.op("Slice", deep, [0], [2], [1])


@declines("fuse-slice")
def slices_that_stay(b: Builder) -> dict[str, Value]:
    source = x(b, 1, 2, 4, 4)
    layer, grouped = conv(b, source, 4, 2, 1, 1), conv(b, source, 4, 1, 1, 1, group=2)
    return {
        "used": b.op("Slice", layer, [0], [2], [1]),
        "layer": b.op("Relu", layer),
        "grouped": b.op("Slice", grouped, [0], [2], [1]),
        "rows": b.op("Slice", conv(b, source, 4, 2, 1, 1), [0], [2], [2]),
        "blind": conv(b, b.op("Relu", b.op("Concat", source, source, axis=1)), 1, 4, 1, 1),
        "last": b.op("Slice", conv(b, source, 4, 2, 1, 1), [2], [4], [1]),
        "every_other": b.op("Slice", conv(b, source, 4, 2, 1, 1), [0], [4], [1], [2]),
        "softmax": b.op("Slice", b.op("Softmax", conv(b, source, 4, 2, 1, 1), axis=1), [0], [2], [1]),
    }


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_row(row: Row, tmp_path: Path) -> None:
    examine(row, tmp_path)
