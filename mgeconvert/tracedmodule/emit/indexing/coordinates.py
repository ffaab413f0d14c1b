"""Coordinates of elements that come as one tensor, which MegEngine takes as one tensor per axis; masks among them."""

from __future__ import annotations

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Node, Value

from ..attributes import integer
from ..builder import EmitBuilder
from ..operands import ints, rank
from ..vectors import elements


def coordinates(b: EmitBuilder, points: Value) -> list[Value]:
    """The index tensors, one per axis, that the last axis of `points` holds."""
    shape = points.shape
    if shape is None or not isinstance(shape[-1], int):
        refuse("coordinates of a number of axes that is only known at run time")
    last = len(shape) - 1
    point = b.producer(points, "Unsqueeze")
    if point is not None and last == 1 and ints(point.inputs[1]) == [0] and point.inputs[0] is not None:
        return [_vector(b, number) for number in elements(b, point.inputs[0], "coordinates")]
    joined = b.producer(points, "Concat")
    parts = [points] if joined is None or integer(joined, "axis") % len(shape) != last else joined.inputs
    found = [_without_last_axis(b, part) for part in parts]
    if all(value is not None for value in found):
        return [value for value in found if value is not None]
    return [b.op("Gather", points, b.constant(index, np.int32), axis=last) for index in range(shape[-1])]


def _vector(b: EmitBuilder, number: Value) -> Value:
    return b.op("Unsqueeze", number, [0])


def _without_last_axis(b: EmitBuilder, part: Value | None) -> Value | None:
    """What was unsqueezed to the part, or the part of a constant; None for anything else."""
    if part is None or part.shape is None or part.shape[-1] != 1:
        return None
    if part.array is not None:
        return b.constant(part.array[..., 0])
    made = b.producer(part, "Unsqueeze")
    axes = None if made is None else ints(made.inputs[1])
    return made.inputs[0] if made is not None and axes in ([-1], [len(part.shape) - 1]) else None


def mask_of(b: EmitBuilder, index: Value | None, axis: int = 0) -> Value | None:
    """The mask of whose true elements `index` is the coordinate along an axis."""
    picked = b.producer(index, "Gather")
    found = None if picked is None else b.producer(picked.inputs[0], "NonZero")
    if picked is None or found is None or ints(picked.inputs[1]) != [axis] or integer(picked, "axis"):
        return None
    mask = found.inputs[0]
    return mask if mask is not None and mask.dtype == bool else None


def with_masks(b: EmitBuilder, index: list[Value]) -> list[Value]:
    """The coordinates of a mask's true elements as that mask."""
    result: list[Value] = []
    while index:
        mask = mask_of(b, index[0])
        count = 1 if mask is None else rank(mask)
        if mask is None or any(mask_of(b, item, axis) is not mask for axis, item in enumerate(index[:count])):
            mask, count = None, 1
        result.append(index[0] if mask is None else mask)
        index = index[count:]
    return result


def only_indexes(b: EmitBuilder, positions: Value) -> bool:
    """Whether what NonZero gives is read as coordinates only, each by itself."""
    picks = b.users.get(positions, [])
    coordinates_only = all(pick.op == "Gather" and ints(pick.inputs[1]) is not None for pick in picks)
    readers = [(user, pick.output) for pick in picks for user in b.users.get(pick.output, [])]
    return bool(picks) and coordinates_only and all(_indexes(b, *reader) for reader in readers)


def _indexes(b: EmitBuilder, user: Node, coordinate: Value) -> bool:
    if user.op == "Gather":
        return user.inputs[1] is coordinate
    if user.op != "Unsqueeze":
        return False
    readers = b.users.get(user.output, [])
    joined = [end for reader in readers if reader.op == "Concat" for end in b.users.get(reader.output, [])]
    ends = {reader.op for reader in (*readers, *joined)} - {"Concat"}
    return ends <= {"GatherND", "ScatterND", "Shape"}
