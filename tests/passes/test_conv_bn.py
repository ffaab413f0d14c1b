# ruff: noqa: E501 - printed graphs have long lines
"""fuse-conv-bn: BatchNormalization before and behind layers of every kind."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder
from tests.passes.harness import Row, examine, tables
from tests.passes.layers import conv, norm, weight, x

ROWS, changes, declines = tables()


@changes(
    "fuse-conv-bn",
    """
    graph main (x: float32[1,2,3,3])
      Conv: float32[1,2,3,3] = Conv(x, float32([[[[-1.5]], [[-1.0]]], [[[-0.5]], [[0.0]]]]), float32([0.0, 1.0]))
      BatchNormalization: float32[1,2,3,3] = BatchNormalization(Conv, float32([1.0, 2.0]), float32([1.0, 2.0]), float32([0.0, 0.0]), float32([4.0, 4.0])) {epsilon=0.0}
      return y=BatchNormalization
    """,
    """
    graph main (x: float32[1,2,3,3])
      BatchNormalization: float32[1,2,3,3] = Conv(x, float32([[[[-0.75]], [[-0.5]]], [[[-0.5]], [[0.0]]]]), float32([1.0, 3.0]))
      return y=BatchNormalization
    """,
)
def after_conv(b: Builder) -> Value:
    return norm(b, conv(b, x(b, 1, 2, 3, 3), 2, 2, 1, 1, bias=True))


@changes(
    "fuse-conv-bn",
    """
    graph main (x: float32[N,2,5])
      Conv: float32[N,2,4] = Conv(x, float32([[[-1.5, -1.0], [-0.5, 0.0]], [[0.5, 1.0], [1.5, -1.5]]]))
      BatchNormalization: float32[N,2,4] = BatchNormalization(Conv, float32([1.0, 2.0]), float32([1.0, 2.0]), float32([0.0, 0.0]), float32([4.0, 4.0])) {epsilon=0.0}
      return y=BatchNormalization
    """,
    """
    graph main (x: float32[N,2,5])
      BatchNormalization: float32[N,2,4] = Conv(x, float32([[[-0.75, -0.5], [-0.25, 0.0]], [[0.5, 1.0], [1.5, -1.5]]]), float32([1.0, 2.0]))
      return y=BatchNormalization
    """,
)
def after_conv_without_bias(b: Builder) -> Value:
    return norm(b, conv(b, x(b, "N", 2, 5), 2, 2, 2))


@changes(
    "fuse-conv-bn",
    """
    graph main (x: float32[1,2,3,3])
      Conv: float32[1,2,3,3] = Conv(x, float32([[[[-1.5]], [[-1.0]]], [[[-0.5]], [[0.0]]]]))
      BatchNormalization: float32[1,2,3,3] = BatchNormalization(Conv, float32([1.0, 2.0]), float32([0.0, 0.0]), float32([0.0, 0.0]), float32([4.0, 4.0])) {epsilon=0.0}
      return y=BatchNormalization
    """,
    """
    graph main (x: float32[1,2,3,3])
      BatchNormalization: float32[1,2,3,3] = Conv(x, float32([[[[-0.75]], [[-0.5]]], [[[-0.5]], [[0.0]]]]))
      return y=BatchNormalization
    """,
)
def after_conv_without_shift(b: Builder) -> Value:
    return norm(b, conv(b, x(b, 1, 2, 3, 3), 2, 2, 1, 1), shift=0)


@changes(
    "fuse-conv-bn",
    """
    graph main (x: float32[1,1,3,3,3])
      Conv: float32[1,2,3,2,2] = Conv(x, float32([[[[[-1.5, -1.0], [-0.5, 0.0]]]], [[[[0.5, 1.0], [1.5, -1.5]]]]]), float32([0.0, 1.0]))
      BatchNormalization: float32[1,2,3,2,2] = BatchNormalization(Conv, float32([1.0, 2.0]), float32([1.0, 2.0]), float32([0.0, 0.0]), float32([4.0, 4.0])) {epsilon=0.0}
      return y=BatchNormalization
    """,
    """
    graph main (x: float32[1,1,3,3,3])
      BatchNormalization: float32[1,2,3,2,2] = Conv(x, float32([[[[[-0.75, -0.5], [-0.25, 0.0]]]], [[[[0.5, 1.0], [1.5, -1.5]]]]]), float32([1.0, 3.0]))
      return y=BatchNormalization
    """,
)
def after_3d_conv(b: Builder) -> Value:
    return norm(b, conv(b, x(b, 1, 1, 3, 3, 3), 2, 1, 1, 2, 2, bias=True))


@changes(
    "fuse-conv-bn",
    """
    graph main (x: float32[1,2,3,3])
      Conv: float32[1,2,4,4] = Conv(x, float32([[[[-1.5, -1.0], [-0.5, 0.0]]], [[[0.5, 1.0], [1.5, -1.5]]]])) {group=2, pads=(1, 1, 1, 1)}
      BatchNormalization: float32[1,2,4,4] = BatchNormalization(Conv, float32([1.0, 2.0]), float32([1.0, 2.0]), float32([0.0, 0.0]), float32([4.0, 4.0])) {epsilon=0.0}
      return y=BatchNormalization
    """,
    """
    graph main (x: float32[1,2,3,3])
      BatchNormalization: float32[1,2,4,4] = Conv(x, float32([[[[-0.75, -0.5], [-0.25, 0.0]]], [[[0.5, 1.0], [1.5, -1.5]]]]), float32([1.0, 2.0])) {group=2, pads=(1, 1, 1, 1)}
      return y=BatchNormalization
    """,
)
def after_depthwise_conv(b: Builder) -> Value:
    return norm(b, conv(b, x(b, 1, 2, 3, 3), 2, 1, 2, 2, group=2, pads=(1, 1, 1, 1)))


@changes(
    "fuse-conv-bn",
    """
    graph main (x: float32[1,4,3,3])
      ConvTranspose: float32[1,2,3,3] = ConvTranspose(x, float32([[[[-1.5]]], [[[-1.0]]], [[[-0.5]]], [[[0.0]]]]), float32([0.0, 1.0])) {group=2}
      BatchNormalization: float32[1,2,3,3] = BatchNormalization(ConvTranspose, float32([1.0, 2.0]), float32([1.0, 2.0]), float32([0.0, 0.0]), float32([4.0, 4.0])) {epsilon=0.0}
      return y=BatchNormalization
    """,
    """
    graph main (x: float32[1,4,3,3])
      BatchNormalization: float32[1,2,3,3] = ConvTranspose(x, float32([[[[-0.75]]], [[[-0.5]]], [[[-0.5]]], [[[0.0]]]]), float32([1.0, 3.0])) {group=2}
      return y=BatchNormalization
    """,
)
def after_grouped_transposed_conv(b: Builder) -> Value:
    return norm(b, conv(b, x(b, 1, 4, 3, 3), 4, 1, 1, 1, op="ConvTranspose", group=2, bias=True))


@changes(
    "fuse-conv-bn",
    """
    graph main (x: float32[1,1,3,3])
      ConvTranspose: float32[1,2,6,6] = ConvTranspose(x, float32([[[[-1.5, -1.0], [-0.5, 0.0]], [[0.5, 1.0], [1.5, -1.5]]]])) {strides=(2, 2)}
      BatchNormalization: float32[1,2,6,6] = BatchNormalization(ConvTranspose, float32([1.0, 2.0]), float32([1.0, 2.0]), float32([0.0, 0.0]), float32([4.0, 4.0])) {epsilon=0.0}
      return y=BatchNormalization
    """,
    """
    graph main (x: float32[1,1,3,3])
      BatchNormalization: float32[1,2,6,6] = ConvTranspose(x, float32([[[[-0.75, -0.5], [-0.25, 0.0]], [[0.5, 1.0], [1.5, -1.5]]]]), float32([1.0, 2.0])) {strides=(2, 2)}
      return y=BatchNormalization
    """,
)
def after_transposed_conv(b: Builder) -> Value:
    return norm(b, conv(b, x(b, 1, 1, 3, 3), 1, 2, 2, 2, op="ConvTranspose", strides=(2, 2)))


@changes(
    "fuse-conv-bn",
    """
    graph main (x: float32[3,2])
      Gemm: float32[3,2] = Gemm(x, float32([[-1.5, -1.0], [-0.5, 0.0]]), float32([1.0, 2.0])) {transB=1}
      BatchNormalization: float32[3,2] = BatchNormalization(Gemm, float32([1.0, 2.0]), float32([1.0, 2.0]), float32([0.0, 0.0]), float32([4.0, 4.0])) {epsilon=0.0}
      return y=BatchNormalization
    """,
    """
    graph main (x: float32[3,2])
      BatchNormalization: float32[3,2] = Gemm(x, float32([[-0.75, -0.5], [-0.5, 0.0]]), float32([1.5, 4.0])) {transB=1}
      return y=BatchNormalization
    """,
)
def after_gemm(b: Builder) -> Value:
    return norm(b, b.op("Gemm", x(b, 3, 2), weight(b, 2, 2), b.constant(np.float32([1, 2]), name="c"), transB=1))


@changes(
    "fuse-conv-bn",
    """
    graph main (x: float32[3,2])
      Gemm: float32[2,2] = Gemm(x, float32([[-1.5, -1.0], [-0.5, 0.0], [0.5, 1.0]]), float32([[4.0], [8.0]])) {alpha=2.0, beta=0.5, transA=1}
      BatchNormalization: float32[2,2] = BatchNormalization(Gemm, float32([1.0, 2.0]), float32([1.0, 2.0]), float32([0.0, 0.0]), float32([4.0, 4.0])) {epsilon=0.0}
      return y=BatchNormalization
    """,
    """
    graph main (x: float32[3,2])
      BatchNormalization: float32[2,2] = Gemm(x, float32([[-0.75, -1.0], [-0.25, 0.0], [0.25, 1.0]]), float32([[2.0, 4.0], [3.0, 6.0]])) {alpha=2.0, transA=1}
      return y=BatchNormalization
    """,
)
def after_gemm_with_alpha_and_beta(b: Builder) -> Value:
    biases = b.constant(np.float32([[4], [8]]), name="c")
    return norm(b, b.op("Gemm", x(b, 3, 2), weight(b, 3, 2), biases, transA=1, alpha=2.0, beta=0.5))


@changes(
    "fuse-conv-bn",
    """
    graph main (x: float32[3,2])
      MatMul: float32[3,2] = MatMul(x, float32([[-1.5, -1.0], [-0.5, 0.0]]))
      BatchNormalization: float32[3,2] = BatchNormalization(MatMul, float32([1.0, 2.0]), float32([1.0, 2.0]), float32([0.0, 0.0]), float32([4.0, 4.0])) {epsilon=0.0}
      return y=BatchNormalization
    """,
    """
    graph main (x: float32[3,2])
      BatchNormalization: float32[3,2] = Gemm(x, float32([[-0.75, -1.0], [-0.25, 0.0]]), float32([1.0, 2.0]))
      return y=BatchNormalization
    """,
)
def after_matmul(b: Builder) -> Value:
    return norm(b, b.op("MatMul", x(b, 3, 2), weight(b, 2, 2)))


@changes(
    "fuse-conv-bn",
    """
    graph main (x: float32[N,2])
      Gemm: float32[N,2] = Gemm(x, float32([[-1.5, -1.0], [-0.5, 0.0]]))
      Unsqueeze: float32[N,2,1] = Unsqueeze(Gemm, int64([2]))
      BatchNormalization: float32[N,2,1] = BatchNormalization(Unsqueeze, float32([1.0, 2.0]), float32([1.0, 2.0]), float32([0.0, 0.0]), float32([4.0, 4.0])) {epsilon=0.0}
      return y=BatchNormalization
    """,
    """
    graph main (x: float32[N,2])
      Gemm: float32[N,2] = Gemm(x, float32([[-0.75, -1.0], [-0.25, 0.0]]), float32([1.0, 2.0]))
      BatchNormalization: float32[N,2,1] = Unsqueeze(Gemm, int64([2]))
      return y=BatchNormalization
    """,
)
def after_a_linear_layer_that_is_reshaped(b: Builder) -> Value:
    linear = b.op("Gemm", x(b, "N", 2), weight(b, 2, 2))
    return norm(b, b.op("Unsqueeze", linear, [2]))


@changes(
    "fuse-conv-bn",
    """
    graph main (x: float16[1,2,3,3])
      Conv: float16[1,2,3,3] = Conv(x, float16([[[[-1.5]], [[-1.0]]], [[[-0.5]], [[0.0]]]]))
      BatchNormalization: float16[1,2,3,3] = BatchNormalization(Conv, float16([1.0, 2.0]), float16([1.0, 2.0]), float16([0.0, 0.0]), float16([4.0, 4.0])) {epsilon=0.0}
      return y=BatchNormalization
    """,
    """
    graph main (x: float16[1,2,3,3])
      BatchNormalization: float16[1,2,3,3] = Conv(x, float16([[[[-0.75]], [[-0.5]]], [[[-0.5]], [[0.0]]]]), float16([1.0, 2.0]))
      return y=BatchNormalization
    """,
)
def after_half_precision_conv(b: Builder) -> Value:
    return norm(b, conv(b, x(b, 1, 2, 3, 3, dtype="float16"), 2, 2, 1, 1), dtype="float16")


@changes(
    "fuse-conv-bn",
    """
    graph main (x: float32[1,2,3,3])
      BatchNormalization: float32[1,2,3,3] = BatchNormalization(x, float32([1.0, 2.0]), float32([1.0, 2.0]), float32([0.0, 0.0]), float32([4.0, 4.0])) {epsilon=0.0}
      Conv: float32[1,2,3,3] = Conv(BatchNormalization, float32([[[[-1.5]], [[-1.0]]], [[[-0.5]], [[0.0]]]]))
      return y=Conv
    """,
    """
    graph main (x: float32[1,2,3,3])
      Conv: float32[1,2,3,3] = Conv(x, float32([[[[-0.75]], [[-1.0]]], [[[-0.25]], [[0.0]]]]), float32([-3.5, -0.5]))
      return y=Conv
    """,
)
def before_conv(b: Builder) -> Value:
    return conv(b, norm(b, x(b, 1, 2, 3, 3)), 2, 2, 1, 1)


@changes(
    "fuse-conv-bn",
    """
    graph main (x: float32[1,2,3,3])
      BatchNormalization: float32[1,2,3,3] = BatchNormalization(x, float32([1.0, 2.0]), float32([1.0, 2.0]), float32([0.0, 0.0]), float32([4.0, 4.0])) {epsilon=0.0}
      Conv: float32[1,2,2,2] = Conv(BatchNormalization, float32([[[[-1.5, -1.0], [-0.5, 0.0]]], [[[0.5, 1.0], [1.5, -1.5]]]]), float32([0.0, 1.0])) {group=2}
      return y=Conv
    """,
    """
    graph main (x: float32[1,2,3,3])
      Conv: float32[1,2,2,2] = Conv(x, float32([[[[-0.75, -0.5], [-0.25, 0.0]]], [[[0.5, 1.0], [1.5, -1.5]]]]), float32([-3.0, 4.0])) {group=2}
      return y=Conv
    """,
)
def before_grouped_conv(b: Builder) -> Value:
    return conv(b, norm(b, x(b, 1, 2, 3, 3)), 2, 1, 2, 2, group=2, bias=True)


@changes(
    "fuse-conv-bn",
    """
    graph main (x: float32[1,2,3,3])
      BatchNormalization: float32[1,2,3,3] = BatchNormalization(x, float32([1.0, 2.0]), float32([0.0, 0.0]), float32([0.0, 0.0]), float32([4.0, 4.0])) {epsilon=0.0}
      Conv: float32[1,1,4,4] = Conv(BatchNormalization, float32([[[[-1.5, -1.0], [-0.5, 0.0]], [[0.5, 1.0], [1.5, -1.5]]]])) {pads=(1, 1, 1, 1)}
      return y=Conv
    """,
    """
    graph main (x: float32[1,2,3,3])
      Conv: float32[1,1,4,4] = Conv(x, float32([[[[-0.75, -0.5], [-0.25, 0.0]], [[0.5, 1.0], [1.5, -1.5]]]])) {pads=(1, 1, 1, 1)}
      return y=Conv
    """,
)
def before_padded_conv_without_shift(b: Builder) -> Value:
    return conv(b, norm(b, x(b, 1, 2, 3, 3), shift=0), 1, 2, 2, 2, pads=(1, 1, 1, 1))


@changes(
    "fuse-conv-bn",
    """
    graph main (x: float32[1,2,3,3])
      BatchNormalization: float32[1,2,3,3] = BatchNormalization(x, float32([1.0, 2.0]), float32([0.0, 0.0]), float32([0.0, 0.0]), float32([4.0, 4.0])) {epsilon=0.0}
      ConvTranspose: float32[1,1,6,6] = ConvTranspose(BatchNormalization, float32([[[[-1.5, -1.0], [-0.5, 0.0]]], [[[0.5, 1.0], [1.5, -1.5]]]])) {strides=(2, 2)}
      return y=ConvTranspose
    """,
    """
    graph main (x: float32[1,2,3,3])
      ConvTranspose: float32[1,1,6,6] = ConvTranspose(x, float32([[[[-0.75, -0.5], [-0.25, 0.0]]], [[[0.5, 1.0], [1.5, -1.5]]]])) {strides=(2, 2)}
      return y=ConvTranspose
    """,
)
def before_transposed_conv_without_shift(b: Builder) -> Value:
    return conv(b, norm(b, x(b, 1, 2, 3, 3), shift=0), 2, 1, 2, 2, op="ConvTranspose", strides=(2, 2))


@changes(
    "fuse-conv-bn",
    """
    graph main (x: float32[3,2])
      BatchNormalization: float32[3,2] = BatchNormalization(x, float32([1.0, 2.0]), float32([1.0, 2.0]), float32([0.0, 0.0]), float32([4.0, 4.0])) {epsilon=0.0}
      Gemm: float32[3,3] = Gemm(BatchNormalization, float32([[-1.5, -1.0, -0.5], [0.0, 0.5, 1.0]]))
      return y=Gemm
    """,
    """
    graph main (x: float32[3,2])
      Gemm: float32[3,3] = Gemm(x, float32([[-0.75, -0.5, -0.25], [0.0, 0.5, 1.0]]), float32([-1.5, 0.0, 1.5]))
      return y=Gemm
    """,
)
def before_gemm(b: Builder) -> Value:
    return b.op("Gemm", norm(b, x(b, 3, 2)), weight(b, 2, 3))


@changes(
    "fuse-conv-bn",
    """
    graph main (x: float32[1,2,3,3])
      Conv: float32[1,2,3,3] = Conv(x, float32([[[[-1.5]], [[-1.0]]], [[[-0.5]], [[0.0]]]]))
      BatchNormalization: float32[1,2,3,3] = BatchNormalization(Conv, float32([1.0, 2.0]), float32([1.0, 2.0]), float32([0.0, 0.0]), float32([4.0, 4.0])) {epsilon=0.0}
      Conv_1: float32[1,1,2,2] = Conv(BatchNormalization, float32([[[[-1.5, -1.0], [-0.5, 0.0]], [[0.5, 1.0], [1.5, -1.5]]]]))
      return y=Conv_1
    """,
    """
    graph main (x: float32[1,2,3,3])
      BatchNormalization: float32[1,2,3,3] = Conv(x, float32([[[[-0.75]], [[-0.5]]], [[[-0.5]], [[0.0]]]]), float32([1.0, 2.0]))
      Conv_1: float32[1,1,2,2] = Conv(BatchNormalization, float32([[[[-1.5, -1.0], [-0.5, 0.0]], [[0.5, 1.0], [1.5, -1.5]]]]))
      return y=Conv_1
    """,
)
def between_two_convs(b: Builder) -> Value:
    """The first one takes it."""
    return conv(b, norm(b, conv(b, x(b, 1, 2, 3, 3), 2, 2, 1, 1)), 1, 2, 2, 2)


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_row(row: Row, tmp_path: Path) -> None:
    examine(row, tmp_path)
