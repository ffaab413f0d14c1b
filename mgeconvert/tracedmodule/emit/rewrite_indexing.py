"""Rewrites of operators whose shapes, bounds or coordinates come as tensors: MegEngine takes them number by number.

A vector that was put together from numbers is taken apart into those again, so that what was lowered to vectors comes
back as it was.
"""

from __future__ import annotations

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Node, Value

from .attributes import integer, rank
from .calls import ints, sole
from .rewriter import Rewriter
from .table import rewrite

FAR = int(np.iinfo(np.int32).max)
"""Bounds beyond this are beyond every tensor."""


def elements(b: Rewriter, vector: Value, what: str) -> list[Value]:
    """The numbers in a vector, as scalars: constants, what the vector was made of, or what is picked from it."""
    known = ints(vector)
    if known is not None:
        return [b.constant(max(min(number, FAR), -FAR), np.int32) for number in known]
    if vector.shape is None or not isinstance(vector.shape[0], int):
        refuse(f"{what} of a number of axes that is only known at run time")
    parts = b.producer(vector, "Concat")
    if parts is not None and all(part is not None and part.shape == (1,) for part in parts.inputs):
        return [_single(b, part) for part in parts.inputs if part is not None]
    if vector.shape == (1,):
        return [_single(b, vector)]
    return [b.op("Gather", vector, b.constant(index, np.int32), axis=0) for index in range(vector.shape[0])]


def _single(b: Rewriter, vector: Value) -> Value:
    """The number in a vector of one."""
    if vector.array is not None:
        return b.constant(sole(vector), np.int32)
    for op in ("Reshape", "Unsqueeze"):
        made = b.producer(vector, op)
        if made is not None and made.inputs[0] is not None and made.inputs[0].shape == ():
            return made.inputs[0]
    part = b.producer(vector, "Slice")
    if part is not None and b.producer(part.inputs[0], "Shape") is not None and ints(part.inputs[1]) is not None:
        return b.op("Gather", part.inputs[0], b.constant(sole(_there(part.inputs[1])), np.int32), axis=0)
    return b.op("Gather", vector, b.constant(0, np.int32), axis=0)


def _there(value: Value | None) -> Value:
    assert value is not None
    return value


def coordinates(b: Rewriter, points: Value) -> list[Value]:
    """The index tensors, one an axis, that the last axis of `points` holds."""
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


def _vector(b: Rewriter, number: Value) -> Value:
    return b.op("Unsqueeze", number, [0])


def _without_last_axis(b: Rewriter, part: Value | None) -> Value | None:
    """What was unsqueezed to the part, or the part of a constant; None for anything else."""
    if part is None or part.shape is None or part.shape[-1] != 1:
        return None
    if part.array is not None:
        return b.constant(part.array[..., 0])
    made = b.producer(part, "Unsqueeze")
    axes = None if made is None else ints(made.inputs[1])
    return made.inputs[0] if made is not None and axes in ([-1], [len(part.shape) - 1]) else None


def mask_of(b: Rewriter, index: Value | None, axis: int = 0) -> Value | None:
    """The mask of whose true elements `index` is the coordinate along an axis."""
    picked = b.producer(index, "Gather")
    found = None if picked is None else b.producer(picked.inputs[0], "NonZero")
    if picked is None or found is None or ints(picked.inputs[1]) != [axis] or integer(picked, "axis"):
        return None
    mask = found.inputs[0]
    return mask if mask is not None and mask.dtype == bool else None


def with_masks(b: Rewriter, index: list[Value]) -> list[Value]:
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


def only_indexes(b: Rewriter, positions: Value) -> bool:
    """Whether what NonZero gives is read as coordinates only, each by itself."""
    picks = b.users.get(positions, [])
    coordinates_only = all(pick.op == "Gather" and ints(pick.inputs[1]) is not None for pick in picks)
    readers = [(user, pick.output) for pick in picks for user in b.users.get(pick.output, [])]
    return bool(picks) and coordinates_only and all(_indexes(b, *reader) for reader in readers)


def _indexes(b: Rewriter, user: Node, coordinate: Value) -> bool:
    if user.op == "Gather":
        return user.inputs[1] is coordinate
    if user.op != "Unsqueeze":
        return False
    readers = b.users.get(user.output, [])
    joined = [end for reader in readers if reader.op == "Concat" for end in b.users.get(reader.output, [])]
    ends = {reader.op for reader in (*readers, *joined)} - {"Concat"}
    return ends <= {"GatherND", "ScatterND", "Shape"}


@rewrite("Gather")
def by_mask(b: Rewriter, node: Node) -> Value | None:
    """A vector mask along one axis."""
    x, index = node.inputs
    mask = mask_of(b, index)
    if mask is None or rank(mask) != 1:
        return None
    return b.call("TakeWhere", [b.typed(node.output)], x, mask, axis=integer(node, "axis") % rank(x))[0]


@rewrite("GatherND")
def gather_nd(b: Rewriter, node: Node) -> Value:
    x, points = node.inputs
    if node.attrs.get("batch_dims") or points is None:
        refuse("GatherND with batch dimensions")
    return b.call("TakeAt", [b.typed(node.output)], x, *with_masks(b, coordinates(b, points)))[0]


@rewrite("ScatterND")
def scatter_nd(b: Rewriter, node: Node) -> Value:
    """What is put there has the shape of the region already, or is spread over it by the assignment itself. An
    assignment changes its tensor, so a copy is assigned to."""
    x, points, updates = node.inputs
    assert x is not None
    reduction = str(node.attrs.get("reduction", "none"))
    if reduction not in ("none", "add") or points is None:
        refuse(f"ScatterND with the reduction {reduction}")
    if reduction == "add":
        return b.call("AddAt", [b.typed(node.output)], x, updates, *with_masks(b, coordinates(b, points)))[0]
    spread = b.producer(updates, "Expand") or b.producer(updates, "BroadcastTo")
    index = with_masks(b, coordinates(b, points))
    copy = b.call("Copy", [b.typed(x, "copy_out")], x)[0]
    put = updates if spread is None else spread.inputs[0]
    return b.call("PutAt", [b.typed(node.output)], copy, put, *index)[0]


@rewrite("Slice")
def slice_at_run_time(b: Rewriter, node: Node) -> Value | None:
    """Bounds of which some are only known at run time."""
    x, starts, stops, axes, steps = [*node.inputs, None, None][:5]
    if starts is None or stops is None or (starts.array is not None and stops.array is not None):
        return None
    firsts, lasts = elements(b, starts, "a slice"), elements(b, stops, "a slice")
    places = list(range(len(firsts))) if axes is None else ints(axes)
    paces = [1] * len(firsts) if steps is None else ints(steps)
    if places is None or paces is None:
        refuse("a slice whose axes or steps are only known at run time")
    positive = [place % rank(x) for place in places]
    return b.call("SliceAt", [b.typed(node.output)], x, *firsts, *lasts, axes=tuple(positive), steps=tuple(paces))[0]


@rewrite("Expand")
def expand_at_run_time(b: Rewriter, node: Node) -> Value | None:
    """A size of 1 in the wanted shape keeps that of the tensor, which MegEngine does not."""
    x, shape = node.inputs
    assert x is not None
    assert shape is not None
    if node.output.static_shape is not None:
        return None if shape.array is not None else b.op("Expand", x, list(node.output.static_shape))
    sizes = elements(b, shape, "a broadcast")
    own = [None] * (len(sizes) - rank(x)) + list(x.shape or ())
    kept = [size if has in (None, 1) or size.array is None or sole(size) != 1 else _size(b, x, place)
            for place, (size, has) in enumerate(zip(sizes, own, strict=True), start=rank(x) - len(sizes))]  # fmt: skip
    return b.call("BroadcastTo", [b.typed(node.output)], x, *kept)[0]


def _size(b: Rewriter, x: Value, axis: int) -> Value:
    """One size of a tensor, as it will be at run time."""
    assert x.shape is not None
    known = x.shape[axis]
    return (
        b.constant(known, np.int32)
        if isinstance(known, int)
        else b.op("Gather", b.op("Shape", x), np.int32(axis), axis=0)
    )


@rewrite("Reshape")
def reshape_at_run_time(b: Rewriter, node: Node) -> Value | None:
    """A constant 0 keeps a size, known or not; computed sizes are given one by one."""
    x, shape = node.inputs
    assert x is not None
    assert shape is not None
    known = ints(shape)
    if known is None and node.output.static_shape is not None:
        return b.op("Reshape", x, list(node.output.static_shape))
    if known is not None:
        kept = [place for place, size in enumerate(known) if size == 0 and not node.attrs.get("allowzero")]
        if all(isinstance((x.shape or ())[place], int) for place in kept):
            return None
        if len(kept) == 1 and -1 not in known:
            return b.op("Reshape", x, [-1 if size == 0 else size for size in known])
        sizes = [_size(b, x, place) if size == 0 else b.constant(size, np.int32) for place, size in enumerate(known)]
    else:
        sizes = elements(b, shape, "a reshape")
    return b.call("ReshapeTo", [b.typed(node.output)], x, *sizes)[0]


@rewrite("Squeeze")
def one_size(b: Rewriter, node: Node) -> Value | None:
    """``x.shape[axis]`` is lowered to a part of the shape of one element, squeezed."""
    part = b.producer(node.inputs[0], "Slice")
    if part is None or node.output.shape != ():
        return None
    whole, start = b.producer(part.inputs[0], "Shape"), ints(part.inputs[1])
    return None if whole is None or start is None else b.op("Gather", part.inputs[0], np.int32(start[0]), axis=0)
