"""How large the constants may be that emitters and lowerings make of sizes alone: matrices, masks, grids of positions.

A file of 200 bytes can ask for a resize by a matrix of gigabytes. What is that large is refused before it is made. The
makers here are numpy's, checked; `tests/ir/test_table_size.py` finds a handler that uses numpy's own.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeAlias

import numpy as np

from mgeconvert.errors import refuse

Array: TypeAlias = "np.ndarray[Any, Any]"
Sizes: TypeAlias = "int | Sequence[int]"

MOST = 1 << 24
"""Numbers of one such constant: 64 MB of float32, the product of two axes of 4,096."""
TOTAL, FACTOR = 1 << 26, 4
"""Numbers of all such constants of one conversion, or FACTOR times those of the model's weights."""
WIDENED = 32
"""How many times as large as a weight a weight may become that is written with the zeros between its taps."""

_LEFT: ContextVar[list[int] | None] = ContextVar("left", default=None)


@contextmanager
def limited_tables(numbers: int) -> Iterator[None]:
    """While the context is open, all tables together are limited; the model has weights of so many numbers."""
    token = _LEFT.set([max(TOTAL, FACTOR * numbers)])
    try:
        yield
    finally:
        _LEFT.reset(token)


def check_table(*sizes: int, beside: int = 0) -> None:
    """Refuse the operator at hand, which needs a constant of these sizes, where it would be too large.

    A size of 0 counts as 1: the positions along the other axes are made all the same. `beside` are the numbers of the
    weight that it is made of."""
    wanted = math.prod(max(int(size), 1) for size in sizes)
    if wanted > max(MOST, WIDENED * beside):
        shape = " x ".join(str(int(size)) for size in sizes)
        refuse(f"it needs a constant of {shape} numbers, more than the {MOST:,} that are made of sizes alone")
    left = _LEFT.get()
    if left is not None:
        left[0] -= wanted
        if left[0] < 0:
            refuse("the operators of this model need constants of more numbers than are made of sizes alone")


def arange(*bounds: float, dtype: Any = None) -> Array:
    """``numpy.arange(stop)`` or ``(start, stop[, step])``; RefusedError beyond the limit."""
    start, stop, step = (0, *bounds, 1) if len(bounds) == 1 else (*bounds, 1)[:3]
    check_table(math.ceil((stop - start) / step))
    return np.arange(*bounds, dtype=dtype)


def zeros(shape: Sizes, dtype: Any = np.float64, *, beside: int = 0) -> Array:
    """``numpy.zeros``; RefusedError beyond the limit."""
    check_table(*_sizes(shape), beside=beside)
    return np.zeros(shape, dtype)


def ones(shape: Sizes, dtype: Any = np.float64) -> Array:
    """``numpy.ones``; RefusedError beyond the limit."""
    check_table(*_sizes(shape))
    return np.ones(shape, dtype)


def full(shape: Sizes, number: Any, dtype: Any = None) -> Array:
    """``numpy.full``; RefusedError beyond the limit."""
    check_table(*_sizes(shape))
    return np.full(shape, number, dtype)


def eye(rows: int, columns: int | None = None, k: int = 0, dtype: Any = np.float64) -> Array:
    """``numpy.eye``; RefusedError beyond the limit."""
    check_table(rows, rows if columns is None else columns)
    return np.eye(rows, columns, k, dtype)


def indices(sizes: Sequence[int], dtype: Any = np.int64) -> Array:
    """``numpy.indices``: where each element stands, one array for each axis; RefusedError beyond the limit."""
    check_table(len(sizes), *sizes)
    return np.indices(sizes, dtype)


def grid(*positions: Array) -> list[Array]:
    """``numpy.meshgrid`` with the axes in order; RefusedError beyond the limit."""
    check_table(len(positions), *(each.size for each in positions))
    return list(np.meshgrid(*positions, indexing="ij"))


def padded(weight: Array, widths: Sequence[tuple[int, int]]) -> Array:
    """``numpy.pad`` of a weight with zeros; RefusedError beyond the limit for weights."""
    sizes = (size + before + after for size, (before, after) in zip(weight.shape, widths, strict=True))
    check_table(*sizes, beside=weight.size)
    return np.pad(weight, widths)


def repeated(array: Array, times: Sizes) -> Array:
    """``numpy.tile``; RefusedError beyond the limit."""
    check_table(array.size, *_sizes(times))
    return np.tile(array, times)


def _sizes(shape: Sizes) -> Sequence[int]:
    return shape if isinstance(shape, Sequence) else (int(shape),)
