"""merge-consecutive: reductions in a row, and dimensions that a reduction keeps or drops."""

from __future__ import annotations

from pathlib import Path

import pytest

from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder
from tests.passes.harness import Row, examine, tables
from tests.passes.layers import x

ROWS, changes, declines = tables()


@changes(
    "merge-consecutive",
    """
    graph main (x: float32[N,2,3,4])
      ReduceMean: float32[N,2,3] = ReduceMean(x, int64([3])) {keepdims=0}
      ReduceMean_1: float32[N,2] = ReduceMean(ReduceMean, int64([2])) {keepdims=0}
      return y=ReduceMean_1
    """,
    """
    graph main (x: float32[N,2,3,4])
      ReduceMean_1: float32[N,2] = ReduceMean(x, int64([2, 3])) {keepdims=0}
      return y=ReduceMean_1
    """,
)
def mean_of_means(b: Builder) -> Value:
    return b.op("ReduceMean", b.op("ReduceMean", x(b, "N", 2, 3, 4), [3], keepdims=0), [2], keepdims=0)


@changes(
    "merge-consecutive",
    """
    graph main (x: float32[2,3,4,5])
      ReduceMax: float32[3,4,5] = ReduceMax(x, int64([0])) {keepdims=0}
      ReduceMax_1: float32[4] = ReduceMax(ReduceMax, int64([0, 2])) {keepdims=0}
      return y=ReduceMax_1
    """,
    """
    graph main (x: float32[2,3,4,5])
      ReduceMax_1: float32[4] = ReduceMax(x, int64([0, 1, 3])) {keepdims=0}
      return y=ReduceMax_1
    """,
)
def axes_counted_after_the_first(b: Builder) -> Value:
    return b.op("ReduceMax", b.op("ReduceMax", x(b, 2, 3, 4, 5), [0], keepdims=0), [0, 2], keepdims=0)


@changes(
    "merge-consecutive",
    """
    graph main (x: float32[2,3])
      ReduceSum: float32[2,1] = ReduceSum(x, int64([1]))
      ReduceSum_1: float32[] = ReduceSum(ReduceSum) {keepdims=0}
      return y=ReduceSum_1
    """,
    """
    graph main (x: float32[2,3])
      ReduceSum_1: float32[] = ReduceSum(x, int64([0, 1])) {keepdims=0}
      return y=ReduceSum_1
    """,
)
def sum_of_all_drops_what_was_kept(b: Builder) -> Value:
    return b.op("ReduceSum", b.op("ReduceSum", x(b, 2, 3), [1]), keepdims=0)


@changes(
    "merge-consecutive",
    """
    graph main (x: float32[N,2,3])
      ReduceMin: float32[N,3] = ReduceMin(x, int64([1])) {keepdims=0}
      Unsqueeze: float32[N,1,3] = Unsqueeze(ReduceMin, int64([1]))
      return y=Unsqueeze
    """,
    """
    graph main (x: float32[N,2,3])
      Unsqueeze: float32[N,1,3] = ReduceMin(x, int64([1])) {keepdims=1}
      return y=Unsqueeze
    """,
)
def unsqueezed(b: Builder) -> Value:
    return b.op("Unsqueeze", b.op("ReduceMin", x(b, "N", 2, 3), [1], keepdims=0), [1])


@changes(
    "merge-consecutive",
    """
    graph main (x: float32[4,2,3])
      ReduceMax: float32[4,1,3] = ReduceMax(x, int64([1]))
      Reshape: float32[4,3] = Reshape(ReduceMax, int64([4, 3]))
      return y=Reshape
    """,
    """
    graph main (x: float32[4,2,3])
      Reshape: float32[4,3] = ReduceMax(x, int64([1])) {keepdims=0}
      return y=Reshape
    """,
)
def squeezed_by_reshape(b: Builder) -> Value:
    return b.op("Reshape", b.op("ReduceMax", x(b, 4, 2, 3), [1]), [4, 3])


@declines("merge-consecutive")
def not_these(b: Builder) -> dict[str, Value]:
    source = x(b, 2, 3, 4)
    middle = b.op("ReduceMax", source, [1])
    return {
        "one_is_kept": b.op("ReduceMax", middle, [2], keepdims=0),
        "two_kinds": b.op("ReduceMean", b.op("ReduceSum", source, [1]), [2]),
        "elsewhere": b.op("Unsqueeze", b.op("ReduceSum", source, [2], keepdims=0), [0]),
        "nothing": b.op("ReduceProd", b.op("ReduceProd", source, noop_with_empty_axes=1), [0]),
    }


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_row(row: Row, tmp_path: Path) -> None:
    examine(row, tmp_path)
