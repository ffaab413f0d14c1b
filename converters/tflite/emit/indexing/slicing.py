"""Slices: STRIDED_SLICE, backward steps as REVERSE_V2 of the forward range."""

from __future__ import annotations

import math

import numpy as np

from mgeconvert.errors import refuse

from ...layout.wants import FOLLOW
from ...model import Tensor
from ..emission import Emission
from ..table import emit

LIMIT_RANK = 5
"""STRIDED_SLICE takes so many axes."""
OPEN_END = 2**31 - 1


@emit("Slice", wants=FOLLOW, data=1)
def slice_(c: Emission, x: Tensor) -> Tensor:
    """STRIDED_SLICE; backward steps (constant) as REVERSE_V2 of the forward range."""
    values = [c.value(index) for index in (1, 2)]
    axes, steps = c.ints(3, "axes"), c.ints(4, "steps")
    if any(value is not None and c.constant(value) is None for value in values):
        return _computed(c, x, axes, steps)
    starts, ends = c.ints(1, "starts") or [], c.ints(2, "ends") or []
    steps = steps or [1] * len(starts)
    ranges: dict[int, tuple[int, int, int]] = {}
    backward = []
    for axis, start, stop, step in zip(range(len(starts)) if axes is None else axes, starts, ends, steps, strict=True):
        at = c.axis(axis)
        size = x.shape[at]
        if isinstance(size, int):
            picked = range(size)[start:stop:step]
            if step < 0:
                backward.append(at)
                picked = picked[::-1]
            ranges[at] = (picked[0], picked[-1] + 1, abs(step)) if len(picked) else (0, 0, 1)
        elif step == -1 and (start == -1 or start >= OPEN_END) and stop <= -OPEN_END:
            backward.append(at)
        elif step < 0:
            refuse("a backward slice along a dimension that is known only at run time")
        else:
            ranges[at] = (max(start, -OPEN_END), min(stop, OPEN_END), step)
    x = strided(c, x, {at: bounds for at, bounds in ranges.items() if bounds != (0, x.shape[at], 1)})
    return reverse(c, x, backward)


def strided(c: Emission, x: Tensor, ranges: dict[int, tuple[int, int, int]]) -> Tensor:
    """x with (start, stop, step) applied along stored axes; a stop of OPEN_END is the end."""
    if not ranges:
        return x
    shape = list(x.shape)
    for at, (start, stop, step) in ranges.items():
        shape[at] = max(-(-(stop - start) // step), 0) if isinstance(shape[at], int) else f"{shape[at]}[{start}:{stop}]"
    if x.rank > LIMIT_RANK:
        return _merged(c, x, ranges, tuple(shape))
    begin, end, stride = [0] * x.rank, [0] * x.rank, [1] * x.rank
    begin_mask = end_mask = (1 << x.rank) - 1
    for at, (start, stop, step) in ranges.items():
        begin[at], end[at], stride[at] = start, stop, step
        begin_mask &= ~(1 << at)
        end_mask &= ~(1 << at) if stop != OPEN_END else -1
    operands = [c.const(numbers, np.int32) for numbers in (begin, end, stride)]
    return c.op("STRIDED_SLICE", x, *operands, shape=tuple(shape), BeginMask=begin_mask, EndMask=end_mask)


def _merged(c: Emission, x: Tensor, ranges: dict[int, tuple[int, int, int]], shape: tuple[int | str, ...]) -> Tensor:
    """A slice of more axes than the kernel takes: those that stay whole are merged with their neighbours."""
    sizes = c.static(x, "a slice of many axes")
    merged: list[int] = []
    moved: dict[int, tuple[int, int, int]] = {}
    whole = False
    for at, size in enumerate(sizes):
        if at in ranges:
            moved[len(merged)] = ranges[at]
            merged.append(size)
            whole = False
        elif whole:
            merged[-1] = math.prod((merged[-1], size))
        else:
            merged.append(size)
            whole = True
    if len(merged) > LIMIT_RANK:
        refuse(f"a slice of {x.rank} axes; TFLite's STRIDED_SLICE has {LIMIT_RANK}")
    return c.reshape(strided(c, c.reshape(x, tuple(merged)), moved), shape)


def _computed(c: Emission, x: Tensor, axes: list[int] | None, steps: list[int] | None) -> Tensor:
    """Bounds known only at run time, forwards; TFLite counts negative ones from the end and clips as ONNX does."""
    if x.rank > LIMIT_RANK:
        refuse(f"a slice of {x.rank} axes; TFLite's STRIDED_SLICE has {LIMIT_RANK}")
    if steps is not None and min(steps) < 0:
        refuse("a backward slice whose bounds are computed at run time")
    count = c.known(c.input_dims(1), "the bounds of a slice")[0]
    places = {c.axis(axis): index for index, axis in enumerate(range(count) if axes is None else axes)}
    whole = sum(1 << at for at in range(x.rank) if at not in places)
    stride = [1 if at not in places or steps is None else steps[places[at]] for at in range(x.rank)]
    bounds = [_bounds(c, index, places, x.rank) for index in (1, 2)]
    ends = c.value(2)
    known = None if ends is None else c.constant(ends)
    open_ends = sum(1 << at for at, index in places.items() if known is not None and known[index] >= OPEN_END)
    operands = (*bounds, c.const(stride, np.int32))
    return c.op("STRIDED_SLICE", x, *operands, shape=c.shape(), BeginMask=whole, EndMask=whole | open_ends)


def _bounds(c: Emission, index: int, places: dict[int, int], rank: int) -> Tensor:
    """Input `index`, one bound per axis of `places`, as a vector for all axes."""
    value = c.value(index)
    assert value is not None
    array = c.constant(value)
    if array is not None:
        clipped = np.clip(array.reshape(-1), -OPEN_END, OPEN_END)
        return c.const([clipped[places[at]] if at in places else 0 for at in range(rank)], np.int32)
    given = c.tensor(index)
    one, zero = c.const([1], np.int32), c.const([0], np.int32)
    parts = [
        c.op("SLICE", given, c.const([places[at]], np.int32), one, shape=(1,)) if at in places else zero
        for at in range(rank)
    ]
    return parts[0] if rank == 1 else c.op("CONCATENATION", *parts, shape=(rank,), Axis=0)


def reverse(c: Emission, x: Tensor, axes: list[int]) -> Tensor:
    """REVERSE_V2 takes adjacent axes only, so one at a time."""
    for axis in axes:
        x = c.op("REVERSE_V2", x, c.const([axis], np.int32), shape=x.shape)
    return x
