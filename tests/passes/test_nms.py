# ruff: noqa: E501 - printed graphs have long lines
"""fuse-nms: NonMaxSuppression as MegEngine writes it into static graphs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder
from tests.passes.harness import Row, examine, tables
from tests.passes.layers import x

ROWS, changes, declines = tables()


RANKS = -np.arange(4, dtype=np.float32).reshape(1, 1, 4)


def kept(b: Builder, boxes: Value, scores: Value | np.ndarray = RANKS) -> Value:
    """The indices of the boxes that are kept."""
    found = b.op("NonMaxSuppression", b.op("Unsqueeze", boxes, [0]), scores, [4], np.float32([0.5]))
    return b.op("Gather", found, 2, axis=1)


def order(b: Builder, scores: Value, count: int = 4, **attrs: int) -> Value:
    return b.op("Cast", b.ops("TopK", 2, scores, [count], **attrs)[1], to=6)


@changes(
    "fuse-nms",
    """
    graph main (x: float32[4,4])
      Unsqueeze: float32[1,4,4] = Unsqueeze(x, int64([0]))
      NonMaxSuppression: int64[NonMaxSuppression_0,3] = NonMaxSuppression(Unsqueeze, float32([[[-0.0, -1.0, -2.0, -3.0]]]), int64([4]), float32([0.5]))
      Gather: int64[NonMaxSuppression_0] = Gather(NonMaxSuppression, int64(2)) {axis=1}
      Cast: int32[NonMaxSuppression_0] = Cast(Gather) {to=6}
      Shape: int64[1] = Shape(Cast)
      Sub: int64[1] = Sub(Shape, int64(1))
      Min: int64[4] = Min(int64([0, 1, 2, 3]), Sub)
      Gather_1: int32[4] = Gather(Cast, Min)
      Cast_1: int32[1] = Cast(Shape) {to=6}
      Cast_2: int64[1] = Cast(Cast_1) {to=7}
      Slice: int32[Slice_0] = Slice(Gather_1, int64([0]), Cast_2, int64([0]), int64([1]))
      Neg: int32[Slice_0] = Neg(Slice)
      return y=Neg
    """,
    """
    graph main (x: float32[4,4])
      Unsqueeze: float32[1,4,4] = Unsqueeze(x, int64([0]))
      NonMaxSuppression: int64[NonMaxSuppression_0,3] = NonMaxSuppression(Unsqueeze, float32([[[-0.0, -1.0, -2.0, -3.0]]]), int64([4]), float32([0.5]))
      Gather: int64[NonMaxSuppression_0] = Gather(NonMaxSuppression, int64(2)) {axis=1}
      Cast: int32[NonMaxSuppression_0] = Cast(Gather) {to=6}
      Neg: int32[Slice_0] = Neg(Cast)
      return y=Neg
    """,
)
def cut_to_its_length(b: Builder) -> Value:
    indices = b.op("Cast", kept(b, x(b, 4, 4)), to=6)
    length = b.op("Shape", indices)
    filled = b.op("Gather", indices, b.op("Min", np.arange(4), b.op("Sub", length, 1)))
    return b.op("Neg", b.op("Slice", filled, [0], b.op("Cast", b.op("Cast", length, to=6), to=7), [0], [1]))


@changes(
    "fuse-nms",
    """
    graph main (x: float32[4,4], s: float32[4])
      TopK: float32[4], TopK_1: int64[4] = TopK(s, int64([4]))
      Cast: int32[4] = Cast(TopK_1) {to=6}
      Gather: float32[4,4] = Gather(x, Cast)
      Unsqueeze: float32[1,4,4] = Unsqueeze(Gather, int64([0]))
      NonMaxSuppression: int64[NonMaxSuppression_0,3] = NonMaxSuppression(Unsqueeze, float32([[[-0.0, -1.0, -2.0, -3.0]]]), int64([4]), float32([0.5]))
      Gather_1: int64[NonMaxSuppression_0] = Gather(NonMaxSuppression, int64(2)) {axis=1}
      Cast_1: int32[NonMaxSuppression_0] = Cast(Gather_1) {to=6}
      Gather_2: int32[NonMaxSuppression_0] = Gather(Cast, Cast_1)
      return y=Gather_2
    """,
    """
    graph main (x: float32[4,4], s: float32[4])
      Unsqueeze: float32[1,4,4] = Unsqueeze(x, int64([0]))
      Unsqueeze_1: float32[1,1,4] = Unsqueeze(s, int64([0, 1]))
      NonMaxSuppression: int64[NonMaxSuppression_0,3] = NonMaxSuppression(Unsqueeze, Unsqueeze_1, int64([4]), float32([0.5]))
      Gather: int64[NonMaxSuppression_0] = Gather(NonMaxSuppression, int64(2)) {axis=1}
      Gather_2: int32[NonMaxSuppression_0] = Cast(Gather) {to=6}
      return y=Gather_2
    """,
)
def boxes_in_order(b: Builder) -> Value:
    boxes, sorted_ = x(b, 4, 4), order(b, b.input("s", "float32", (4,)))
    indices = b.op("Cast", kept(b, b.op("Gather", boxes, sorted_)), to=6)
    return b.op("Gather", sorted_, indices)


def filled(b: Builder, indices: Value, zeros: int = 4) -> Value:
    whole = b.op("Concat", indices, np.zeros(zeros, np.int64), axis=0)
    return b.op("Cast", b.op("Slice", whole, [0], [4]), to=6)


def count(b: Builder, indices: Value) -> Value:
    length = b.op("Shape", indices)
    return b.op("Where", b.op("Less", length, 0), np.int64(2**31 - 1), length)


@changes(
    "fuse-nms",
    """
    graph main (x: float32[4,4])
      Unsqueeze: float32[1,4,4] = Unsqueeze(x, int64([0]))
      NonMaxSuppression: int64[NonMaxSuppression_0,3] = NonMaxSuppression(Unsqueeze, float32([[[-0.0, -1.0, -2.0, -3.0]]]), int64([4]), float32([0.5]))
      Gather: int64[NonMaxSuppression_0] = Gather(NonMaxSuppression, int64(2)) {axis=1}
      Concat: int64[Concat_0] = Concat(Gather, int64([0, 0, 0, 0])) {axis=0}
      Slice: int64[Slice_0] = Slice(Concat, int64([0]), int64([4]))
      Cast: int32[Slice_0] = Cast(Slice) {to=6}
      Shape: int64[1] = Shape(Gather)
      Less: bool[1] = Less(Shape, int64(0))
      Where: int64[1] = Where(Less, int64(2147483647), Shape)
      Slice_1: int32[Slice_1_0] = Slice(Cast, int64([0]), Where)
      Neg: int32[Slice_1_0] = Neg(Slice_1)
      return y=Neg
    """,
    """
    graph main (x: float32[4,4])
      Unsqueeze: float32[1,4,4] = Unsqueeze(x, int64([0]))
      NonMaxSuppression: int64[NonMaxSuppression_0,3] = NonMaxSuppression(Unsqueeze, float32([[[-0.0, -1.0, -2.0, -3.0]]]), int64([4]), float32([0.5]))
      Gather: int64[NonMaxSuppression_0] = Gather(NonMaxSuppression, int64(2)) {axis=1}
      Slice_1: int32[Slice_1_0] = Cast(Gather) {to=6}
      Neg: int32[Slice_1_0] = Neg(Slice_1)
      return y=Neg
    """,
)
def cut_to_what_was_filled(b: Builder) -> Value:
    indices = kept(b, x(b, 4, 4))
    return b.op("Neg", b.op("Slice", filled(b, indices), [0], count(b, indices)))


@declines("fuse-nms")
def other_fillings(b: Builder) -> dict[str, Value]:
    indices, other = (kept(b, b.input(name, "float32", (4, 4))) for name in "xy")
    ones = b.op("Concat", indices, np.ones(4, np.int64), axis=0)
    anything = b.input("z", "int64", ("n",))
    return {
        "other": b.op("Slice", filled(b, indices), [0], count(b, other)),
        "start": b.op("Slice", filled(b, indices), [1], count(b, indices)),
        "ones": b.op("Slice", b.op("Slice", ones, [0], [4]), [0], count(b, indices)),
        "few": b.op("Slice", filled(b, indices, 2), [0], count(b, indices)),
        "any": b.op("Slice", filled(b, anything), [0], count(b, anything)),
    }


@declines("fuse-nms")
def other_cuts(b: Builder) -> dict[str, Value]:
    indices, other = (b.op("Cast", kept(b, b.input(name, "float32", (4, 4))), to=6) for name in "xy")
    filled = b.op("Gather", indices, b.op("Min", np.arange(4), b.op("Sub", b.op("Shape", indices), 1)))
    backwards = b.op("Gather", indices, b.op("Min", np.arange(4)[::-1], b.op("Sub", b.op("Shape", indices), 1)))
    return {
        "other": b.op("Slice", filled, [0], b.op("Shape", other), [0]),
        "start": b.op("Slice", filled, [1], b.op("Shape", indices), [0]),
        "backwards": b.op("Slice", backwards, [0], b.op("Shape", indices), [0]),
        "step": b.op("Slice", filled, [0], b.op("Shape", indices), [0], [2]),
    }


@declines("fuse-nms")
def other_orders(b: Builder) -> dict[str, Value]:
    boxes, scores = x(b, 4, 4), b.input("s", "float32", (4,))
    up, some, full = order(b, scores, largest=0), order(b, scores, 3), order(b, scores)
    equal = np.zeros((1, 1, 4), np.float32)
    return {
        "up": b.op("Gather", up, kept(b, b.op("Gather", boxes, up))),
        "some": b.op("Gather", some, kept(b, b.op("Gather", boxes, some), RANKS[..., :3])),
        "unsorted": b.op("Gather", full, kept(b, boxes)),
        "equal": b.op("Gather", full, kept(b, b.op("Gather", boxes, full), equal)),
    }


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_row(row: Row, tmp_path: Path) -> None:
    examine(row, tmp_path)
