"""Remainders and comparisons of numbers whose range is known, roots and squares: what is left of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mgeconvert.ir import Value
from mgeconvert_converters.tflite.emit.build import build
from tests.tflite.judge import graph_of, judge

X = np.random.default_rng(7).uniform(0.5, 2, (4, 6)).astype(np.float32)
INDICES = np.array([[1, -2, 3], [0, 5, -6], [2, 2, 2], [-1, 4, 0]])


def best(b: Any, x: Value, _: Value) -> Value:
    """Positions of an extreme are in their axis."""
    return b.op("GatherElements", x, b.op("ArgMax", x, axis=1), axis=1)


def sorted_rows(b: Any, x: Value, _: Value) -> Value:
    return b.op("GatherElements", x, b.ops("TopK", 2, x, [3])[1], axis=1)


def of_another_axis(b: Any, x: Value, _: Value) -> Value:
    """Positions among six columns are none among four rows."""
    return b.op("Gather", x, b.op("Sub", b.op("ArgMax", x, axis=1, keepdims=0), 6), axis=1)


def once(b: Any, x: Value, indices: Value) -> Value:
    """The tuples of GatherND are in range where each place is."""
    rows = b.constant(np.arange(4).reshape(4, 1, 1).repeat(3, 1))
    columns = b.op("Unsqueeze", b.op("Mod", indices, 6), [2])
    return b.op("GatherND", x, b.op("Concat", rows, columns, axis=2))


def any_tuple(b: Any, x: Value, indices: Value) -> Value:
    """Columns of five are not known to be columns where they stand for rows."""
    columns = b.op("Unsqueeze", b.op("Mod", indices, 6), [2])
    return b.op("GatherND", x, b.op("Concat", b.op("Sub", b.op("Min", columns, 3), 4), columns, axis=2))


def one_hot(b: Any, x: Value, _: Value) -> Value:
    """No position is below zero."""
    return b.op("OneHot", b.op("ArgMax", x, axis=1, keepdims=0), 6, np.float32([0, 1]))


def roots(b: Any, x: Value, _: Value) -> list[Value]:
    return [b.op("Reciprocal", b.op("Sqrt", x)), b.op("Mul", x, x), b.op("Div", np.float32(2), b.op("Sqrt", x))]


CASES = [
    (best, "ARG_MAX PACK GATHER_ND RESHAPE"),
    (sorted_rows, "TOPK_V2 PACK GATHER_ND"),
    (of_another_axis, "ARG_MAX SUB FLOOR_MOD GATHER"),
    (once, "CAST FLOOR_MOD PACK GATHER_ND"),
    (any_tuple, "CAST FLOOR_MOD RESHAPE MINIMUM SUB CONCATENATION FLOOR_MOD GATHER_ND"),
    (one_hot, "ARG_MAX ONE_HOT"),
    (roots, "RSQRT SQUARE SQRT DIV"),
]


@pytest.mark.parametrize(("make", "operators"), CASES, ids=lambda value: getattr(value, "__name__", ""))
def test_what_is_left(make: Callable[..., Any], operators: str, tmp_path: Path) -> None:
    graph = graph_of(make, X, INDICES)
    found = [operator.op for operator in build(graph).operators]
    assert sorted(found) == sorted(operators.split())
    judge(graph, (X, INDICES), tmp_path)
