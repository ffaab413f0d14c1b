# ruff: noqa: E501 - printed graphs have long lines
"""fuse-conv-bn, fuse-pad and fuse-conv-scale: what goes into the weights of convolutions and linear layers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mgeconvert.builder import Builder
from mgeconvert.ir import Value
from tests.passes import Row, examine, tables

ROWS, changes, declines = tables()


def x(b: Builder, *shape: int | str, dtype: str = "float32") -> Value:
    return b.input("x", dtype, shape)


def weight(b: Builder, *shape: int, name: str = "w", dtype: str = "float32") -> Value:
    numbers = np.arange(np.prod(shape)).reshape(shape) % 7 - 3
    return b.constant((numbers / 2).astype(dtype), name=name)


def conv(b: Builder, source: Value, *shape: int, bias: bool = False, op: str = "Conv", **attrs: object) -> Value:
    channels = shape[1] * int(attrs.get("group", 1)) if op == "ConvTranspose" else shape[0]  # type: ignore[call-overload]
    biases = b.constant(np.arange(channels, dtype=str(source.dtype)), name="c") if bias else None
    return b.op(op, source, weight(b, *shape, dtype=str(source.dtype)), biases, **attrs)


def norm(
    b: Builder, source: Value, channels: int = 2, shift: float = 1.0, dtype: str = "float32", **attrs: object
) -> Value:
    """x / 2 * (1, 2, 3 ...) and a shift; its numbers are exact."""
    numbers = np.arange(1, channels + 1)
    parameters = {"gamma": numbers, "beta": numbers * shift, "mean": 0 * numbers, "var": 0 * numbers + 4}
    constants = [b.constant(array.astype(dtype), name=name) for name, array in parameters.items()]
    return b.op("BatchNormalization", source, *constants, epsilon=0.0, **attrs)


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
      BatchNormalization: float32[2,2] = Gemm(x, float32([[-1.5, -2.0], [-0.5, 0.0], [0.5, 2.0]]), float32([[2.0, 4.0], [3.0, 6.0]])) {transA=1}
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


@declines("fuse-conv-bn", "BatchNormalization: the result of Conv is used elsewhere too")
def result_of_conv_is_an_output(b: Builder) -> dict[str, Value]:
    first = conv(b, x(b, 1, 2, 3, 3), 2, 2, 1, 1)
    return {"y": norm(b, first), "z": first}


@declines("fuse-conv-bn", "BatchNormalization: the result of Conv is used elsewhere too")
def result_of_conv_is_read_twice(b: Builder) -> Value:
    first = conv(b, x(b, 1, 2, 3, 3), 2, 2, 1, 1)
    return b.op("Add", norm(b, first), first)


@declines("fuse-conv-bn", "BatchNormalization: Conv: its weights are used elsewhere too, the file would grow")
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


@changes(
    "fuse-conv-scale",
    """
    graph main (x: float32[1,2,3,3])
      Conv: float32[1,2,3,3] = Conv(x, float32([[[[-1.5]], [[-1.0]]], [[[-0.5]], [[0.0]]]]), float32([0.0, 1.0]))
      Mul: float32[1,2,3,3] = Mul(Conv, float32([[[2.0]], [[4.0]]]))
      Add: float32[1,2,3,3] = Add(Mul, float32([[[10.0]], [[20.0]]]))
      return y=Add
    """,
    """
    graph main (x: float32[1,2,3,3])
      Add: float32[1,2,3,3] = Conv(x, float32([[[[-3.0]], [[-2.0]]], [[[-2.0]], [[0.0]]]]), float32([10.0, 24.0]))
      return y=Add
    """,
)
def factor_for_each_channel(b: Builder) -> Value:
    """The Scale layer of Caffe."""
    scaled = b.op("Mul", conv(b, x(b, 1, 2, 3, 3), 2, 2, 1, 1, bias=True), np.float32([[[2]], [[4]]]))
    return b.op("Add", scaled, np.float32([[[10]], [[20]]]))


@changes(
    "fuse-conv-scale",
    """
    graph main (x: float32[2,1,2])
      MatMul: float32[2,1,2] = MatMul(x, float32([[-1.5, -1.0], [-0.5, 0.0]]))
      Div: float32[2,1,2] = Div(MatMul, float32([2.0, 4.0]))
      return y=Div
    """,
    """
    graph main (x: float32[2,1,2])
      Div: float32[2,1,2] = MatMul(x, float32([[-0.75, -0.25], [-0.25, 0.0]]))
      return y=Div
    """,
)
def quotient_of_stacked_product(b: Builder) -> Value:
    return b.op("Div", b.op("MatMul", x(b, 2, 1, 2), weight(b, 2, 2)), np.float32([2, 4]))


@changes(
    "fuse-conv-scale",
    """
    graph main (x: float32[3,2])
      Gemm: float32[3,2] = Gemm(x, float32([[-1.5, -1.0], [-0.5, 0.0]]), float32([1.0, 2.0]))
      Neg: float32[3,2] = Neg(Gemm)
      return y=Neg
    """,
    """
    graph main (x: float32[3,2])
      Neg: float32[3,2] = Gemm(x, float32([[1.5, 1.0], [0.5, -0.0]]), float32([-1.0, -2.0]))
      return y=Neg
    """,
)
def negated_gemm(b: Builder) -> Value:
    return b.op("Neg", b.op("Gemm", x(b, 3, 2), weight(b, 2, 2), np.float32([1, 2])))


@declines("fuse-conv-scale", "Mul: the factor is zero")
def factor_of_zero(b: Builder) -> Value:
    return b.op("Mul", conv(b, x(b, 1, 2, 3, 3), 2, 2, 1, 1), 0.0)


@changes(
    "fuse-conv-scale,fuse-conv-bn",
    """
    graph main (x: float32[1,2,3,3])
      Conv: float32[1,2,3,3] = Conv(x, float32([[[[-1.5]], [[-1.0]]], [[[-0.5]], [[0.0]]]]))
      Mul: float32[1,2,3,3] = Mul(Conv, float32(2.0))
      BatchNormalization: float32[1,2,3,3] = BatchNormalization(Mul, float32([1.0, 2.0]), float32([1.0, 2.0]), float32([0.0, 0.0]), float32([4.0, 4.0])) {epsilon=0.0}
      return y=BatchNormalization
    """,
    """
    graph main (x: float32[1,2,3,3])
      BatchNormalization: float32[1,2,3,3] = Conv(x, float32([[[[-1.5]], [[-1.0]]], [[[-1.0]], [[0.0]]]]), float32([1.0, 2.0]))
      return y=BatchNormalization
    """,
)
def factor_before_batch_norm(b: Builder) -> Value:
    return norm(b, b.op("Mul", conv(b, x(b, 1, 2, 3, 3), 2, 2, 1, 1), 2.0))


@changes(
    "fuse-conv-scale",
    """
    graph main (x: float32[1,2,3,3])
      Conv: float32[1,2,3,3] = Conv(x, float32([[[[-1.5]], [[-1.0]]], [[[-0.5]], [[0.0]]]]), float32([0.0, 1.0]))
      Add: float32[1,2,3,3] = Add(float32([[[1.0]], [[2.0]]]), Conv)
      return y=Add
    """,
    """
    graph main (x: float32[1,2,3,3])
      Add: float32[1,2,3,3] = Conv(x, float32([[[[-1.5]], [[-1.0]]], [[[-0.5]], [[0.0]]]]), float32([1.0, 3.0]))
      return y=Add
    """,
)
def added_to_conv(b: Builder) -> Value:
    constant = b.constant(np.float32([[[1]], [[2]]]), name="added")
    return b.op("Add", constant, conv(b, x(b, 1, 2, 3, 3), 2, 2, 1, 1, bias=True))


@changes(
    "fuse-conv-scale",
    """
    graph main (x: float32[1,2,3,3])
      Conv: float32[1,2,3,3] = Conv(x, float32([[[[-1.5]], [[-1.0]]], [[[-0.5]], [[0.0]]]]))
      Sub: float32[1,2,3,3] = Sub(Conv, float32(2.0))
      return y=Sub
    """,
    """
    graph main (x: float32[1,2,3,3])
      Sub: float32[1,2,3,3] = Conv(x, float32([[[[-1.5]], [[-1.0]]], [[[-0.5]], [[0.0]]]]), float32([-2.0, -2.0]))
      return y=Sub
    """,
)
def subtracted_from_conv(b: Builder) -> Value:
    return b.op("Sub", conv(b, x(b, 1, 2, 3, 3), 2, 2, 1, 1), 2.0)


@changes(
    "fuse-conv-scale",
    """
    graph main (x: float32[3,2])
      Gemm: float32[3,2] = Gemm(x, float32([[-1.5, -1.0], [-0.5, 0.0]]))
      Add: float32[3,2] = Add(Gemm, float32([1.0, 2.0]))
      return y=Add
    """,
    """
    graph main (x: float32[3,2])
      Add: float32[3,2] = Gemm(x, float32([[-1.5, -1.0], [-0.5, 0.0]]), float32([1.0, 2.0]))
      return y=Add
    """,
)
def added_to_gemm(b: Builder) -> Value:
    return b.op("Add", b.op("Gemm", x(b, 3, 2), weight(b, 2, 2)), b.constant(np.float32([1, 2]), name="added"))


@changes(
    "fuse-conv-scale",
    """
    graph main (x: float32[N,2])
      MatMul: float32[N,2] = MatMul(x, float32([[-1.5, -1.0], [-0.5, 0.0]]))
      Add: float32[N,2] = Add(float32([1.0, 2.0]), MatMul)
      return y=Add
    """,
    """
    graph main (x: float32[N,2])
      Add: float32[N,2] = Gemm(x, float32([[-1.5, -1.0], [-0.5, 0.0]]), float32([1.0, 2.0]))
      return y=Add
    """,
)
def added_to_matmul(b: Builder) -> Value:
    return b.op("Add", b.constant(np.float32([1, 2]), name="added"), b.op("MatMul", x(b, "N", 2), weight(b, 2, 2)))


@changes(
    "fuse-conv-scale",
    """
    graph main (x: float32[3,2], z: float32[2,2])
      MatMul: float32[3,2] = MatMul(x, z)
      Add: float32[3,2] = Add(MatMul, float32(1.0))
      return y=Add
    """,
    """
    graph main (x: float32[3,2], z: float32[2,2])
      Add: float32[3,2] = Gemm(x, z, float32(1.0))
      return y=Add
    """,
)
def added_to_a_product_of_two_inputs(b: Builder) -> Value:
    return b.op("Add", b.op("MatMul", x(b, 3, 2), b.input("z", "float32", (2, 2))), 1.0)


@changes(
    "fuse-conv-scale",
    """
    graph main (x: float32[2,3], z: float32[2,2])
      Transpose: float32[3,2] = Transpose(x) {perm=(1, 0)}
      Transpose_1: float32[2,2] = Transpose(z) {perm=(1, 0)}
      Gemm: float32[3,2] = Gemm(Transpose, Transpose_1) {transB=1}
      return y=Gemm
    """,
    """
    graph main (x: float32[2,3], z: float32[2,2])
      Gemm: float32[3,2] = Gemm(x, z) {transA=1}
      return y=Gemm
    """,
)
def transposed_operands(b: Builder) -> Value:
    left = b.op("Transpose", x(b, 2, 3), perm=(1, 0))
    right = b.op("Transpose", b.input("z", "float32", (2, 2)), perm=(1, 0))
    return b.op("Gemm", left, right, transB=1)


@changes(
    "fuse-conv-scale",
    """
    graph main (x: float32[1,1,2,2])
      Conv: float32[1,1,2,2] = Conv(x, float32([[[[-1.5]]]]), float32([0.0]))
      return y=Conv
    """,
    """
    graph main (x: float32[1,1,2,2])
      Conv: float32[1,1,2,2] = Conv(x, float32([[[[-1.5]]]]))
      return y=Conv
    """,
)
def bias_of_zeros(b: Builder) -> Value:
    return b.op("Conv", x(b, 1, 1, 2, 2), weight(b, 1, 1, 1, 1), np.zeros(1, np.float32))


@declines("fuse-conv-scale", "Add: the constant is not one number a channel")
def not_one_number_a_channel(b: Builder) -> Value:
    return b.op("Add", conv(b, x(b, 1, 2, 3, 3), 2, 2, 1, 1), np.float32([1, 2, 3]))


@declines("fuse-conv-scale", "Add: the constant widens the product")
def widens_the_product(b: Builder) -> Value:
    return b.op("Add", b.op("MatMul", x(b, 1, 2), weight(b, 2, 2)), np.ones((3, 2), np.float32))


@declines("fuse-conv-scale", "Add: the constant widens the result")
def widens_gemm(b: Builder) -> Value:
    return b.op("Add", b.op("Gemm", x(b, 1, 2), weight(b, 2, 2)), np.ones((3, 2), np.float32))


@declines("fuse-conv-scale", "Add: adding 1.25829e+07 rounds to multiples of 1")
def rounding_trick(b: Builder) -> Value:
    return b.op("Add", conv(b, x(b, 1, 2, 3, 3), 2, 2, 1, 1), 1.5 * 2**23)


@changes(
    "fuse-conv-scale",
    """
    graph main (x: float32[1,2,3,3])
      Conv: float32[1,2,3,3] = Conv(x, float32([[[[-1.5]], [[-1.0]]], [[[-0.5]], [[0.0]]]]))
      Sub: float32[1,2,3,3] = Sub(float32(1.0), Conv)
      return y=Sub
    """,
    """
    graph main (x: float32[1,2,3,3])
      Sub: float32[1,2,3,3] = Conv(x, float32([[[[1.5]], [[1.0]]], [[[0.5]], [[-0.0]]]]), float32([1.0, 1.0]))
      return y=Sub
    """,
)
def constant_minus_conv(b: Builder) -> Value:
    return b.op("Sub", np.float32(1), conv(b, x(b, 1, 2, 3, 3), 2, 2, 1, 1))


@declines("fuse-conv-scale", "Add: Conv: its bias would be larger than what it replaces, the file would grow")
def larger_bias(b: Builder) -> Value:
    """A number for 64 channels becomes 64 numbers."""
    return b.op("Add", conv(b, x(b, 1, 1, 3, 3), 64, 1, 1, 1), 1.0)


@declines("fuse-conv-scale", "Add: the result of Conv is used elsewhere too")
def sum_is_read_twice(b: Builder) -> Value:
    first = conv(b, x(b, 1, 2, 3, 3), 2, 2, 1, 1)
    return b.op("Mul", b.op("Add", first, 1.0), first)


@declines("fuse-conv-scale", "Add: its operands are quantized")
def quantized_product(b: Builder) -> Value:
    left = b.op("DequantizeLinear", x(b, 1, 2, dtype="int8"), np.float32(0.5), np.int8(0))
    right = b.op("DequantizeLinear", b.input("z", "int8", (2, 2)), np.float32(0.5), np.int8(0))
    return b.op("Add", b.op("MatMul", left, right), np.ones(2, np.float32))


@declines("fuse-conv-scale")
def product_of_stacks_plus_constant(b: Builder) -> Value:
    return b.op("Add", b.op("MatMul", x(b, 1, 2, 2), weight(b, 2, 2)), np.ones(2, np.float32))


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_row(row: Row, tmp_path: Path) -> None:
    examine(row, tmp_path)
