"""`x[...] = y` in every form; the result is the tensor as it is afterwards.

The region is taken apart axis by axis and the new part put back with Concat (contiguous regions) or a one-dimensional
mask (strided ones), so that no index tables are stored; tensors of indices become ScatterND. Source: measured against
MegEngine 1.13, where new axes stay in the tensor, ``x[...] = y`` is y, and True and False are 1 and 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Value, table_size
from mgeconvert.ir.builder import Builder

from ..names import METHOD
from ..operands import INT64, Tensor, cast, rank, tensor
from ..shapes import Size, dimension, expand, expand_like, follow
from ..table import lower
from .getitem import Index, moved, parse, single, stack_points, step_of, take_slices, to_front


@lower(METHOD + "__setitem__")
def setitem(b: Builder, self: Value, index: Any, value: Tensor) -> Value:
    """The tensor as it is after the assignment."""
    new = tensor(b, value, self.dtype)
    if index is Ellipsis:
        return new
    parsed = parse(b, self, index)
    x = b.op("Unsqueeze", self, parsed.added) if parsed.added else self
    if rank(x) == rank(new) and not parsed.tensors and 0 not in parsed.slices:
        x = follow(b, [x, new])[0]
    if parsed.tensors:
        return _assign(b, x, sorted(parsed.slices.items()), new, parsed)
    regions = sorted((parsed.slices | {axis: single(position) for axis, position in parsed.ints.items()}).items())
    return _assign(b, x, regions, _aligned(b, x, new, sorted(parsed.ints)), None)


def _aligned(b: Builder, x: Value, value: Value, dropped: list[int]) -> Value:
    """Give the value an axis of size 1 where the index had an int, so that it broadcasts against the region."""
    kept = [axis for axis in range(rank(x)) if axis not in dropped]
    value = _fitted(b, value, len(kept))
    missing = len(kept) - rank(value)
    first = kept[missing] if missing < len(kept) else rank(x)
    inserted = [axis for axis in dropped if axis > first]
    return b.op("Unsqueeze", value, [axis - first for axis in inserted]) if inserted else value


def _fitted(b: Builder, value: Value, count: int) -> Value:
    """Without leading axes of size 1 beyond that number of axes."""
    return b.op("Squeeze", value, list(range(rank(value) - count))) if rank(value) > count else value


def _assign(b: Builder, x: Value, regions: list[tuple[int, slice]], value: Value, picked: Index | None) -> Value:
    """Write to the region of each axis, and there to what the tensors pick."""
    if not regions:
        return expand_like(b, value, x) if picked is None else _pick(b, x, picked, value)
    (axis, region), *rest = regions
    part = take_slices(b, x, {axis: region})
    return _splice(b, x, axis, region, _assign(b, part, rest, value, picked))


def _splice(b: Builder, x: Value, axis: int, region: slice, part: Value) -> Value:
    """`x` with the region of one axis replaced by `part`."""
    length, step = dimension(b, x, axis), step_of(region)
    start, stop = (bound.array if isinstance(bound, Value) else bound for bound in (region.start, region.stop))
    is_known = all(not isinstance(bound, Value) or bound.array is not None for bound in (region.start, region.stop))
    if isinstance(length, int) and is_known:
        bounds = slice(None if start is None else int(start), None if stop is None else int(stop), step)
        return _splice_at(b, x, axis, length, range(length)[bounds], part)
    if step == 1:
        before = [] if region.start is None else [take_slices(b, x, {axis: slice(0, region.start, 1)})]
        after = [] if region.stop is None else [take_slices(b, x, {axis: slice(region.stop, None, 1)})]
        return b.op("Concat", *before, part, *after, axis=axis) if before or after else part
    if step < 0 or region.stop is not None or (start is not None and start < 0) or not is_known:
        refuse("assignment to a strided slice whose bounds are only known at run time")
    stepped = b.op("Range", b.constant(start or 0, INT64), cast(b, tensor(b, length), INT64), b.constant(step, INT64))
    return _scatter(b, x, {axis: stepped}, axis, part)


def _splice_at(b: Builder, x: Value, axis: int, length: int, positions: range, part: Value) -> Value:
    """`part` at known positions of an axis."""
    if not positions:
        return x
    if positions.step != 1 and len(positions) > 1:
        return _interleave(b, x, axis, length, positions, part)
    first, end = positions[0], positions[0] + len(positions)
    before = [take_slices(b, x, {axis: slice(0, first, 1)})] if first else []
    after = [take_slices(b, x, {axis: slice(end, length, 1)})] if end != length else []
    return b.op("Concat", *before, part, *after, axis=axis) if before or after else part


def _interleave(b: Builder, x: Value, axis: int, length: int, positions: range, part: Value) -> Value:
    """Every position of the axis reads its element from `part` or stays, by a mask along the axis."""
    source = table_size.zeros(length, np.int64)
    source[list(positions)] = table_size.arange(len(positions))
    mask = table_size.zeros([length if index == axis else 1 for index in range(rank(x))], bool)
    mask.reshape(-1)[list(positions)] = True
    return b.op("Where", mask, b.op("Gather", part, source, axis=axis), x)


def _pick(b: Builder, x: Value, parsed: Index, value: Value) -> Value:
    """Write where tensors and ints point."""
    if parsed.mask is not None and rank(value) == 0:
        axis, mask = parsed.mask
        behind = list(range(rank(mask), rank(x) - axis))
        return b.op("Where", b.op("Unsqueeze", mask, behind) if behind else mask, value, x)
    indices = {**parsed.tensors, **{axis: b.constant(position, INT64) for axis, position in parsed.ints.items()}}
    return _scatter(b, x, indices, 0 if parsed.is_apart else min(indices), value)


def _scatter(b: Builder, x: Value, indices: dict[int, Value], place: int, value: Value) -> Value:
    """ScatterND along those axes; the axes of the indices begin at `place` in the value."""
    axes = sorted(indices)
    points = stack_points(b, [cast(b, indices[axis], INT64) for axis in axes])
    depth, order = rank(points) - 1, to_front(x, axes)
    others: list[Size] = [dimension(b, x, axis) for axis in order[len(axes) :]]
    picked = [dimension(b, points, axis) for axis in range(depth)]
    sizes = [*others[:place], *picked, *others[place:]]
    updates = moved(b, expand(b, _fitted(b, value, len(sizes)), sizes), place, 0, depth)
    if depth == 0:  # a single point, which not every runtime takes without an axis
        points, updates = b.op("Unsqueeze", points, [0]), b.op("Unsqueeze", updates, [0])
    if axes == list(range(len(axes))):
        return b.op("ScatterND", x, points, updates)
    written = b.op("ScatterND", b.op("Transpose", x, perm=order), points, updates)
    return b.op("Transpose", written, perm=[int(axis) for axis in np.argsort(order)])
