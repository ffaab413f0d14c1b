"""PACK and UNPACK come of RESHAPEs around CONCATENATION and SPLIT, and compute the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mgeconvert.ir import Value
from mgeconvert_converters.tflite.emit.build import build
from tests.tflite.judge import graph_of, judge

X = np.random.default_rng(1).uniform(-2, 2, (3, 4)).astype(np.float32)
Make = Callable[[Any, Value], Value]


def stacked(b: Any, x: Value) -> Value:
    return b.op("Concat", *(b.op("Unsqueeze", b.op(op, x), [1]) for op in ("Abs", "Neg", "Exp")), axis=1)


def with_a_constant(b: Any, x: Value) -> Value:
    return b.op("Concat", b.op("Unsqueeze", b.op("Abs", x), [2]), np.ones((3, 4, 1), np.float32), axis=2)


def joined(b: Any, x: Value) -> Value:
    """The pieces have an axis of size 1 of their own."""
    return b.op("Concat", *(b.op("Reshape", b.op(op, x), [3, 1, 4]) for op in ("Abs", "Neg")), axis=0)


def rows(b: Any, x: Value) -> list[Value]:
    return list(b.ops("Split", 3, x, axis=0, num_outputs=3))


def unstacked(b: Any, x: Value) -> Value:
    first, *rest = (b.op("Squeeze", row, [0]) for row in rows(b, x))
    return b.op("Sub", first, b.op("Mul", *rest))


def read_twice(b: Any, x: Value) -> Value:
    first, *rest = rows(b, x)
    parts = (b.op("Squeeze", part, [0]) for part in (first, b.op("Exp", first), *rest))
    return b.op("Concat", *parts, axis=0)


ROWS = [
    (stacked, ["ABS", "NEG", "EXP", "PACK"]),
    (with_a_constant, ["ABS", "PACK"]),
    (joined, ["ABS", "NEG", "RESHAPE", "RESHAPE", "CONCATENATION"]),
    (unstacked, ["UNPACK", "MUL", "SUB"]),
    (read_twice, ["SPLIT", "EXP", "RESHAPE", "RESHAPE", "RESHAPE", "RESHAPE", "CONCATENATION"]),
]


@pytest.mark.parametrize(("make", "ops"), ROWS, ids=[make.__name__ for make, _ in ROWS])
def test_row(make: Make, ops: list[str], tmp_path: Path) -> None:
    graph = graph_of(make, X)
    assert [operator.op for operator in build(graph).operators] == ops
    judge(graph, (X,), tmp_path)


def test_remainder_of_a_remainder(tmp_path: Path) -> None:
    numbers = np.int32([[-5, 3, 17], [-1, 4, 0]])
    graph = graph_of(lambda b, x: b.op("Mod", b.op("Mod", x, np.int32(4)), np.int32(4)), numbers)
    assert [operator.op for operator in build(graph).operators] == ["FLOOR_MOD"]
    judge(graph, (numbers,), tmp_path)
