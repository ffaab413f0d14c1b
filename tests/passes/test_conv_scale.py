# ruff: noqa: E501 - printed graphs have long lines
"""fuse-conv-scale: factors and terms right behind layers."""

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
    graph main (x: float32[2,1,2])
      MatMul: float32[2,1,2] = MatMul(x, float32([[-1.5, -1.0], [-0.5, 0.0]]))
      Add: float32[2,1,2] = Add(MatMul, float32([1.0, 2.0]))
      Mul: float32[2,1,2] = Mul(Add, float32([2.0, 4.0]))
      return y=Mul
    """,
    """
    graph main (x: float32[2,1,2])
      MatMul: float32[2,1,2] = MatMul(x, float32([[-3.0, -4.0], [-1.0, 0.0]]))
      Mul: float32[2,1,2] = Add(MatMul, float32([2.0, 8.0]))
      return y=Mul
    """,
)
def factor_behind_the_bias_of_a_stacked_product(b: Builder) -> Value:
    """The LayerScale of ResMLP."""
    product = b.op("MatMul", x(b, 2, 1, 2), weight(b, 2, 2))
    return b.op("Mul", b.op("Add", product, np.float32([1, 2])), np.float32([2, 4]))


@declines("fuse-conv-scale", "Mul: the factor is zero, or the bias leaves the range of its type")
def zero_behind_the_bias_of_a_stacked_product(b: Builder) -> Value:
    product = b.op("MatMul", x(b, 2, 1, 2), weight(b, 2, 2))
    return b.op("Mul", b.op("Add", product, np.float32([1, 2])), np.float32([0, 4]))


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


@declines("fuse-conv-scale", "Add: the constant is not one number per channel")
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


@declines("fuse-conv-scale", "Add: Conv: its bias is larger than what it replaces: the file would grow by 188 bytes")
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
