# ruff: noqa: E501 - printed graphs have long lines
"""backward-fold-scale: factors that move back over other operators into weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder
from tests.passes.harness import Row, examine, tables

ROWS, changes, declines = tables()


CHANNELS = np.float32([[[1]], [[2]]])


def x(b: Builder, *shape: int | str, dtype: str = "float32") -> Value:
    return b.input("x", dtype, shape or (2, 3))


def conv(b: Builder, source: Value, outputs: int = 2, inputs: int = 2, bias: bool = True, **attrs: object) -> Value:
    weight = (np.arange(outputs * inputs) - 2).reshape(outputs, inputs, 1, 1).astype(np.float32)
    biases = b.constant(np.arange(1, outputs + 1, dtype=np.float32), name="c") if bias else None
    return b.op("Conv", source, b.constant(weight, name="w"), biases, **attrs)


@changes(
    "backward-fold-scale",
    """
    graph main (x: float32[1,2,3,3])
      Conv: float32[1,2,3,3] = Conv(x, float32([[[[-2.0]], [[-1.0]]], [[[0.0]], [[1.0]]]]), float32([1.0, 2.0]))
      Mul: float32[1,2,3,3] = Mul(Conv, float32(2.0))
      return y=Mul
    """,
    """
    graph main (x: float32[1,2,3,3])
      Mul: float32[1,2,3,3] = Conv(x, float32([[[[-4.0]], [[-2.0]]], [[[0.0]], [[2.0]]]]), float32([2.0, 4.0]))
      return y=Mul
    """,
)
def into_conv(b: Builder) -> Value:
    return b.op("Mul", conv(b, x(b, 1, 2, 3, 3)), 2.0)


@changes(
    "backward-fold-scale",
    """
    graph main (x: float32[1,2,3,3])
      Conv: float32[1,2,3,3] = Conv(x, float32([[[[-2.0]], [[-1.0]]], [[[0.0]], [[1.0]]]]))
      Div: float32[1,2,3,3] = Div(Conv, float32([[[1.0]], [[0.5]]]))
      return y=Div
    """,
    """
    graph main (x: float32[1,2,3,3])
      Div: float32[1,2,3,3] = Conv(x, float32([[[[-2.0]], [[-1.0]]], [[[0.0]], [[2.0]]]]))
      return y=Div
    """,
)
def a_factor_a_channel(b: Builder) -> Value:
    return b.op("Div", conv(b, x(b, 1, 2, 3, 3), bias=False), 1 / CHANNELS)


@changes(
    "backward-fold-scale",
    """
    graph main (x: float32[1,2,3,3])
      Conv: float32[1,2,3,3] = Conv(x, float32([[[[-2.0]], [[-1.0]]], [[[0.0]], [[1.0]]]]), float32([1.0, 2.0]))
      Relu: float32[1,2,3,3] = Relu(Conv)
      Add: float32[1,2,3,3] = Add(Relu, float32(3.0))
      Add_1: float32[1,2,3,3] = Add(Relu, float32(4.0))
      Add_2: float32[1,2,3,3] = Add(Add, Add_1)
      Mul: float32[1,2,3,3] = Mul(Add_2, float32(3.0))
      return y=Mul
    """,
    """
    graph main (x: float32[1,2,3,3])
      Conv: float32[1,2,3,3] = Conv(x, float32([[[[-6.0]], [[-3.0]]], [[[0.0]], [[3.0]]]]), float32([3.0, 6.0]))
      Relu: float32[1,2,3,3] = Relu(Conv)
      Add: float32[1,2,3,3] = Add(Relu, float32(9.0))
      Add_1: float32[1,2,3,3] = Add(Relu, float32(12.0))
      Mul: float32[1,2,3,3] = Add(Add, Add_1)
      return y=Mul
    """,
)
def example_of_megengine_for_scales(b: Builder) -> Value:
    """The sum of a diamond: relu(conv) + 3, relu(conv) + 4."""
    first = b.op("Relu", conv(b, x(b, 1, 2, 3, 3)))
    return b.op("Mul", b.op("Add", b.op("Add", first, 3.0), b.op("Add", first, 4.0)), 3.0)


@changes(
    "backward-fold-scale",
    """
    graph main (x: float32[1,2,4,4], z: float32[1,2,2,2])
      Conv: float32[1,2,4,4] = Conv(x, float32([[[[-2.0]], [[-1.0]]], [[[0.0]], [[1.0]]]]), float32([1.0, 2.0]))
      LeakyRelu: float32[1,2,4,4] = LeakyRelu(Conv) {alpha=0.5}
      MaxPool: float32[1,2,2,2] = MaxPool(LeakyRelu) {kernel_shape=(2, 2), strides=(2, 2)}
      Mul: float32[1,2,2,2] = Mul(z, float32(3.0))
      Concat: float32[1,4,2,2] = Concat(MaxPool, Mul) {axis=1}
      GlobalAveragePool: float32[1,4,1,1] = GlobalAveragePool(Concat)
      Transpose: float32[1,1,1,4] = Transpose(GlobalAveragePool) {perm=(0, 2, 3, 1)}
      Pad: float32[1,1,1,5] = Pad(Transpose, int64([0, 0, 0, 1, 0, 0, 0, 0]))
      Flatten: float32[1,5] = Flatten(Pad)
      Mul_1: float32[1,5] = Mul(Flatten, float32(2.0))
      return y=Mul_1
    """,
    """
    graph main (x: float32[1,2,4,4], z: float32[1,2,2,2])
      Conv: float32[1,2,4,4] = Conv(x, float32([[[[-4.0]], [[-2.0]]], [[[0.0]], [[2.0]]]]), float32([2.0, 4.0]))
      LeakyRelu: float32[1,2,4,4] = LeakyRelu(Conv) {alpha=0.5}
      MaxPool: float32[1,2,2,2] = MaxPool(LeakyRelu) {kernel_shape=(2, 2), strides=(2, 2)}
      Mul: float32[1,2,2,2] = Mul(z, float32(6.0))
      Concat: float32[1,4,2,2] = Concat(MaxPool, Mul) {axis=1}
      GlobalAveragePool: float32[1,4,1,1] = GlobalAveragePool(Concat)
      Transpose: float32[1,1,1,4] = Transpose(GlobalAveragePool) {perm=(0, 2, 3, 1)}
      Pad: float32[1,1,1,5] = Pad(Transpose, int64([0, 0, 0, 1, 0, 0, 0, 0]))
      Mul_1: float32[1,5] = Flatten(Pad)
      return y=Mul_1
    """,
)
def through_everything(b: Builder) -> Value:
    first = conv(b, x(b, 1, 2, 4, 4))
    pooled = b.op("MaxPool", b.op("LeakyRelu", first, alpha=0.5), kernel_shape=(2, 2), strides=(2, 2))
    joined = b.op("Concat", pooled, b.op("Mul", b.input("z", "float32", (1, 2, 2, 2)), 3.0), axis=1)
    turned = b.op("Transpose", b.op("GlobalAveragePool", joined), perm=(0, 2, 3, 1))
    return b.op("Mul", b.op("Flatten", b.op("Pad", turned, [0, 0, 0, 1, 0, 0, 0, 0])), 2.0)


@changes(
    "backward-fold-scale",
    """
    graph main (x: float32[1,2,3,3])
      Conv: float32[1,2,3,3] = Conv(x, float32([[[[-2.0]], [[-1.0]]], [[[0.0]], [[1.0]]]]), float32([1.0, 2.0]))
      Conv_1: float32[1,1,3,3] = Conv(x, float32([[[[-2.0]], [[-1.0]]]]), float32([1.0]))
      Relu: float32[1,1,3,3] = Relu(Conv_1)
      Concat: float32[1,3,3,3] = Concat(Conv, Relu) {axis=1}
      Transpose: float32[1,3,3,3] = Transpose(Concat) {perm=(0, 2, 3, 1)}
      Mul: float32[1,3,3,3] = Mul(Transpose, float32([2.0, 4.0, 8.0]))
      return y=Mul
    """,
    """
    graph main (x: float32[1,2,3,3])
      Conv: float32[1,2,3,3] = Conv(x, float32([[[[-4.0]], [[-2.0]]], [[[0.0]], [[4.0]]]]), float32([2.0, 8.0]))
      Conv_1: float32[1,1,3,3] = Conv(x, float32([[[[-16.0]], [[-8.0]]]]), float32([8.0]))
      Relu: float32[1,1,3,3] = Relu(Conv_1)
      Concat: float32[1,3,3,3] = Concat(Conv, Relu) {axis=1}
      Mul: float32[1,3,3,3] = Transpose(Concat) {perm=(0, 2, 3, 1)}
      return y=Mul
    """,
)
def channels_through_concat_and_transpose(b: Builder) -> Value:
    source = x(b, 1, 2, 3, 3)
    joined = b.op("Concat", conv(b, source), b.op("Relu", conv(b, source, 1)), axis=1)
    turned = b.op("Transpose", joined, perm=(0, 2, 3, 1))
    return b.op("Mul", turned, np.float32([2, 4, 8]))


@changes(
    "backward-fold-scale",
    """
    graph main (x: float32[3,2])
      Gemm: float32[3,2] = Gemm(x, float32([[1.0, 2.0], [3.0, 4.0]]), float32([5.0, 6.0]))
      Unsqueeze: float32[3,2,1] = Unsqueeze(Gemm, int64([2]))
      Mul: float32[3,2,1] = Mul(Unsqueeze, float32([[2.0], [4.0]]))
      return y=Mul
    """,
    """
    graph main (x: float32[3,2])
      Gemm: float32[3,2] = Gemm(x, float32([[2.0, 8.0], [6.0, 16.0]]), float32([10.0, 24.0]))
      Mul: float32[3,2,1] = Unsqueeze(Gemm, int64([2]))
      return y=Mul
    """,
)
def into_gemm_through_reshape(b: Builder) -> Value:
    linear = b.op("Gemm", x(b, 3, 2), np.float32([[1, 2], [3, 4]]), np.float32([5, 6]))
    return b.op("Mul", b.op("Unsqueeze", linear, [2]), np.float32([[2], [4]]))


@changes(
    "backward-fold-scale",
    """
    graph main (x: float32[1,2,2])
      MatMul: float32[1,2,2] = MatMul(x, float32([[1.0, 2.0], [3.0, 4.0]]))
      Add: float32[1,2,2] = Add(MatMul, float32([5.0, 6.0]))
      Transpose: float32[1,2,2] = Transpose(x) {perm=(0, 2, 1)}
      MatMul_1: float32[1,2,2] = MatMul(Add, Transpose)
      Div: float32[1,2,2] = Div(MatMul_1, float32(4.0))
      return y=Div
    """,
    """
    graph main (x: float32[1,2,2])
      Transpose: float32[1,2,2] = Transpose(x) {perm=(0, 2, 1)}
      MatMul: float32[1,2,2] = MatMul(x, float32([[0.25, 0.5], [0.75, 1.0]]))
      Add: float32[1,2,2] = Add(MatMul, float32([1.25, 1.5]))
      Div: float32[1,2,2] = MatMul(Add, Transpose)
      return y=Div
    """,
)
def scores_of_attention(b: Builder) -> Value:
    """The quotient of q k / sqrt(d) goes into the weights that make q."""
    source = x(b, 1, 2, 2)
    query = b.op("Add", b.op("MatMul", source, np.float32([[1, 2], [3, 4]])), np.float32([5, 6]))
    return b.op("Div", b.op("MatMul", query, b.op("Transpose", source, perm=(0, 2, 1))), 4.0)


@changes(
    "backward-fold-scale",
    """
    graph main (x: float32[1,2,3,3])
      Conv: float32[1,2,3,3] = Conv(x, float32([[[[-2.0]], [[-1.0]]], [[[0.0]], [[1.0]]]]), float32([1.0, 2.0]))
      Conv_1: float32[1,2,3,3] = Conv(x, float32([[[[-2.0]], [[-1.0]]], [[[0.0]], [[1.0]]]]))
      Sub: float32[1,2,3,3] = Sub(Conv, Conv_1)
      Neg: float32[1,2,3,3] = Neg(Sub)
      return y=Neg
    """,
    """
    graph main (x: float32[1,2,3,3])
      Conv: float32[1,2,3,3] = Conv(x, float32([[[[2.0]], [[1.0]]], [[[-0.0]], [[-1.0]]]]), float32([-1.0, -2.0]))
      Conv_1: float32[1,2,3,3] = Conv(x, float32([[[[2.0]], [[1.0]]], [[[-0.0]], [[-1.0]]]]))
      Neg: float32[1,2,3,3] = Sub(Conv, Conv_1)
      return y=Neg
    """,
)
def negation_through_a_sum(b: Builder) -> Value:
    source = x(b, 1, 2, 3, 3)
    return b.op("Neg", b.op("Sub", conv(b, source), conv(b, source, bias=False)))


@changes(
    "backward-fold-scale",
    """
    graph main (x: float32[1,2,2,2])
      Conv: float32[1,2,2,2] = Conv(x, float32([[[[-2.0]], [[-1.0]]], [[[0.0]], [[1.0]]]]), float32([1.0, 2.0]))
      Resize: float32[1,2,4,4] = Resize(Conv, _, float32([1.0, 1.0, 2.0, 2.0])) {mode='linear'}
      Mul: float32[1,2,4,4] = Mul(Resize, float32([[[2.0]], [[4.0]]]))
      return y=Mul
    """,
    """
    graph main (x: float32[1,2,2,2])
      Conv: float32[1,2,2,2] = Conv(x, float32([[[[-4.0]], [[-2.0]]], [[[0.0]], [[4.0]]]]), float32([2.0, 8.0]))
      Mul: float32[1,2,4,4] = Resize(Conv, _, float32([1.0, 1.0, 2.0, 2.0])) {mode='linear'}
      return y=Mul
    """,
)
def resized(b: Builder) -> Value:
    scales = np.float32([1, 1, 2, 2])
    return b.op("Mul", b.op("Resize", conv(b, x(b, 1, 2, 2, 2)), None, scales, mode="linear"), CHANNELS * 2)


@changes(
    "backward-fold-scale,merge-duplicate-nodes",
    """
    graph main (x: float32[1,2,4,4])
      Conv: float32[1,2,4,4] = Conv(x, float32([[[[-2.0]], [[-1.0]]], [[[0.0]], [[1.0]]]]), float32([1.0, 2.0]))
      Relu: float32[1,2,4,4] = Relu(Conv)
      MaxPool: float32[1,2,2,2] = MaxPool(Relu) {kernel_shape=(2, 2), strides=(2, 2)}
      Mul: float32[1,2,4,4] = Mul(Relu, float32(2.0))
      GlobalMaxPool: float32[1,2,1,1] = GlobalMaxPool(MaxPool)
      Mul_1: float32[1,2,1,1] = Mul(GlobalMaxPool, float32(2.0))
      return y=Mul, z=Mul_1
    """,
    """
    graph main (x: float32[1,2,4,4])
      Conv: float32[1,2,4,4] = Conv(x, float32([[[[-4.0]], [[-2.0]]], [[[0.0]], [[2.0]]]]), float32([2.0, 4.0]))
      Mul: float32[1,2,4,4] = Relu(Conv)
      MaxPool: float32[1,2,2,2] = MaxPool(Mul) {kernel_shape=(2, 2), strides=(2, 2)}
      Mul_1: float32[1,2,1,1] = GlobalMaxPool(MaxPool)
      return y=Mul, z=Mul_1
    """,
)
def equal_factors_on_all_branches(b: Builder) -> dict[str, Value]:
    relu = b.op("Relu", conv(b, x(b, 1, 2, 4, 4)))
    pooled = b.op("MaxPool", relu, kernel_shape=(2, 2), strides=(2, 2))
    return {"y": b.op("Mul", relu, 2.0), "z": b.op("Mul", b.op("GlobalMaxPool", pooled), 2.0)}


@changes(
    "backward-fold-scale",
    """
    graph main (x: float32[1,2,3,3])
      Conv: float32[1,4,3,3] = Conv(x, float32([[[[-2.0]], [[-1.0]]], [[[0.0]], [[1.0]]], [[[2.0]], [[3.0]]], [[[4.0]], [[5.0]]]]), float32([1.0, 2.0, 3.0, 4.0]))
      DepthToSpace: float32[1,1,6,6] = DepthToSpace(Conv) {blocksize=2}
      ReduceMin: float32[1,1,1,6] = ReduceMin(DepthToSpace, int64([2]))
      Mul: float32[1,1,1,6] = Mul(ReduceMin, float32(2.0))
      return y=Mul
    """,
    """
    graph main (x: float32[1,2,3,3])
      Conv: float32[1,4,3,3] = Conv(x, float32([[[[-4.0]], [[-2.0]]], [[[0.0]], [[2.0]]], [[[4.0]], [[6.0]]], [[[8.0]], [[10.0]]]]), float32([2.0, 4.0, 6.0, 8.0]))
      DepthToSpace: float32[1,1,6,6] = DepthToSpace(Conv) {blocksize=2}
      Mul: float32[1,1,1,6] = ReduceMin(DepthToSpace, int64([2]))
      return y=Mul
    """,
)
def through_minimum_and_depth(b: Builder) -> Value:
    deep = b.op("DepthToSpace", conv(b, x(b, 1, 2, 3, 3), outputs=4), blocksize=2)
    return b.op("Mul", b.op("ReduceMin", deep, [2]), 2.0)


@declines("backward-fold-scale", "Mul: Relu is used elsewhere too", "Mul_1: Relu is used elsewhere too")
def other_factor_on_a_branch(b: Builder) -> dict[str, Value]:
    relu = b.op("Relu", conv(b, x(b, 1, 2, 4, 4)))
    return {"y": b.op("Mul", relu, 2.0), "z": b.op("Mul", b.op("GlobalMaxPool", relu), 3.0)}


@declines("backward-fold-scale", "Mul: Relu changes with the sign of the factor")
def negative_factor_before_relu(b: Builder) -> Value:
    return b.op("Mul", b.op("Relu", conv(b, x(b, 1, 2, 3, 3))), -2.0)


@declines("backward-fold-scale", "Mul: Sigmoid cannot take the factor in, nor let it pass")
def other_function(b: Builder) -> Value:
    return b.op("Mul", b.op("Relu", b.op("Sigmoid", conv(b, x(b, 1, 2, 3, 3)))), 2.0)


@declines("backward-fold-scale", "Mul: x cannot take the factor in")
def ends_at_an_input(b: Builder) -> Value:
    return b.op("Mul", b.op("Relu", x(b)), 2.0)


@declines("backward-fold-scale", "Mul: Relu is used elsewhere too")
def read_outside_of_the_region(b: Builder) -> Value:
    first = b.op("Relu", conv(b, x(b, 1, 2, 3, 3)))
    return b.op("Sub", b.op("Mul", first, 2.0), first)


@declines("backward-fold-scale", "Mul: Conv would need two factors")
def two_factors_for_one_value(b: Builder) -> Value:
    first = conv(b, x(b, 1, 1, 1, 1), 1, 1)
    return b.op("Mul", b.op("Concat", first, first, axis=1), CHANNELS)


@declines("backward-fold-scale", "Mul: a reshape moves the axis the factor varies along")
def channels_mixed_by_reshape(b: Builder) -> Value:
    flat = b.op("Reshape", conv(b, x(b, 1, 2, 1, 2)), [1, 4])
    return b.op("Mul", flat, np.float32([1, 2, 3, 4]))


@declines("backward-fold-scale", "Mul: the factor is not one number per channel")
def factor_along_the_width(b: Builder) -> Value:
    return b.op("Mul", conv(b, x(b, 1, 2, 3, 3)), np.float32([1, 2, 3]))


@declines("backward-fold-scale", "Mul: the factor varies along several axes, or is zero")
def factor_along_two_axes(b: Builder) -> Value:
    return b.op("Mul", conv(b, x(b, 1, 2, 1, 2)), np.float32([[[1, 2]], [[3, 4]]]))


@declines("backward-fold-scale", "Mul: the factor varies along several axes, or is zero")
def factor_of_zero(b: Builder) -> Value:
    return b.op("Mul", conv(b, x(b, 1, 2, 3, 3)), 0.0)


@declines("backward-fold-scale", "Mul: the factor widens the result")
def factor_that_widens(b: Builder) -> Value:
    return b.op("Mul", conv(b, x(b, 1, 1, 3, 3), 1, 1), CHANNELS)


@declines("backward-fold-scale", "Mul: Conv: its weights are used elsewhere too: the file would grow by 256 bytes")
def weights_of_two_layers(b: Builder) -> Value:
    source, weight = x(b, 1, 8, 3, 3), b.constant(np.ones((8, 8, 1, 1), np.float32), name="w")
    return b.op("Add", b.op("Mul", b.op("Conv", source, weight), 2.0), b.op("Conv", source, weight))


@declines("backward-fold-scale", "Mul: the padding is not with zeros")
def padding_with_ones(b: Builder) -> Value:
    padded = b.op("Pad", conv(b, x(b, 1, 2, 3, 3)), [0, 0, 1, 0, 0, 0, 0, 0], np.float32(1))
    return b.op("Mul", padded, 2.0)


@declines("backward-fold-scale", "Mul: the factor varies along an axis that is broadcast")
def broadcast_operand(b: Builder) -> Value:
    wide = b.op("Add", conv(b, x(b, 1, 1, 1, 1), 1, 1), conv(b, b.graph.inputs["x"], 2, 1))
    return b.op("Mul", wide, CHANNELS)


@declines("backward-fold-scale")
def quantized_result(b: Builder) -> Value:
    quantized = b.op("QuantizeLinear", conv(b, x(b, 1, 2, 3, 3)), np.float32(0.5), np.int8(0))
    return b.op("Mul", b.op("DequantizeLinear", quantized, np.float32(0.5), np.int8(0)), 2.0)


@declines("backward-fold-scale", "Mul: the factor would pass more than 64 nodes")
def too_far(b: Builder) -> Value:
    value = conv(b, x(b, 1, 2, 3, 3))
    for _ in range(64):
        value = b.op("Relu", value)
    return b.op("Mul", value, 2.0)


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_row(row: Row, tmp_path: Path) -> None:
    examine(row, tmp_path)
