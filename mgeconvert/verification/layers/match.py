"""Which value of the source a value of a written model should be, and how far it is from that.

Values are matched by name, across layouts: where the file has its axes in another order than its graph, the axes are
permuted to where the two agree best. A value that the source
has under no such name is matched by what it is: any value of the source with the same numbers, in any layout.
"""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from mgeconvert.ir import Value

from ..divergence import difference
from .observe import Observed

SAME, DIFFERS, UNMATCHED = "same", "differs", "not in the source"
AXES = 5
"""Arrays of more axes are compared as they are."""
LARGE = 1000.0
"""Numbers so many times those of the smallest tenth hide them."""
ROUNDING = 64 * float(np.finfo(np.float32).eps)
"""Sums of large and small numbers are off by less, relative to the large ones."""
LEAST = 4
"""Smaller arrays are no evidence: many values have the same one or two numbers."""


@dataclass(frozen=True, slots=True)
class Layer:
    """A computed value of the written model (`value`, by `node` of that operator), the value of the source that it
    should be (None: there is none), their distance relative to the source's largest number, and the axes of the
    source's array in the order of the file where that is another one."""

    value: Value
    op: str
    twin: Value | None
    state: str
    error: float | None = None
    axes: tuple[int, ...] = ()


def layers(
    source: Observed,
    candidate: Observed,
    limit: float,
    twins: Mapping[Value, Value] | None = None,
    *,
    same_layout: bool = False,
) -> list[Layer]:
    """Every value that was watched in the candidate, in its order; `twins` are values of it whose value of the source
    is known from elsewhere. With `same_layout` an array with its axes in another order is another one."""
    by_name = {value.name: value for value in source.arrays}
    by_name |= {name: value for name, value in source.graph.outputs.items() if value in source.arrays}
    ends = dict(
        zip(candidate.graph.outputs.values(), source.graph.outputs.values(), strict=False)
        if len(candidate.graph.outputs) == len(source.graph.outputs)
        else ()
    )
    turned = not same_layout and any(
        value.static_shape not in (None, array.shape) for value, array in candidate.arrays.items()
    )
    index = _Index(source, turned)
    found: list[Layer] = []
    for node in candidate.graph.nodes:
        for value in node.outputs:
            if value not in candidate.arrays:
                continue
            array = candidate.arrays[value]
            twin = ends.get(value) or by_name.get(value.name) or (twins or {}).get(value)
            if twin is not None and twin in source.arrays:
                error, axes = distance(array, source.arrays[twin], limit, turned)
                found.append(Layer(value, node.op, twin, SAME if error <= limit else DIFFERS, error, axes))
                continue
            hit = index.find(array, limit)
            found.append(Layer(value, node.op, None, UNMATCHED) if hit is None else Layer(value, node.op, *hit))
    return found


def apart(found: np.ndarray, truth: np.ndarray) -> float:
    """max |a - b| / max |b|; infinite where shapes or non-finite places differ. Where some numbers are so large that
    the others vanish beside them, as the -10000 of an attention mask, it is that of the others, where they are further
    apart than rounding of the large ones could move them."""
    whole = difference(found, truth)
    if truth.dtype.kind != "f" or not math.isfinite(whole) or not truth.size:
        return whole
    finite = np.isfinite(truth)
    size = np.abs(truth[finite], dtype=np.float64)
    shown = size[size > 0]
    if not shown.size or size.max() <= (bound := LARGE * float(np.quantile(shown, 0.1))):
        return whole
    others = size <= bound
    error = float(np.abs(found[finite].astype(np.float64) - truth[finite])[others].max())
    return max(whole, error / float(size[others].max())) if error > ROUNDING * size.max() else whole


def distance(found: np.ndarray, truth: np.ndarray, limit: float, turned: bool = True) -> tuple[float, tuple[int, ...]]:
    """The smallest distance over the orders of axes that fit, and that order (empty: as it is). Arrays of one shape
    that differ in every order differ as they are. Not `turned` allows no other order."""
    plain = apart(found, truth)
    best = plain
    chosen: tuple[int, ...] = ()
    for axes, other in () if plain <= limit or not turned else _turned(truth, found.shape):
        error = apart(found, other)
        if error < best:
            best, chosen = error, axes
        if best <= limit:
            return best, chosen
    return (plain, ()) if found.shape == truth.shape else (best, chosen)


def _turned(array: np.ndarray, shape: tuple[int, ...]) -> Iterator[tuple[tuple[int, ...], np.ndarray]]:
    """The array with its axes in every order that gives the shape, channels last first; axes of one are no axes."""
    if array.size != math.prod(shape) or not 1 < array.ndim <= AXES:
        return
    wanted = tuple(size for size in shape if size != 1)
    last = (0, *range(2, array.ndim), 1)
    for axes in itertools.chain([last], itertools.permutations(range(array.ndim))):
        if tuple(array.shape[axis] for axis in axes if array.shape[axis] != 1) == wanted:
            yield axes, np.transpose(array, axes).reshape(shape)


class _Index:
    """The source's values by what does not depend on the order of axes."""

    def __init__(self, source: Observed, turned: bool) -> None:
        self._source = source
        self._turned = turned
        self._by_size: dict[int, list[tuple[np.ndarray, Value]]] = defaultdict(list)
        for value, array in source.arrays.items():
            if _tells(array):
                self._by_size[array.size].append((_summary(array), value))

    def find(self, array: np.ndarray, limit: float) -> tuple[Value, str, float, tuple[int, ...]] | None:
        """The first value with these numbers."""
        if not _tells(array):
            return None
        summary = _summary(array)
        for other, value in self._by_size.get(array.size, ()):
            if np.allclose(other, summary, rtol=10 * limit, atol=limit * max(summary[1], 1e-30)):
                error, axes = distance(array, self._source.arrays[value], limit, self._turned)
                if error <= limit:
                    return value, SAME, error, axes
        return None


def _tells(array: np.ndarray) -> bool:
    """Whether equal numbers mean that it is the same value."""
    return array.size >= LEAST and array.dtype.kind in "fiu" and bool(np.ptp(array) > 0)


def _summary(array: np.ndarray) -> np.ndarray:
    numbers = array.astype(np.float64)
    return np.array([np.sqrt(np.mean(numbers**2)), np.abs(numbers).max(), numbers.max(), numbers.min()])
