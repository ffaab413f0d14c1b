"""fuse-conv-scale: numbers behind a reshape, transposed operands of products."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder
from tests.passes.harness import Row, examine, tables
from tests.passes.layers import conv, weight, x

ROWS, changes, declines = tables()


@changes(
    "fuse-conv-scale",
    """
    graph main (x: float32[N,2,3,3])
      Conv: float32[N,2,3,3] = Conv(x, float32([[[[-1.5]], [[-1.0]]], [[[-0.5]], [[0.0]]]]))
      Reshape: float32[N,2,9] = Reshape(Conv, int64([0, 2, 9]))
      Transpose: float32[N,9,2] = Transpose(Reshape) {perm=(0, 2, 1)}
      Mul: float32[N,9,2] = Mul(Transpose, float32(2.0))
      Add: float32[N,9,2] = Add(Mul, float32(1.0))
      return y=Add
    """,
    """
    graph main (x: float32[N,2,3,3])
      Conv: float32[N,2,3,3] = Conv(x, float32([[[[-3.0]], [[-2.0]]], [[[-1.0]], [[0.0]]]]), float32([1.0, 1.0]))
      Reshape: float32[N,2,9] = Reshape(Conv, int64([0, 2, 9]))
      Add: float32[N,9,2] = Transpose(Reshape) {perm=(0, 2, 1)}
      return y=Add
    """,
)
def number_behind_reshape_and_transpose(b: Builder) -> Value:
    moved = b.op("Transpose", b.op("Reshape", conv(b, x(b, "N", 2, 3, 3), 2, 2, 1, 1), [0, 2, 9]), perm=(0, 2, 1))
    return b.op("Add", b.op("Mul", moved, 2.0), 1.0)


@changes(
    "fuse-conv-scale",
    """
    graph main (x: float32[2,3,4])
      MatMul: float32[2,3,4] = MatMul(x, w<float32[4,4]>)
      Reshape: float32[3,8] = Reshape(MatMul, int64([3, 8]))
      Div: float32[3,8] = Div(Reshape, float32(0.5))
      return y=Div
    """,
    """
    graph main (x: float32[2,3,4])
      MatMul: float32[2,3,4] = MatMul(x, w<float32[4,4]>)
      Div: float32[3,8] = Reshape(MatMul, int64([3, 8]))
      return y=Div
    """,
)
def quotient_behind_product(b: Builder) -> Value:
    return b.op("Div", b.op("Reshape", b.op("MatMul", x(b, 2, 3, 4), weight(b, 4, 4)), [3, 8]), 0.5)


@declines("fuse-conv-scale")
def not_one_number(b: Builder) -> Value:
    flat = b.op("Reshape", conv(b, x(b, 1, 2, 3, 3), 2, 2, 1, 1), [2, 9])
    return b.op("Mul", flat, np.arange(1, 10, dtype=np.float32))


@declines("fuse-conv-scale", "Mul: the factor is zero")
def zero(b: Builder) -> Value:
    return b.op("Mul", b.op("Flatten", conv(b, x(b, 1, 2, 3, 3), 2, 2, 1, 1)), 0.0)


@changes(
    "fuse-conv-scale",
    """
    graph main (x: float32[2,3], z: float32[4,2])
      Transpose: float32[3,2] = Transpose(x)
      Transpose_1: float32[2,4] = Transpose(z)
      MatMul: float32[3,4] = MatMul(Transpose, Transpose_1)
      Relu: float32[3,4] = Relu(MatMul)
      return y=Relu
    """,
    """
    graph main (x: float32[2,3], z: float32[4,2])
      MatMul: float32[3,4] = Gemm(x, z) {transA=1, transB=1}
      Relu: float32[3,4] = Relu(MatMul)
      return y=Relu
    """,
)
def matmul_of_transposed(b: Builder) -> Value:
    product = b.op("MatMul", b.op("Transpose", x(b, 2, 3)), b.op("Transpose", b.input("z", "float32", (4, 2))))
    return b.op("Relu", product)


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_row(row: Row, tmp_path: Path) -> None:
    examine(row, tmp_path)
