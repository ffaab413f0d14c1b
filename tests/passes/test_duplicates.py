"""merge-duplicate-nodes, merge-duplicate-constants."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder
from tests.passes.harness import Row, examine, tables

ROWS, changes, declines = tables()


def x(b: Builder, *shape: int | str, dtype: str = "float32") -> Value:
    return b.input("x", dtype, shape)


@changes(
    "merge-duplicate-nodes",
    """
    graph main (x: float32[2])
      Add: float32[2] = Add(x, float32(1.0))
      Exp: float32[2] = Exp(Add)
      Add_1: float32[2] = Add(x, float32(1.0))
      Exp_1: float32[2] = Exp(Add_1)
      Mul: float32[2] = Mul(Exp, Exp_1)
      return y=Mul
    """,
    """
    graph main (x: float32[2])
      Add: float32[2] = Add(x, float32(1.0))
      Exp: float32[2] = Exp(Add)
      Mul: float32[2] = Mul(Exp, Exp)
      return y=Mul
    """,
)
def the_same_twice(b: Builder) -> Value:
    source = x(b, 2)
    first, second = (b.op("Exp", b.op("Add", source, 1.0)) for _ in range(2))
    return b.op("Mul", first, second)


@changes(
    "merge-duplicate-nodes",
    """
    graph main (x: float32[2], z: float32[2])
      Add: float32[2] = Add(x, z)
      Add_1: float32[2] = Add(z, x)
      Neg: float32[2] = Neg(Add_1)
      Sub: float32[2] = Sub(Add, Neg)
      return y=Sub
    """,
    """
    graph main (x: float32[2], z: float32[2])
      Add: float32[2] = Add(x, z)
      Neg: float32[2] = Neg(Add)
      Sub: float32[2] = Sub(Add, Neg)
      return y=Sub
    """,
)
def operands_in_either_order(b: Builder) -> Value:
    source, other = x(b, 2), b.input("z", "float32", (2,))
    return b.op("Sub", b.op("Add", source, other), b.op("Neg", b.op("Add", other, source)))


@changes(
    "merge-duplicate-nodes",
    """
    graph main (x: float32[2])
      Exp: float32[2] = Exp(x)
      Exp_1: float32[2] = Exp(x)
      Neg: float32[2] = Neg(Exp_1)
      return y=Exp, z=Neg
    """,
    """
    graph main (x: float32[2])
      Exp: float32[2] = Exp(x)
      Neg: float32[2] = Neg(Exp)
      return y=Exp, z=Neg
    """,
)
def one_of_them_is_an_output(b: Builder) -> dict[str, Value]:
    source = x(b, 2)
    return {"y": b.op("Exp", source), "z": b.op("Neg", b.op("Exp", source))}


@declines("merge-duplicate-nodes")
def two_outputs(b: Builder) -> dict[str, Value]:
    source = x(b, 2)
    return {"y": b.op("Exp", source), "z": b.op("Exp", source)}


@declines("merge-duplicate-nodes")
def not_the_same(b: Builder) -> Value:
    source = x(b, 2, 3)
    softmaxes = [b.op("Softmax", source, axis=axis) for axis in (0, 1)]
    differences = b.op("Mul", b.op("Sub", *softmaxes), b.op("Sub", *softmaxes[::-1]))
    random = [b.op("RandomUniformLike", source) for _ in range(2)]
    return b.op("Sum", differences, *random)


@changes(
    "merge-duplicate-constants",
    """
    graph main (x: float32[6,4])
      MatMul: float32[6,6] = MatMul(x, w<float32[4,6]>)
      MatMul_1: float32[6,6] = MatMul(x, v<float32[4,6]>)
      Add: float32[6,6] = Add(MatMul, MatMul_1)
      return y=Add
    """,
    """
    graph main (x: float32[6,4])
      MatMul: float32[6,6] = MatMul(x, w<float32[4,6]>)
      MatMul_1: float32[6,6] = MatMul(x, w<float32[4,6]>)
      Add: float32[6,6] = Add(MatMul, MatMul_1)
      return y=Add
    """,
)
def equal_weights(b: Builder) -> Value:
    values = np.arange(24, dtype=np.float32).reshape(4, 6)
    first = b.op("MatMul", x(b, 6, 4), b.constant(values, name="w"))
    transposed = b.constant(values.copy(order="F"), name="v")
    return b.op("Add", first, b.op("MatMul", b.graph.inputs["x"], transposed))


@declines("merge-duplicate-constants")
def nearly_equal_weights(b: Builder) -> Value:
    values = np.arange(32, dtype=np.float32)
    last, negative = values.copy(), values.copy()
    last[-1] = 7
    negative[0] = -0.0
    weights = [values, last, negative, values.reshape(1, 32)]
    source = x(b, 1, 32)
    return b.op("Sum", source, *map(b.constant, weights))


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_row(row: Row, tmp_path: Path) -> None:
    examine(row, tmp_path)
