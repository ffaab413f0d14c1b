"""Broadcasting above the rank kernels take: adjacent axes that broadcast alike are merged."""

from __future__ import annotations

import math
from collections.abc import Sequence

from mgeconvert.ir import Dim, Shape

from ..model import merged

LIMIT = 4
"""Every elementwise kernel broadcasts up to rank 4; equal shapes need no broadcast."""
LARGEST = 6
"""XNNPACK takes no tensors of more axes."""
FAILING = frozenset(["CONCATENATION", "MEAN", "REDUCE_MAX", "REDUCE_MIN", "SPLIT", "SUM"])
"""Operators of more axes that XNNPACK takes from the builtin kernels all the same, and then fails on."""


def around(shape: Shape, axis: int) -> Shape:
    """Three axes: what is before the axis, the axis, what is behind it."""
    return merged(shape[:axis]), shape[axis], merged(shape[axis + 1 :])


def collapsed(shapes: Sequence[Shape]) -> list[Shape]:
    """The shapes with adjacent axes merged along which the same operands are broadcast; axes of size 1 disappear."""
    rank = max(map(len, shapes))
    aligned = [(1,) * (rank - len(shape)) + tuple(shape) for shape in shapes]
    columns: list[list[Dim]] = []
    kinds: list[tuple[bool, ...]] = []
    for column in zip(*aligned, strict=True):
        kind = tuple(dim == 1 for dim in column)
        if all(kind):
            continue
        if kinds and kinds[-1] == kind and all(isinstance(dim, int) for dim in (*column, *columns[-1])):
            columns[-1] = [math.prod(pair) for pair in zip(columns[-1], column, strict=True)]
        else:
            columns.append(list(column))
            kinds.append(kind)
    return [tuple(column[index] for column in columns) for index in range(len(shapes))]
