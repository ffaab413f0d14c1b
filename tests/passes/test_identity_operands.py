"""eliminate-identity: operators that an operand makes needless."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder
from tests.passes.harness import Row, examine, tables
from tests.passes.layers import x

ROWS, changes, declines = tables()


@changes(
    "eliminate-identity,eliminate-dead",
    """
    graph main (c: float32[N,1,3], x: float32[N,2,3], z: float32[N,2,3])
      Exp: float32[N,2,3] = Exp(x)
      Shape: int64[3] = Shape(Exp)
      Expand: float32[Expand_0,Expand_1,3] = Expand(c, Shape)
      Expand_1: float32[N,2,3] = Expand(c, int64([1, 2, 3]))
      Mul: float32[Expand_0,2,3] = Mul(Expand, z)
      Sub: float32[N,2,3] = Sub(Expand_1, Mul)
      return y=Sub
    """,
    """
    graph main (c: float32[N,1,3], x: float32[N,2,3], z: float32[N,2,3])
      Exp: float32[N,2,3] = Exp(x)
      Shape: int64[3] = Shape(Exp)
      Expand: float32[Expand_0,Expand_1,3] = Expand(c, Shape)
      Mul: float32[Expand_0,2,3] = Mul(Expand, z)
      Sub: float32[N,2,3] = Sub(c, Mul)
      return y=Sub
    """,
)
def expanded_operands(b: Builder) -> Value:
    source = b.input("c", "float32", ("N", 1, 3))
    big = b.op("Expand", source, b.op("Shape", b.op("Exp", x(b, "N", 2, 3))))
    return b.op("Sub", b.op("Expand", source, [1, 2, 3]), b.op("Mul", big, x2(b)))


def x2(b: Builder) -> Value:
    return b.input("z", "float32", ("N", 2, 3))


@changes(
    "eliminate-identity",
    """
    graph main (c: bool[2,1], x: float32[2,3])
      Expand: bool[2,3] = Expand(c, int64([2, 3]))
      Where: float32[2,3] = Where(Expand, x, float32(0.0))
      return y=Where
    """,
    """
    graph main (c: bool[2,1], x: float32[2,3])
      Where: float32[2,3] = Where(c, x, float32(0.0))
      return y=Where
    """,
)
def condition_is_expanded(b: Builder) -> Value:
    condition = b.op("Expand", b.input("c", "bool", (2, 1)), [2, 3])
    return b.op("Where", condition, x(b, 2, 3), np.float32(0))


@declines("eliminate-identity")
def the_result_would_shrink(b: Builder) -> Value:
    wide = b.op("Expand", x(b, 2, 1), [2, 3])
    return b.op("Exp", b.op("Mul", wide, b.input("z", "float32", (2, 1))))


@changes(
    "eliminate-identity",
    """
    graph main (x: float32[2,3])
      Neg: float32[2,3] = Neg(x)
      Abs: float32[2,3] = Abs(Neg)
      Sigmoid: float32[2,3] = Sigmoid(x)
      Relu: float32[2,3] = Relu(Sigmoid)
      Exp: float32[2,3] = Exp(Relu)
      return y=Abs, z=Exp
    """,
    """
    graph main (x: float32[2,3])
      Abs: float32[2,3] = Abs(x)
      Sigmoid: float32[2,3] = Sigmoid(x)
      Exp: float32[2,3] = Exp(Sigmoid)
      return y=Abs, z=Exp
    """,
)
def signs(b: Builder) -> dict[str, Value]:
    source = x(b, 2, 3)
    return {"y": b.op("Abs", b.op("Neg", source)), "z": b.op("Exp", b.op("Relu", b.op("Sigmoid", source)))}


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_row(row: Row, tmp_path: Path) -> None:
    examine(row, tmp_path)


@changes(
    "eliminate-identity,eliminate-dead",
    """
    graph main (x: float32[N,2,128], i: int64[4])
      Cast: float32[4] = Cast(i) {to=1}
      Less: bool[4] = Less(Cast, float32(0.0))
      Cast_1: int64[4] = Cast(Less) {to=7}
      Mul: int64[4] = Mul(Cast_1, int64(128))
      Add: int64[4] = Add(i, Mul)
      Gather: float32[N,2,4] = Gather(x, Add) {axis=2}
      return y=Gather
    """,
    """
    graph main (x: float32[N,2,128], i: int64[4])
      Gather: float32[N,2,4] = Gather(x, i) {axis=2}
      return y=Gather
    """,
)
def indices_from_the_front(b: Builder) -> Value:
    source, i = x(b, "N", 2, 128), b.input("i", "int64", (4,))
    below = b.op("Cast", b.op("Less", b.op("Cast", i, to=1), np.float32(0)), to=7)
    return b.op("Gather", source, b.op("Add", i, b.op("Mul", below, np.int64(128))), axis=2)
