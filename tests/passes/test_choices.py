"""fuse-choice: what MegEngine's static graphs write for Where, and conditions that went through numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder
from tests.passes.harness import Row, examine, tables
from tests.passes.layers import x

ROWS, changes, declines = tables()


def condition(b: Builder, name: str = "c") -> Value:
    return b.op("Greater", b.input(name, "float32", (2, 3)), 0.5)


@changes(
    "fuse-choice",
    """
    graph main (c: float32[2,3])
      Greater: bool[2,3] = Greater(c, float32(0.5))
      Cast: float32[2,3] = Cast(Greater) {to=1}
      Greater_1: bool[2,3] = Greater(Cast, float32(0.0))
      Not: bool[2,3] = Not(Greater_1)
      return y=Not
    """,
    """
    graph main (c: float32[2,3])
      Greater: bool[2,3] = Greater(c, float32(0.5))
      Not: bool[2,3] = Not(Greater)
      return y=Not
    """,
)
def condition_as_numbers(b: Builder) -> Value:
    numbers = b.op("Cast", condition(b), to=1)
    return b.op("Not", b.op("Greater", numbers, np.float32(0)))


@changes(
    "fuse-choice",
    """
    graph main (c: float32[2,3])
      Greater: bool[2,3] = Greater(c, float32(0.5))
      Cast: float32[2,3] = Cast(Greater) {to=1}
      Sub: float32[2,3] = Sub(float32([1.0]), Cast)
      Greater_1: bool[2,3] = Greater(Sub, float32(0.0))
      return y=Greater_1
    """,
    """
    graph main (c: float32[2,3])
      Greater: bool[2,3] = Greater(c, float32(0.5))
      Greater_1: bool[2,3] = Not(Greater)
      return y=Greater_1
    """,
)
def opposite_as_numbers(b: Builder) -> Value:
    numbers = b.op("Cast", condition(b), to=1)
    return b.op("Greater", b.op("Sub", np.float32([1]), numbers), np.float32(0))


@changes(
    "fuse-choice",
    """
    graph main (c: float32[2,3], x: float32[2,3], z: float32[2,3])
      Greater: bool[2,3] = Greater(c, float32(0.5))
      Not: bool[2,3] = Not(Greater)
      Where: float32[2,3] = Where(Not, x, z)
      return y=Where
    """,
    """
    graph main (c: float32[2,3], x: float32[2,3], z: float32[2,3])
      Greater: bool[2,3] = Greater(c, float32(0.5))
      Where: float32[2,3] = Where(Greater, z, x)
      return y=Where
    """,
)
def other_way_round(b: Builder) -> Value:
    return b.op("Where", b.op("Not", condition(b)), x(b, 2, 3), b.input("z", "float32", (2, 3)))


@changes(
    "fuse-choice",
    """
    graph main (c: float32[2,3], x: float32[2,3], z: float32[2,1])
      Greater: bool[2,3] = Greater(c, float32(0.5))
      Where: float32[2,3] = Where(Greater, x, float32(0.0))
      Where_1: float32[2,3] = Where(Greater, float32(0.0), z)
      Add: float32[2,3] = Add(Where_1, Where)
      return y=Add
    """,
    """
    graph main (c: float32[2,3], x: float32[2,3], z: float32[2,1])
      Greater: bool[2,3] = Greater(c, float32(0.5))
      Add: float32[2,3] = Where(Greater, x, z)
      return y=Add
    """,
)
def sum_of_halves(b: Builder) -> Value:
    chosen, zero = condition(b), np.float32(0)
    first = b.op("Where", chosen, x(b, 2, 3), zero)
    return b.op("Add", b.op("Where", chosen, zero, b.input("z", "float32", (2, 1))), first)


@changes(
    "fuse-choice",
    """
    graph main (x: float32[2,3])
      Equal: bool[2,3] = Equal(x, x)
      Not: bool[2,3] = Not(Equal)
      return y=Not
    """,
    """
    graph main (x: float32[2,3])
      Not: bool[2,3] = IsNaN(x)
      return y=Not
    """,
)
def not_equal_to_itself(b: Builder) -> Value:
    source = x(b, 2, 3)
    return b.op("Not", b.op("Equal", source, source))


@declines("fuse-choice")
def numbers_that_stay(b: Builder) -> dict[str, Value]:
    numbers = b.op("Cast", condition(b), to=1)
    integers = b.input("i", "int32", (2, 3))
    return {
        "other": b.op("Greater", numbers, np.float32(0.5)),
        "wider": b.op("Greater", numbers, np.zeros((4, 2, 3), np.float32)),
        "more": b.op("Greater", b.op("Sub", np.float32(2), numbers), np.float32(0)),
        "integers": b.op("Not", b.op("Equal", integers, integers)),
        "two": b.op("Not", b.op("Equal", numbers, b.input("z", "float32", (2, 3)))),
    }


@declines("fuse-choice")
def halves_that_stay(b: Builder) -> dict[str, Value]:
    source, zero, one = x(b, 2, 3), np.float32(0), np.float32(1)
    first, second = condition(b), condition(b, "d")
    used = b.op("Where", first, source, zero)
    return {
        "two": b.op("Add", b.op("Where", first, source, zero), b.op("Where", second, zero, source)),
        "not_zero": b.op("Add", b.op("Where", first, source, one), b.op("Where", first, zero, source)),
        "same_side": b.op("Add", b.op("Where", first, source, zero), b.op("Where", first, source, zero)),
        "used": b.op("Add", used, b.op("Where", first, zero, source)),
        "again": used,
    }


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_row(row: Row, tmp_path: Path) -> None:
    examine(row, tmp_path)
