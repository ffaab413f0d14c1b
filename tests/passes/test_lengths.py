"""fuse-reduction: ReduceL2 as MegEngine writes norms into static graphs."""

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
    "fuse-reduction",
    """
    graph main (x: float32[2,3])
      Mul: float32[2,3] = Mul(x, x)
      ReduceSum: float32[2] = ReduceSum(Mul, int64([1])) {keepdims=0}
      Sqrt: float32[2] = Sqrt(ReduceSum)
      return y=Sqrt
    """,
    """
    graph main (x: float32[2,3])
      Sqrt: float32[2] = ReduceL2(x, int64([1])) {keepdims=0}
      return y=Sqrt
    """,
)
def root_of_squares(b: Builder) -> Value:
    source = x(b, 2, 3)
    return b.op("Sqrt", b.op("ReduceSum", b.op("Mul", source, source), [1], keepdims=0))


@changes(
    "fuse-reduction",
    """
    graph main (x: float32[2,3])
      Abs: float32[2,3] = Abs(x)
      Pow: float32[2,3] = Pow(Abs, float32([2.0]))
      ReduceSum: float32[1,1] = ReduceSum(Pow, int64([0, 1]))
      Pow_1: float32[1,1] = Pow(ReduceSum, float32([0.5]))
      return y=Pow_1
    """,
    """
    graph main (x: float32[2,3])
      Pow_1: float32[1,1] = ReduceL2(x, int64([0, 1])) {keepdims=1}
      return y=Pow_1
    """,
)
def powers_of_magnitudes(b: Builder) -> Value:
    squares = b.op("Pow", b.op("Abs", x(b, 2, 3)), np.float32([2]))
    return b.op("Pow", b.op("ReduceSum", squares, [0, 1]), np.float32([0.5]))


@declines("fuse-reduction")
def other_powers(b: Builder) -> dict[str, Value]:
    source, other = x(b, 2, 3), b.input("z", "float32", (2, 3))
    total = b.op("ReduceSum", b.op("Mul", source, source), [1])
    return {
        "cube": b.op("Sqrt", b.op("ReduceSum", b.op("Pow", source, np.float32(3)), [1])),
        "two": b.op("Sqrt", b.op("ReduceSum", b.op("Mul", source, other), [1])),
        "root": b.op("Pow", b.op("ReduceSum", b.op("Mul", other, other), [1]), np.float32(0.25)),
        "wider": b.op("Pow", b.op("ReduceSum", b.op("Mul", other, other), [0]), np.float32([[0.5], [0.5]])),
        "used": b.op("Sqrt", total),
        "total": total,
    }


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_row(row: Row, tmp_path: Path) -> None:
    examine(row, tmp_path)
