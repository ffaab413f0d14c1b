# ruff: noqa: E501 - printed graphs have long lines
"""fold-constants: shapes that a graph computes of its own, products of constants."""

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
    "fold-constants",
    """
    graph main (x: float32[N,C,4])
      Shape: int64[3] = Shape(x)
      Gather: int64[] = Gather(Shape, int64(0))
      Unsqueeze: int64[1] = Unsqueeze(Gather, int64([0]))
      Gather_1: int64[] = Gather(Shape, int64(1))
      Unsqueeze_1: int64[1] = Unsqueeze(Gather_1, int64([0]))
      Concat: int64[4] = Concat(Unsqueeze, Unsqueeze_1, int64([2, -1])) {axis=0}
      Reshape: float32[Reshape_0,Reshape_1,Reshape_2,Reshape_3] = Reshape(x, Concat)
      return y=Reshape
    """,
    """
    graph main (x: float32[N,C,4])
      Reshape: float32[Reshape_0,Reshape_1,2,2] = Reshape(x, int64([0, 0, 2, -1]))
      return y=Reshape
    """,
)
def target_of_own_sizes(b: Builder) -> Value:
    source = x(b, "N", "C", 4)
    sizes = b.op("Shape", source)
    first, second = (b.op("Unsqueeze", b.op("Gather", sizes, np.int64(axis)), [0]) for axis in (0, 1))
    return b.op("Reshape", source, b.op("Concat", first, second, [2, -1], axis=0))


@changes(
    "fold-constants",
    """
    graph main (x: float32[N,C,4,6])
      Shape: int64[4] = Shape(x)
      Slice: int64[2] = Slice(Shape, int64([0]), int64([2]))
      Concat: int64[3] = Concat(Slice, int64([24])) {axis=0}
      Reshape: float32[Reshape_0,Reshape_1,Reshape_2] = Reshape(x, Concat)
      return y=Reshape
    """,
    """
    graph main (x: float32[N,C,4,6])
      Reshape: float32[Reshape_0,Reshape_1,24] = Reshape(x, int64([0, 0, 24]))
      return y=Reshape
    """,
)
def target_of_a_slice_of_sizes(b: Builder) -> Value:
    source = x(b, "N", "C", 4, 6)
    return b.op("Reshape", source, b.op("Concat", b.op("Slice", b.op("Shape", source), [0], [2]), [24], axis=0))


@declines("fold-constants")
def sizes_that_move(b: Builder) -> dict[str, Value]:
    source, other = x(b, "N", "C", 4), b.input("z", "float32", ("N", 2))
    sizes = b.op("Shape", source)
    first, second = (b.op("Slice", sizes, [axis], [axis + 1]) for axis in (0, 1))
    of_another = b.op("Slice", b.op("Shape", other), [0], [1])
    return {
        "moved": b.op("Reshape", source, b.op("Concat", second, first, [4], axis=0)),
        "of_another": b.op("Reshape", source, b.op("Concat", of_another, [-1, 4], axis=0)),
    }


@changes(
    "fold-constants",
    """
    graph main (x: float32[2,2])
      Gemm: float32[2,2] = Gemm(float32([[1.0, 2.0], [1.0, 2.0]]), float32([[3.0, 4.0], [3.0, 4.0]]), float32([5.0, 6.0]))
      Add: float32[2,2] = Add(x, Gemm)
      return y=Add
    """,
    """
    graph main (x: float32[2,2])
      Add: float32[2,2] = Add(x, float32([[14.0, 18.0], [14.0, 18.0]]))
      return y=Add
    """,
)
def gemm_of_constants(b: Builder) -> Value:
    from tests.passes.test_identity import node

    product = node(b, "Gemm", (2, 2), *(b.constant(np.float32(each)) for each in ([[1, 2]] * 2, [[3, 4]] * 2, [5, 6])))
    return b.op("Add", x(b, 2, 2), product)


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_row(row: Row, tmp_path: Path) -> None:
    examine(row, tmp_path)
