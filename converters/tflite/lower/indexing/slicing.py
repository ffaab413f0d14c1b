"""Slices. STRIDED_SLICE follows tensorflow/lite/kernels/strided_slice.cc: masks say which bounds count."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Dim, Value, table_size
from mgeconvert.ir.table_size import check_table

from ...layout.holding import Held, held
from ...layout.wants import FOLLOW, PLAIN
from ..movement.rearranging import reshaped
from ..table import lower
from ..translation import Translation

END = 2**31 - 1


@lower("SLICE", wants=FOLLOW, data=1, moves=True)
def slice_(t: Translation, x: Value) -> Value:
    """From `begin` on `size` elements, all that are left for -1."""
    if not t.is_known(1) or not t.is_known(2):
        return _computed_slice(t)
    begins, sizes = t.ints(1, "begin") or [], t.ints(2, "size") or []
    if len(begins) != len(x.shape or ()) or len(sizes) != len(begins) or min(begins, default=0) < 0:
        refuse(f"a slice from {begins} of {sizes}")
    ends = [END if size < 0 else begin + size for begin, size in zip(begins, sizes, strict=True)]
    cut = [axis for axis, dim in enumerate(t.shape()) if begins[axis] or ends[axis] != dim]
    if not cut:
        return x
    axes = [t.axis(axis) for axis in cut]
    return t.b.op("Slice", x, [begins[axis] for axis in cut], [ends[axis] for axis in cut], axes)


def _computed_slice(t: Translation) -> Value:
    x = t.value(0)
    t.layout = tuple(range(len(x.shape or ())))
    begin, size = t.int64(1), t.int64(2)
    end = t.b.op("Where", t.b.op("Less", size, 0), np.int64(END), t.b.op("Add", begin, size))
    made = t.b.op("Slice", x, begin, end)
    if made.shape is None:
        made.shape = tuple(f"{made.name}_{axis}" for axis in t.layout)
    return made


@lower("DYNAMIC_UPDATE_SLICE", wants=PLAIN)
def dynamic_update_slice(t: Translation, x: Value, update: Value, start: Value) -> Value:
    """The update at `start`, which is moved so that the update fits: ScatterND of all its elements."""
    sizes, inner = t.known(x.shape or (), "an update"), t.known(update.shape or (), "an update")
    room = np.array([whole - part for whole, part in zip(sizes, inner, strict=True)], np.int64)
    first = t.b.op("Min", t.b.op("Max", t.b.op("Cast", start, to=7), np.int64(0)), room)
    check_table(len(inner), *inner)
    grid = np.moveaxis(table_size.indices(inner, np.int64), 0, -1)
    t.layout = tuple(range(len(sizes)))
    return t.b.op("ScatterND", x, t.b.op("Add", grid, first), update)


@dataclass(slots=True)
class _Spec:
    """What a strided slice does: bounds along axes of the data, the axes that go, the shape's new ones."""

    axes: list[int] = field(default_factory=list)
    entries: list[int] = field(default_factory=list)
    strides: list[int] = field(default_factory=list)
    final: list[int | None] = field(default_factory=list)
    """Axes of the data that stay, None for a new one."""


@lower("STRIDED_SLICE", wants=FOLLOW, data=1, moves=True)
def strided_slice(t: Translation, x: Value) -> Held | Value:
    spec = _spec(t, len(x.shape or ()))
    starts, ends = _bounds(t, spec)
    made = x
    moved = [at for at, pair in enumerate(zip(starts, ends, spec.strides, strict=True)) if pair != (0, END, 1)]
    if moved:
        axes = [t.axis(spec.axes[at]) for at in moved]
        operands = [_operand(t, [bounds[at] for at in moved]) for bounds in (starts, ends)]
        made = t.b.op("Slice", x, *operands, axes, [spec.strides[at] for at in moved])
    shape = t.result_shape(made)
    if spec.final == list(range(len(shape))):
        return made
    final: list[Dim] = [1 if axis is None else shape[axis] for axis in spec.final]
    return reshaped(t, held(made, t.layout), tuple(final))


def _spec(t: Translation, rank: int) -> _Spec:
    count = t.known(t.shape(1), "the bounds of a slice")[0]
    strides = t.ints(3, "strides") or []
    if len(strides) != count or 0 in strides:
        refuse(f"a slice with strides {strides}")
    masks = {name: t.option(f"{name}Mask") for name in ("Ellipsis", "NewAxis", "ShrinkAxis")}
    new = sum(masks["NewAxis"] >> entry & 1 and not masks["Ellipsis"] >> entry & 1 for entry in range(count))
    spec, axis, seen = _Spec(), 0, False
    for entry in range(count):
        if masks["Ellipsis"] >> entry & 1:
            if seen:
                refuse("a slice with two ellipses")
            seen = True
            whole = rank - (count - 1 - new)
            spec.final += list(range(axis, axis + max(whole, 0)))
            axis += max(whole, 0)
        elif masks["NewAxis"] >> entry & 1:
            spec.final.append(None)
        else:
            if axis >= rank:
                refuse(f"a slice of more axes than the {rank} of its data")
            spec.axes.append(axis)
            spec.entries.append(entry)
            spec.strides.append(strides[entry])
            if not masks["ShrinkAxis"] >> entry & 1:
                spec.final.append(axis)
            axis += 1
    spec.final += list(range(axis, rank))
    return spec


Bound = int | Value


def _bounds(t: Translation, spec: _Spec) -> tuple[list[Bound], list[Bound]]:
    """Start and end of each entry, as ONNX counts them."""
    begins, ends = (_entries(t, index) for index in (1, 2))
    starts: list[Bound] = []
    stops: list[Bound] = []
    for at, entry in enumerate(spec.entries):
        begin, end, forward = begins[entry], ends[entry], spec.strides[at] > 0
        if t.option("ShrinkAxisMask") >> entry & 1:
            starts.append(begin)
            stops.append(_after(t, begin))
            spec.strides[at] = 1
            continue
        if t.option("Offset"):
            end = _sum(t, begin, end)
        starts.append((0 if forward else END) if t.option("BeginMask") >> entry & 1 else begin)
        stops.append((END if forward else -END) if t.option("EndMask") >> entry & 1 else end)
    return _open(t, spec, starts, stops)


def _open(t: Translation, spec: _Spec, starts: list[Bound], stops: list[Bound]) -> tuple[list[Bound], list[Bound]]:
    """A slice to the size of its axis goes to the end."""
    shape = t.shape()
    for at, axis in enumerate(spec.axes):
        dim, stop = shape[axis], stops[at]
        if isinstance(dim, int) and isinstance(stop, int) and spec.strides[at] > 0 and stop >= dim:
            stops[at] = END
    return starts, stops


def _entries(t: Translation, index: int) -> list[Bound]:
    if t.is_known(index):
        return list(t.ints(index, "bounds") or [])
    vector = t.int64(index)
    return [t.b.op("Slice", vector, [at], [at + 1]) for at in range(t.known(vector.shape or (), "bounds")[0])]


def _after(t: Translation, begin: Bound) -> Bound:
    """The end of one element; -1 is the last one, whose end is not 0."""
    if isinstance(begin, int):
        return begin + 1 if begin != -1 else END
    return t.b.op("Where", t.b.op("Equal", begin, -1), np.int64(END), t.b.op("Add", begin, 1))


def _sum(t: Translation, begin: Bound, end: Bound) -> Bound:
    if isinstance(begin, int) and isinstance(end, int):
        return begin + end
    first, second = (t.b.constant(np.array([n], np.int64)) if isinstance(n, int) else n for n in (begin, end))
    return t.b.op("Add", first, second)


def _operand(t: Translation, bounds: list[Bound]) -> list[int] | Value:
    numbers = [bound for bound in bounds if isinstance(bound, int)]
    if len(numbers) == len(bounds):
        return numbers
    parts = [t.b.constant(np.array([b], np.int64)) if isinstance(b, int) else b for b in bounds]
    return t.b.op("Concat", *parts, axis=0)
