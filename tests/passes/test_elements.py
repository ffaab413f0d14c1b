"""fuse-elements: GatherElements and ScatterElements as MegEngine writes them into static graphs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder
from tests.passes.harness import Row, examine, tables
from tests.passes.layers import x

ROWS, changes, declines = tables()
ROW, COLUMN = np.int64([[0], [0], [0], [1], [1], [1]]), np.int64([[0], [1], [2], [0], [1], [2]])


def picks(b: Builder, *columns: np.ndarray | None, name: str = "i") -> Value:
    """(6, 2) places; None stands for the computed indices, a column."""
    given = b.op("Clip", b.input(name, "int32", (2, 3)), np.int32(0), np.int32(1))
    column = b.op("Unsqueeze", b.op("Cast", b.op("Reshape", given, [-1]), to=7), [-1])
    return b.op("Concat", *(column if each is None else each for each in columns), axis=-1)


@changes(
    "fuse-elements",
    """
    graph main (x: float32[2,4], i: int32[2,3])
      Clip: int32[2,3] = Clip(i, int32(0), int32(1))
      Reshape: int32[6] = Reshape(Clip, int64([-1]))
      Cast: int64[6] = Cast(Reshape) {to=7}
      Unsqueeze: int64[6,1] = Unsqueeze(Cast, int64([-1]))
      Concat: int64[6,2] = Concat(int64([[0], [0], [0], [1], [1], [1]]), Unsqueeze) {axis=-1}
      GatherND: float32[6] = GatherND(x, Concat)
      Reshape_1: float32[2,3] = Reshape(GatherND, int64([2, 3]))
      return y=Reshape_1
    """,
    """
    graph main (x: float32[2,4], i: int32[2,3])
      Clip: int32[2,3] = Clip(i, int32(0), int32(1))
      Reshape_1: float32[2,3] = GatherElements(x, Clip) {axis=1}
      return y=Reshape_1
    """,
)
def gathered(b: Builder) -> Value:
    return b.op("Reshape", b.op("GatherND", x(b, 2, 4), picks(b, ROW, None)), [2, 3])


@changes(
    "fuse-elements",
    """
    graph main (x: float32[3,4], i: int32[2,3], u: float32[2,3])
      Clip: int32[2,3] = Clip(i, int32(0), int32(1))
      Reshape: int32[6] = Reshape(Clip, int64([-1]))
      Cast: int64[6] = Cast(Reshape) {to=7}
      Unsqueeze: int64[6,1] = Unsqueeze(Cast, int64([-1]))
      Concat: int64[6,2] = Concat(Unsqueeze, int64([[0], [1], [2], [0], [1], [2]])) {axis=-1}
      Reshape_1: float32[6] = Reshape(u, int64([-1]))
      ScatterND: float32[3,4] = ScatterND(x, Concat, Reshape_1)
      return y=ScatterND
    """,
    """
    graph main (x: float32[3,4], i: int32[2,3], u: float32[2,3])
      Clip: int32[2,3] = Clip(i, int32(0), int32(1))
      ScatterND: float32[3,4] = ScatterElements(x, Clip, u) {axis=0}
      return y=ScatterND
    """,
)
def scattered(b: Builder) -> Value:
    source, places = x(b, 3, 4), picks(b, None, COLUMN)
    return b.op("ScatterND", source, places, b.op("Reshape", b.input("u", "float32", (2, 3)), [-1]))


@declines("fuse-elements")
def other_places(b: Builder) -> dict[str, Value]:
    """Indices of another element, of two axes, of parts of x; sums; another shape."""
    source, updates = x(b, 2, 4), b.op("Reshape", b.input("u", "float32", (2, 3)), [-1])
    places = picks(b, ROW, None)
    return {
        "moved": b.op("Reshape", b.op("GatherND", source, picks(b, COLUMN, None, name="j")), [2, 3]),
        "both": b.op("Reshape", b.op("GatherND", source, b.op("Concat", *(places for _ in range(2)), axis=0)), [2, 6]),
        "shape": b.op("Reshape", b.op("GatherND", source, places), [3, 2]),
        "sum": b.op("ScatterND", source, places, updates, reduction="add"),
    }


@changes(
    "fuse-softmax",
    """
    graph main (x: float32[2,3,4])
      ReduceMax: float32[2,3,1] = ReduceMax(x, int64([2]))
      ReduceMax_1: float32[2,1,1] = ReduceMax(ReduceMax, int64([1]))
      Sub: float32[2,3,4] = Sub(x, ReduceMax_1)
      Exp: float32[2,3,4] = Exp(Sub)
      ReduceSum: float32[2] = ReduceSum(Exp, int64([1, 2])) {keepdims=0}
      Reshape: float32[2] = Reshape(ReduceMax_1, int64([2]))
      Log: float32[2] = Log(ReduceSum)
      Add: float32[2] = Add(Reshape, Log)
      return y=Add
    """,
    """
    graph main (x: float32[2,3,4])
      Add: float32[2] = ReduceLogSumExp(x, int64([1, 2])) {keepdims=0}
      return y=Add
    """,
)
def logarithm_along_two_axes(b: Builder) -> Value:
    source = x(b, 2, 3, 4)
    most = b.op("ReduceMax", b.op("ReduceMax", source, [2]), [1])
    total = b.op("ReduceSum", b.op("Exp", b.op("Sub", source, most)), [1, 2], keepdims=0)
    return b.op("Add", b.op("Reshape", most, [2]), b.op("Log", total))


@declines("fuse-softmax")
def the_mean_taken_away(b: Builder) -> Value:
    source = x(b, 2, 3, 4)
    mean = b.op("ReduceMean", source, [1, 2])
    total = b.op("ReduceSum", b.op("Exp", b.op("Sub", source, mean)), [1, 2], keepdims=0)
    return b.op("Add", b.op("Reshape", mean, [2]), b.op("Log", total))


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_row(row: Row, tmp_path: Path) -> None:
    examine(row, tmp_path)
