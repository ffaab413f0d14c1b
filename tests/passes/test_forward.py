# ruff: noqa: E501 - printed graphs have long lines
"""forward-fold-scale: factors and terms in front of layers."""

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
    "forward-fold-scale",
    """
    graph main (x: float32[N,2,3,3])
      Mul: float32[N,2,3,3] = Mul(x, float32([[[1.0]], [[2.0]]]))
      Conv: float32[N,2,5,5] = Conv(Mul, float32([[[[-2.0]], [[-1.0]]], [[[0.0]], [[1.0]]]]), float32([1.0, 2.0])) {pads=(1, 1, 1, 1)}
      return y=Conv
    """,
    """
    graph main (x: float32[N,2,3,3])
      Conv: float32[N,2,5,5] = Conv(x, float32([[[[-2.0]], [[-2.0]]], [[[0.0]], [[2.0]]]]), float32([1.0, 2.0])) {pads=(1, 1, 1, 1)}
      return y=Conv
    """,
)
def into_the_next_conv(b: Builder) -> Value:
    return conv(b, b.op("Mul", x(b, "N", 2, 3, 3), CHANNELS), pads=(1, 1, 1, 1))


@changes(
    "forward-fold-scale",
    """
    graph main (x: float32[1,2,3,3])
      Sub: float32[1,2,3,3] = Sub(x, float32([[[1.0]], [[2.0]]]))
      Div: float32[1,2,3,3] = Div(Sub, float32(0.5))
      Conv: float32[1,2,3,3] = Conv(Div, float32([[[[-2.0]], [[-1.0]]], [[[0.0]], [[1.0]]]]))
      return y=Conv
    """,
    """
    graph main (x: float32[1,2,3,3])
      Conv: float32[1,2,3,3] = Conv(x, float32([[[[-4.0]], [[-2.0]]], [[[0.0]], [[2.0]]]]), float32([8.0, -4.0]))
      return y=Conv
    """,
)
def mean_and_deviation(b: Builder) -> Value:
    return conv(b, b.op("Div", b.op("Sub", x(b, 1, 2, 3, 3), CHANNELS), 0.5), bias=False)


@changes(
    "forward-fold-scale",
    """
    graph main (x: float32[1,2,2])
      Mul: float32[1,2,2] = Mul(x, float32([1.0, 2.0]))
      MatMul: float32[1,2,2] = MatMul(Mul, float32([[1.0, 2.0], [3.0, 4.0]]))
      return y=MatMul
    """,
    """
    graph main (x: float32[1,2,2])
      MatMul: float32[1,2,2] = MatMul(x, float32([[1.0, 2.0], [6.0, 8.0]]))
      return y=MatMul
    """,
)
def into_the_next_product(b: Builder) -> Value:
    return b.op("MatMul", b.op("Mul", x(b, 1, 2, 2), np.float32([1, 2])), np.float32([[1, 2], [3, 4]]))


@declines("forward-fold-scale", "Conv: what is added is not zero in the padding")
def mean_before_padding(b: Builder) -> Value:
    return conv(b, b.op("Sub", x(b, 1, 2, 3, 3), CHANNELS), pads=(1, 1, 1, 1))


@declines("forward-fold-scale", "Conv: the result of Mul is used elsewhere too")
def scaled_input_is_read_twice(b: Builder) -> Value:
    first = b.op("Mul", x(b, 1, 2, 3, 3), 2.0)
    return b.op("Add", conv(b, first), first)


@declines("forward-fold-scale", "Conv: the constant is not one number per channel")
def picture_of_factors(b: Builder) -> Value:
    return conv(b, b.op("Mul", x(b, 1, 2, 3, 3), np.ones((3, 3), np.float32)))


@declines("forward-fold-scale", "Conv: the constant widens the input, or is not on the axis that is summed over")
def widened_input(b: Builder) -> Value:
    return conv(b, b.op("Mul", x(b, 1, 1, 3, 3), CHANNELS))


@declines("forward-fold-scale", "Gemm: the constant widens the input, or is not on the axis that is summed over")
def transposed_input(b: Builder) -> Value:
    return b.op("Gemm", b.op("Mul", x(b, 2, 2), np.float32([1, 2])), np.float32([[1, 2], [3, 4]]), transA=1)


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_row(row: Row, tmp_path: Path) -> None:
    examine(row, tmp_path)
