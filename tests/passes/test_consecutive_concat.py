"""merge-consecutive: a Concat that several others repeat."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder
from tests.passes.harness import Row, examine, tables
from tests.passes.layers import x

ROWS, changes, declines = tables()


def pieces(b: Builder, many: int = 2, axis: int = 1) -> tuple[Value, Value]:
    source = x(b, 1, 2, 3)
    return source, b.op("Concat", *(b.op("Exp", source) for _ in range(many)), axis=axis)


@changes(
    "merge-consecutive",
    """
    graph main (x: float32[1,2,3])
      Exp: float32[1,2,3] = Exp(x)
      Exp_1: float32[1,2,3] = Exp(x)
      Concat: float32[1,4,3] = Concat(Exp, Exp_1) {axis=1}
      Neg: float32[1,2,3] = Neg(x)
      Concat_1: float32[1,6,3] = Concat(x, Concat) {axis=1}
      Concat_2: float32[1,6,3] = Concat(Neg, Concat) {axis=1}
      Mul: float32[1,6,3] = Mul(Concat_1, Concat_2)
      return y=Mul
    """,
    """
    graph main (x: float32[1,2,3])
      Exp: float32[1,2,3] = Exp(x)
      Exp_1: float32[1,2,3] = Exp(x)
      Neg: float32[1,2,3] = Neg(x)
      Concat_1: float32[1,6,3] = Concat(x, Exp, Exp_1) {axis=1}
      Concat_2: float32[1,6,3] = Concat(Neg, Exp, Exp_1) {axis=1}
      Mul: float32[1,6,3] = Mul(Concat_1, Concat_2)
      return y=Mul
    """,
)
def repeated(b: Builder) -> Value:
    source, inner = pieces(b)
    both = [b.op("Concat", each, inner, axis=1) for each in (source, b.op("Neg", source))]
    return b.op("Mul", *both)


@declines("merge-consecutive")
def read_by_another(b: Builder) -> dict[str, Value]:
    source, inner = pieces(b)
    return {"y": b.op("Concat", source, inner, axis=1), "z": b.op("Abs", inner)}


@declines("merge-consecutive")
def along_another_axis(b: Builder) -> dict[str, Value]:
    source, inner = pieces(b)
    doubled = b.op("Concat", source, source, axis=1)
    return {"y": b.op("Concat", source, inner, axis=1), "z": b.op("Concat", doubled, inner, axis=2)}


@declines("merge-consecutive")
def of_many_pieces(b: Builder) -> dict[str, Value]:
    source, inner = pieces(b, many=5)
    return {name: b.op("Concat", source, inner, axis=1) for name in ("y", "z")}


@declines("merge-consecutive")
def doubled_again_and_again(b: Builder) -> Value:
    value = x(b, 1, 1)
    for _ in range(12):
        value = b.op("Concat", value, value, axis=1)
    return value


@changes(
    "merge-consecutive",
    """
    graph main (a: float32[2,3], b: float32[2,3], c: float32[2,3])
      Unsqueeze: float32[2,1,3] = Unsqueeze(a, int64([1]))
      Unsqueeze_1: float32[2,1,3] = Unsqueeze(b, int64([1]))
      Unsqueeze_2: float32[2,1,3] = Unsqueeze(c, int64([1]))
      Concat: float32[2,3,3] = Concat(Unsqueeze, Unsqueeze_1, Unsqueeze_2) {axis=1}
      Gather: float32[2,3] = Gather(Concat, int64(-2)) {axis=1}
      Neg: float32[2,3] = Neg(Gather)
      return y=Neg
    """,
    """
    graph main (a: float32[2,3], b: float32[2,3], c: float32[2,3])
      Neg: float32[2,3] = Neg(b)
      return y=Neg
    """,
)
def column_of_a_stack(b: Builder) -> Value:
    parts = [b.op("Unsqueeze", b.input(name, "float32", (2, 3)), [1]) for name in "abc"]
    return b.op("Neg", b.op("Gather", b.op("Concat", *parts, axis=1), np.int64(-2), axis=1))


@declines("merge-consecutive")
def columns_of_other_stacks(b: Builder) -> dict[str, Value]:
    first, second = (b.input(name, "float32", (2, 3)) for name in "xy")
    wide = b.op("Concat", first, second, axis=1)
    stacked = b.op("Concat", b.op("Unsqueeze", first, [1]), b.op("Unsqueeze", second, [1]), axis=1)
    return {
        "wide": b.op("Gather", wide, np.int64(1), axis=1),
        "across": b.op("Gather", stacked, np.int64(1), axis=2),
        "several": b.op("Gather", stacked, [1], axis=1),
    }


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_row(row: Row, tmp_path: Path) -> None:
    examine(row, tmp_path)
