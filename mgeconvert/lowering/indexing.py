"""`x[...]` and `x[...] = y` in every form: ints, slices, ellipsis, newaxis, tensors of ints, bool masks.

Source: numpy's indexing rules, which MegEngine follows. Basic indexing becomes Slice, Squeeze and Unsqueeze, an index
tensor Gather or GatherND. Assignment takes the region apart axis by axis and puts the new part back with Concat
(contiguous regions) or a one-dimensional mask (strided ones), so that no index tables are stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mgeconvert.builder import Builder
from mgeconvert.ir import Value

from .operands import BOOL, INT64, Tensor, cast, rank, tensor
from .shapes import as_shape_operand, dimension, expand_like, pack, sizes_of
from .table import lower, refuse

T = "megengine.tensor.Tensor."

END = int(np.iinfo(np.int64).max)


@dataclass(slots=True)
class Index:
    """An index taken apart: slices per axis, axes an int removes, positions of new axes in the result, and tensors."""

    slices: dict[int, slice] = field(default_factory=dict)
    squeezed: list[int] = field(default_factory=list)
    added: list[int] = field(default_factory=list)
    advanced: dict[int, Value] = field(default_factory=dict)


def parse(b: Builder, x: Value, index: Any) -> Index:
    """Resolve ellipsis, masks and axis numbers."""
    items = list(index) if isinstance(index, tuple) else [index]
    items = [_item(b, item) for item in items]
    consumed = sum(_axes_taken(item) for item in items)
    if not any(item is Ellipsis for item in items):
        items.append(Ellipsis)
    parsed, axis, position = Index(), 0, 0
    for item in items:
        if item is Ellipsis:
            axis += rank(x) - consumed
            position += rank(x) - consumed
        elif item is None:
            parsed.added.append(position)
            position += 1
        elif isinstance(item, slice):
            if item != slice(None):
                parsed.slices[axis] = item
            axis, position = axis + 1, position + 1
        elif isinstance(item, int) or rank(item) == 0:
            parsed.slices[axis] = _single(b, x, axis, item)
            parsed.squeezed.append(axis)
            axis += 1
        else:
            for coordinate in _coordinates(b, item):
                parsed.advanced[axis] = coordinate
                axis += 1
            position += 1
    return parsed


def _item(b: Builder, item: Any) -> Any:
    if isinstance(item, np.integer):
        return int(item)
    if isinstance(item, list | np.ndarray):
        return tensor(b, np.asarray(item))
    if isinstance(item, Value) and item.array is not None and item.shape == () and item.dtype != BOOL:
        return int(item.array)
    return item


def _axes_taken(item: Any) -> int:
    if item is None or item is Ellipsis:
        return 0
    return rank(item) if isinstance(item, Value) and item.dtype == BOOL else 1


def _single(b: Builder, x: Value, axis: int, item: int | Value) -> slice:
    if isinstance(item, int):
        return slice(item, item + 1 if item != -1 else None, 1)
    return slice(item, b.op("Add", item, 1), 1)


def _coordinates(b: Builder, item: Value) -> list[Value]:
    """An index tensor is one coordinate, a mask of n axes n of them."""
    if item.dtype != BOOL:
        return [item]
    found = b.op("NonZero", item)
    return [b.op("Gather", found, b.constant(axis, INT64), axis=0) for axis in range(rank(item))]


def take_slices(b: Builder, x: Value, slices: dict[int, slice]) -> Value:
    """One Slice for all axes; bounds may be values."""
    if not slices:
        return x
    axes = sorted(slices)
    steps = [_int(slices[axis].step, 1) for axis in axes]
    starts = [_or(slices[axis].start, 0 if step > 0 else END) for axis, step in zip(axes, steps, strict=True)]
    stops = [_or(slices[axis].stop, END if step > 0 else -END) for axis, step in zip(axes, steps, strict=True)]
    return b.op("Slice", x, _bounds(b, starts), _bounds(b, stops), axes, steps)


def _bounds(b: Builder, bounds: Sequence[Any]) -> list[int] | Value:
    return as_shape_operand(b, [size for bound in bounds for size in sizes_of(b, bound)])


def _or(value: Any, default: int) -> Any:
    return default if value is None else value


def _int(value: Any, default: int) -> int:
    if isinstance(value, Value):
        if value.array is None:
            refuse("a slice whose step is only known at run time")
        return int(value.array)
    return default if value is None else int(value)


@lower(T + "__getitem__")
def getitem(b: Builder, self: Value, index: Any) -> Value:
    element = _known_element(b, self, index)
    if element is not None:
        return element
    parsed = parse(b, self, index)
    if len(parsed.squeezed) == len(parsed.slices) == 1 and not parsed.advanced and not parsed.added:
        return _single_element(b, self, parsed.squeezed[0], parsed.slices)
    x = take_slices(b, self, parsed.slices)
    if not parsed.advanced:
        x = b.op("Squeeze", x, parsed.squeezed) if parsed.squeezed else x
        return b.op("Unsqueeze", x, parsed.added) if parsed.added else x
    return _gather(b, x, parsed)


def _single_element(b: Builder, x: Value, axis: int, slices: dict[int, slice]) -> Value:
    """One int index is one Gather."""
    position = slices[axis].start
    index = b.constant(position, INT64) if isinstance(position, int) else b.op("Reshape", cast(b, position, INT64), [])
    return b.op("Gather", x, index, axis=axis)


def _known_element(b: Builder, x: Value, index: Any) -> Value | None:
    """An element or a slice of a shape vector whose elements are known (see ShapeBuilder)."""
    elements = getattr(b, "elements", {}).get(x)
    if elements is None or isinstance(index, tuple | Value) or index is None or index is Ellipsis:
        return None
    if isinstance(index, int):
        size = elements[index]
        return b.constant(size, np.int32) if isinstance(size, int) else size
    bounds = [bound.array if isinstance(bound, Value) else bound for bound in (index.start, index.stop, index.step)]
    return pack(b, elements[slice(*(None if bound is None else int(bound) for bound in bounds))])


def _gather(b: Builder, x: Value, parsed: Index) -> Value:
    """Index tensors of neighbouring axes stay in place; of separated axes their result comes first (numpy's rule)."""
    axes = sorted(parsed.advanced)
    together = axes == list(range(axes[0], axes[-1] + 1)) and not any(
        axes[0] < axis < axes[-1] for axis in parsed.squeezed
    )
    squeezed = parsed.squeezed
    x = b.op("Squeeze", x, squeezed) if squeezed else x
    moved = {axis: axis - sum(other < axis for other in squeezed) for axis in axes}
    indices = [cast(b, parsed.advanced[axis], INT64) for axis in axes]
    if len(axes) == 1:
        x = b.op("Gather", x, indices[0], axis=moved[axes[0]])
        depth = rank(indices[0])
    else:
        x, depth = _gather_many(b, x, [moved[axis] for axis in axes], indices, together)
    if not parsed.added:
        return x
    shift = depth - 1
    first = moved[axes[0]]
    return b.op("Unsqueeze", x, [axis if axis <= first else axis + shift for axis in parsed.added])


def _gather_many(b: Builder, x: Value, axes: list[int], indices: list[Value], together: bool) -> tuple[Value, int]:
    others = [axis for axis in range(rank(x)) if axis not in axes]
    front = b.op("Transpose", x, perm=[*axes, *others]) if axes != list(range(len(axes))) else x
    points = _stack_points(b, x, axes, indices)
    depth = rank(points) - 1
    picked = b.op("GatherND", front, points)
    if not together or axes[0] == 0:
        return picked, depth
    lead = axes[0]
    order = [*range(depth, depth + lead), *range(depth), *range(depth + lead, rank(picked))]
    return b.op("Transpose", picked, perm=order), depth


def _stack_points(b: Builder, x: Value, axes: list[int], indices: list[Value]) -> Value:
    """Index tensors, broadcast against each other, as one tensor whose last axis holds a coordinate per axis."""
    if len({index.shape for index in indices}) > 1:
        common = indices[0]
        for index in indices[1:]:
            common = b.op("Add", common, index)
        indices = [expand_like(b, index, common) for index in indices]
    return b.op("Concat", *(b.op("Unsqueeze", index, [-1]) for index in indices), axis=-1)


@lower(T + "__setitem__")
def setitem(b: Builder, self: Value, index: Any, value: Tensor) -> Value:
    """The tensor as it is after the assignment."""
    new = tensor(b, value, self.dtype)
    if isinstance(index, Value) and index.dtype == BOOL and rank(new) == 0:
        return b.op("Where", _mask_like(b, index, self), new, self)
    parsed = parse(b, self, index)
    if parsed.advanced:
        return _scatter(b, self, parsed, new)
    regions = sorted(parsed.slices.items())
    dropped = [axis for axis in range(rank(self)) if axis in parsed.squeezed]
    return _assign(b, self, regions, _aligned(b, self, new, dropped))


def _mask_like(b: Builder, mask: Value, x: Value) -> Value:
    missing = rank(x) - rank(mask)
    return b.op("Unsqueeze", mask, list(range(rank(mask), rank(x)))) if missing else mask


def _aligned(b: Builder, x: Value, value: Value, dropped: list[int]) -> Value:
    """Give the value an axis of size 1 where the index had an int, so that it broadcasts against the region."""
    kept = [axis for axis in range(rank(x)) if axis not in dropped]
    missing = len(kept) - rank(value)
    if missing < 0:
        return b.op("Squeeze", value, list(range(-missing)))
    places = [axis for axis in dropped if axis > (kept[missing] if missing < len(kept) else rank(x))]
    first = kept[missing] if missing < len(kept) else rank(x)
    return b.op("Unsqueeze", value, [axis - first for axis in places]) if places else value


def _assign(b: Builder, x: Value, regions: list[tuple[int, slice]], value: Value) -> Value:
    if not regions:
        return expand_like(b, value, x)
    (axis, region), *rest = regions
    part = take_slices(b, x, {axis: region})
    return _splice(b, x, axis, region, _assign(b, part, rest, value))


def _splice(b: Builder, x: Value, axis: int, region: slice, part: Value) -> Value:
    """`x` with the region of one axis replaced by `part`."""
    length = dimension(b, x, axis)
    step = _int(region.step, 1)
    bounds: list[Any] = [bound.array if isinstance(bound, Value) else bound for bound in (region.start, region.stop)]
    static = all(not isinstance(bound, Value) or bound.array is not None for bound in (region.start, region.stop))
    if step == 1 and not (static and isinstance(length, int)):
        first = take_slices(b, x, {axis: slice(0, _or(region.start, 0), 1)})
        last = [] if region.stop is None else [take_slices(b, x, {axis: slice(region.stop, None, 1)})]
        return b.op("Concat", first, part, *last, axis=axis)
    if not static or not isinstance(length, int):
        refuse("assignment to a strided slice whose bounds are only known at run time")
    start, stop = (None if bound is None else int(bound) for bound in bounds)
    positions = range(length)[start:stop:step]
    if not len(positions):
        return x
    if step == 1:
        before = [take_slices(b, x, {axis: slice(0, positions.start, 1)})] if positions.start else []
        after = [take_slices(b, x, {axis: slice(positions.stop, length, 1)})] if positions.stop < length else []
        kept = [*before, part, *after]
        return kept[0] if len(kept) == 1 else b.op("Concat", *kept, axis=axis)
    return _interleave(b, x, axis, length, positions, part)


def _interleave(b: Builder, x: Value, axis: int, length: int, positions: range, part: Value) -> Value:
    """Every position of the axis reads its element from `part` or stays, by a mask along the axis."""
    source = np.zeros(length, np.int64)
    source[list(positions)] = np.arange(len(positions))
    mask = np.zeros([length if index == axis else 1 for index in range(rank(x))], bool)
    mask.reshape(-1)[list(positions)] = True
    return b.op("Where", mask, b.op("Gather", part, source, axis=axis), x)


def _scatter(b: Builder, x: Value, parsed: Index, value: Value) -> Value:
    """Index tensors on the leading axes, everything behind them whole."""
    axes = sorted(parsed.advanced)
    if parsed.slices or parsed.added or axes != list(range(len(axes))):
        refuse("assignment through an index that mixes tensors with slices or ints")
    points = _stack_points(b, x, axes, [cast(b, parsed.advanced[axis], INT64) for axis in axes])
    picked = b.op("GatherND", x, points)
    return b.op("ScatterND", x, points, expand_like(b, value, picked))
