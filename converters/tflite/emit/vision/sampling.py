"""Sampling at computed positions: gathers of the neighbours, weighted."""

from __future__ import annotations

import itertools

import numpy as np

from ...model import Tensor
from ..emission import Emission


def sampled(
    c: Emission, x: Tensor, batches: Tensor, positions: list[Tensor], *, nearest: bool = False, zeros: bool = True
) -> Tensor:
    """x (N, H, W, C) at (batches, rows, columns): what lies outside is 0 or the border."""
    corners = [_neighbours(c, at, c.known((size,), "sampling")[0], nearest, zeros)
               for at, size in zip(positions, x.shape[1:3], strict=True)]  # fmt: skip
    total: Tensor | None = None
    channels = x.shape[3]
    for (row, row_weight), (column, column_weight) in itertools.product(*corners):
        where = c.op("PACK", batches, row, column, shape=(*row.shape, 3), dtype=np.int32, Axis=row.rank, ValuesCount=3)
        found = c.op("GATHER_ND", x, where, shape=(*row.shape, channels), dtype=x.dtype)
        weight = _product(c, row_weight, column_weight)
        if weight is not None:
            found = c.op("MUL", found, c.reshape(weight, (*weight.shape, 1)))
        total = found if total is None else c.op("ADD", total, found)
    assert total is not None
    return total


def _product(c: Emission, first: Tensor | None, second: Tensor | None) -> Tensor | None:
    if first is None or second is None:
        return first or second
    return c.op("MUL", first, second)


def _neighbours(c: Emission, at: Tensor, size: int, nearest: bool, zeros: bool) -> list[tuple[Tensor, Tensor | None]]:
    """The index of each neighbour along one axis and its weight."""
    low, high = c.like(0, at), c.like(size - 1, at)
    if not zeros:
        at = c.op("MINIMUM", c.op("MAXIMUM", at, low), high)
    base = c.op("ROUND", at) if nearest else c.op("FLOOR", at)
    if nearest:
        return [_clamped(c, base, low, high, None, zeros)]
    after = c.op("SUB", at, base)
    before = c.op("SUB", c.like(1, at), after)
    following = c.op("ADD", base, c.like(1, at))
    return [_clamped(c, base, low, high, before, zeros), _clamped(c, following, low, high, after, zeros)]


def _clamped(
    c: Emission, at: Tensor, low: Tensor, high: Tensor, weight: Tensor | None, zeros: bool
) -> tuple[Tensor, Tensor | None]:
    inside = c.op("MINIMUM", c.op("MAXIMUM", at, low), high)
    if zeros:
        there = c.cast(c.op("EQUAL", at, inside, dtype=bool), at.dtype)
        weight = there if weight is None else c.op("MUL", weight, there)
    return c.cast(inside, np.int32), weight
