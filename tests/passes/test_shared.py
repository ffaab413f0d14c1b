# ruff: noqa: E501 - printed graphs have long lines
"""Layers that share their weights: folded where all of them are rewritten the same way."""

from __future__ import annotations

from pathlib import Path

import pytest

from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder
from tests.passes.harness import Row, examine, tables
from tests.passes.layers import norm, weight, x

ROWS, changes, declines = tables()


def convs(b: Builder) -> list[Value]:
    source, shared = x(b, 1, 4, 3, 3), weight(b, 4, 4, 3, 3)
    return [b.op("Conv", each, shared) for each in (source, b.op("Exp", source))]


@changes(
    "fuse-conv-bn,merge-duplicate-constants",
    """
    graph main (x: float32[1,4,3,3])
      Exp: float32[1,4,3,3] = Exp(x)
      Conv: float32[1,4,1,1] = Conv(x, w<float32[4,4,3,3]>)
      Conv_1: float32[1,4,1,1] = Conv(Exp, w<float32[4,4,3,3]>)
      BatchNormalization: float32[1,4,1,1] = BatchNormalization(Conv, float32([1.0, 2.0, 3.0, 4.0]), float32([1.0, 2.0, 3.0, 4.0]), float32([0.0, 0.0, 0.0, 0.0]), float32([4.0, 4.0, 4.0, 4.0])) {epsilon=0.0}
      BatchNormalization_1: float32[1,4,1,1] = BatchNormalization(Conv_1, float32([1.0, 2.0, 3.0, 4.0]), float32([1.0, 2.0, 3.0, 4.0]), float32([0.0, 0.0, 0.0, 0.0]), float32([4.0, 4.0, 4.0, 4.0])) {epsilon=0.0}
      Add: float32[1,4,1,1] = Add(BatchNormalization, BatchNormalization_1)
      return y=Add
    """,
    """
    graph main (x: float32[1,4,3,3])
      Exp: float32[1,4,3,3] = Exp(x)
      BatchNormalization: float32[1,4,1,1] = Conv(x, w<float32[4,4,3,3]>, float32([1.0, 2.0, 3.0, 4.0]))
      BatchNormalization_1: float32[1,4,1,1] = Conv(Exp, w<float32[4,4,3,3]>, float32([1.0, 2.0, 3.0, 4.0]))
      Add: float32[1,4,1,1] = Add(BatchNormalization, BatchNormalization_1)
      return y=Add
    """,
)
def one_norm_behind_both_calls(b: Builder) -> Value:
    first, second = convs(b)
    return b.op("Add", norm(b, first, 4), norm(b, second, 4))


@changes(
    "fuse-conv-scale,merge-duplicate-constants",
    """
    graph main (x: float32[1,4,3,3])
      Exp: float32[1,4,3,3] = Exp(x)
      Conv: float32[1,4,1,1] = Conv(x, w<float32[4,4,3,3]>)
      Conv_1: float32[1,4,1,1] = Conv(Exp, w<float32[4,4,3,3]>)
      Mul: float32[1,4,1,1] = Mul(Conv, float32(3.0))
      Mul_1: float32[1,4,1,1] = Mul(Conv_1, float32(3.0))
      Add: float32[1,4,1,1] = Add(Mul, Mul_1)
      return y=Add
    """,
    """
    graph main (x: float32[1,4,3,3])
      Exp: float32[1,4,3,3] = Exp(x)
      Mul: float32[1,4,1,1] = Conv(x, w<float32[4,4,3,3]>)
      Mul_1: float32[1,4,1,1] = Conv(Exp, w<float32[4,4,3,3]>)
      Add: float32[1,4,1,1] = Add(Mul, Mul_1)
      return y=Add
    """,
)
def one_factor_behind_both_calls(b: Builder) -> Value:
    first, second = convs(b)
    return b.op("Add", b.op("Mul", first, 3.0), b.op("Mul", second, 3.0))


@declines(
    "fuse-conv-bn",
    "BatchNormalization: Conv: its weights are used elsewhere too: the file would grow by 464 bytes",
    "BatchNormalization_1: Conv_1: its weights are used elsewhere too: the file would grow by 464 bytes",
)
def two_norms(b: Builder) -> Value:
    first, second = convs(b)
    return b.op("Add", norm(b, first, 4), norm(b, second, 4, shift=2.0))


@declines(
    "fuse-conv-scale",
    "Mul: Conv: its weights are used elsewhere too: the file would grow by 508 bytes",
)
def one_call_has_no_factor(b: Builder) -> Value:
    first, second = convs(b)
    return b.op("Add", b.op("Mul", first, 3.0), second)


@declines(
    "fuse-conv-scale",
    "Mul: Conv: its weights are used elsewhere too: the file would grow by 508 bytes",
    "Mul_1: Conv_1: its weights are used elsewhere too: the file would grow by 508 bytes",
)
def calls_with_other_attributes(b: Builder) -> Value:
    source, shared = x(b, 1, 4, 3, 3), weight(b, 4, 4, 3, 3)
    first, second = (b.op("Conv", source, shared, strides=(each, each)) for each in (1, 3))
    return b.op("Add", b.op("Mul", first, 3.0), b.op("Mul", second, 3.0))


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_row(row: Row, tmp_path: Path) -> None:
    examine(row, tmp_path)
