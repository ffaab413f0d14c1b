"""`x[...]` in every form: ints, slices, ellipsis, newaxis, tensors of ints, bool masks.

Source: numpy's indexing rules, which MegEngine follows except that it puts new axes into the tensor before it indexes,
and that an ellipsis which stands for no axis separates nothing (measured against MegEngine 1.13). Basic indexing
becomes Slice, Squeeze and Unsqueeze, an index tensor Gather or GatherND.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mgeconvert.errors import BadInputError, refuse
from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder

from ..names import METHOD
from ..operands import BOOL, INT64, as_indices, cast, rank, tensor
from ..shapes import as_shape_operand, expand_like, pack, sizes_of
from ..table import lower

END = int(np.iinfo(np.int64).max)


@dataclass(slots=True)
class Index:
    """An index taken apart, in the axes of the tensor with its new axes: slices, ints, index tensors.

    `mask` is the only bool mask and its first axis, where no other tensor or int is there.
    """

    added: list[int] = field(default_factory=list)
    slices: dict[int, slice] = field(default_factory=dict)
    ints: dict[int, int] = field(default_factory=dict)
    tensors: dict[int, Value] = field(default_factory=dict)
    mask: tuple[int, Value] | None = None

    @property
    def is_apart(self) -> bool:
        """Whether the axes that ints and tensors take are not neighbours: then what they pick comes first."""
        axes = sorted([*self.ints, *self.tensors])
        return axes != list(range(axes[0], axes[-1] + 1))


def parse(b: Builder, x: Value, index: Any) -> Index:
    """Resolve ellipsis, masks and axis numbers."""
    items = [_item(b, item) for item in (index if isinstance(index, tuple) else (index,))]
    consumed = sum(_axes_taken(item) for item in items)
    if not any(item is Ellipsis for item in items):
        items.append(Ellipsis)
    parsed, axis = Index(), 0
    masks: dict[int, Value] = {}
    for item in items:
        if item is Ellipsis:
            axis += rank(x) - consumed
            continue
        if item is None:
            parsed.added.append(axis)
        elif isinstance(item, slice):
            if item != slice(None):
                parsed.slices[axis] = item
        elif isinstance(item, int):
            parsed.ints[axis] = item
        elif item.dtype == BOOL:
            masks[axis] = item
            parsed.tensors.update(enumerate(_coordinates(b, item), axis))
        else:
            parsed.tensors[axis] = item
        axis += max(_axes_taken(item), 1)
    if len(masks) == 1 and not parsed.ints and len(parsed.tensors) == rank(next(iter(masks.values()))):
        (parsed.mask,) = masks.items()
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


def _coordinates(b: Builder, mask: Value) -> list[Value]:
    """The positions under a mask of n axes as n vectors."""
    found = b.op("NonZero", mask)
    return [b.op("Gather", found, b.constant(axis, INT64), axis=0) for axis in range(rank(mask))]


def take_slices(b: Builder, x: Value, slices: dict[int, slice]) -> Value:
    """One Slice for all axes; bounds may be values."""
    if not slices:
        return x
    axes = sorted(slices)
    steps = [step_of(slices[axis]) for axis in axes]
    starts = [_or(slices[axis].start, 0 if step > 0 else END) for axis, step in zip(axes, steps, strict=True)]
    stops = [_or(slices[axis].stop, END if step > 0 else -END) for axis, step in zip(axes, steps, strict=True)]
    return b.op("Slice", x, _bounds(b, starts), _bounds(b, stops), axes, steps)


def _bounds(b: Builder, bounds: Sequence[Any]) -> list[int] | Value:
    return as_shape_operand(b, [size for bound in bounds for size in sizes_of(b, bound)])


def _or(value: Any, default: int) -> Any:
    return default if value is None else value


def step_of(item: slice) -> int:
    """A slice's step, which must be known; BadInputError for what is no whole number."""
    if isinstance(item.step, Value):
        if item.step.array is None:
            refuse("a slice whose step is only known at run time")
        return int(item.step.array)
    if item.step is None:
        return 1
    if not isinstance(item.step, int | np.integer):
        raise BadInputError(f"a slice's step is a {type(item.step).__name__}, expected a whole number")
    return int(item.step)


def single(position: int) -> slice:
    """The slice of one position."""
    return slice(position, position + 1 if position != -1 else None, 1)


@lower(METHOD + "__getitem__")
def getitem(b: Builder, self: Value, index: Any) -> Value:
    """A list that holds more than ints is a tuple; True adds an axis."""
    if isinstance(index, list) and not all(isinstance(item, int) for item in index):
        index = tuple(index)
    element = _known_element(b, self, index)
    if element is not None:
        return element
    parsed = parse(b, self, _without_bools(index))
    x = b.op("Unsqueeze", self, parsed.added) if parsed.added else self
    if len(parsed.ints) == 1 and not parsed.slices and not parsed.tensors:
        ((axis, position),) = parsed.ints.items()
        return b.op("Gather", x, b.constant(position, INT64), axis=axis)
    x = take_slices(b, x, parsed.slices | {axis: single(position) for axis, position in parsed.ints.items()})
    x = b.op("Squeeze", x, sorted(parsed.ints)) if parsed.ints else x
    return _gather(b, x, parsed) if parsed.tensors else x


def _without_bools(index: Any) -> Any:
    items = index if isinstance(index, tuple) else (index,)
    if any(item is False for item in items):
        refuse("an index of False, which leaves nothing")
    return tuple(None if item is True else item for item in items)


def _known_element(b: Builder, x: Value, index: Any) -> Value | None:
    """An element or a slice of a shape vector whose elements are known (see ShapeBuilder)."""
    elements = getattr(b, "elements", {}).get(x)
    if elements is None or not isinstance(index, int | slice) or isinstance(index, bool):
        return None
    if isinstance(index, int):
        size = elements[index]
        return b.constant(size, np.int32) if isinstance(size, int) else size
    bounds = [bound.array if isinstance(bound, Value) else bound for bound in (index.start, index.stop, index.step)]
    return pack(b, elements[slice(*(None if bound is None else int(bound) for bound in bounds))])


def _gather(b: Builder, x: Value, parsed: Index) -> Value:
    """What tensors pick from `x`, whose ints are gone."""
    tensors = {axis - sum(other < axis for other in parsed.ints): index for axis, index in parsed.tensors.items()}
    axes = sorted(tensors)
    place = 0 if parsed.is_apart else axes[0]
    if len(axes) == 1:
        (index,) = tensors.values()
        picked = b.op("Gather", x, as_indices(b, index), axis=axes[0])
        return moved(b, picked, axes[0], place, rank(index))
    indices = [cast(b, tensors[axis], INT64) for axis in axes]
    front = b.op("Transpose", x, perm=to_front(x, axes)) if axes != list(range(len(axes))) else x
    points = stack_points(b, indices)
    return moved(b, b.op("GatherND", front, points), 0, place, rank(points) - 1)


def to_front(x: Value, axes: list[int]) -> list[int]:
    """The permutation that puts these axes first."""
    return [*axes, *(axis for axis in range(rank(x)) if axis not in axes)]


def moved(b: Builder, x: Value, start: int, place: int, count: int) -> Value:
    """`x` with `count` axes that begin at `start` moved so that they begin at `place`."""
    block = list(range(start, start + count))
    others = [axis for axis in range(rank(x)) if axis not in block]
    order = [*others[:place], *block, *others[place:]]
    return b.op("Transpose", x, perm=order) if order != sorted(order) else x


def stack_points(b: Builder, indices: list[Value]) -> Value:
    """Index tensors, broadcast against each other, as one tensor whose last axis holds a coordinate per axis."""
    if len({index.shape for index in indices}) > 1:
        common = indices[0]
        for index in indices[1:]:
            common = b.op("Add", common, index)
        indices = [expand_like(b, index, common) for index in indices]
    points = [b.op("Unsqueeze", index, [-1]) for index in indices]
    return points[0] if len(points) == 1 else b.op("Concat", *points, axis=-1)
