"""Reading and writing at indices, and padding. Indices may be negative as in ONNX; TFLite's may not."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Shape

from ...model import Array, Tensor
from ..emission import Call
from ..reduction import without
from ..table import FOLLOW, PLAIN, emit


def wrapped(c: Call, indices: Tensor, size: int | str) -> Tensor:
    """Indices counted from the start."""
    if not isinstance(size, int):
        return indices
    if indices.array is not None:
        return c.const(indices.array % size, np.int32, "indices")
    return c.op("FLOOR_MOD", indices, c.like(size, indices))


@emit("Gather", wants=FOLLOW, data=1)
def gather(c: Call, x: Tensor) -> Tensor:
    axis = c.attr("axis", 0) % x.rank
    indices = c.node.inputs[1]
    assert indices is not None
    rank = indices.rank or 0
    if rank > 1 and c.layout != tuple(range(x.rank)):
        c.layout = tuple(range(x.rank))
        x = c.tensor(0)
    where = c.layout.index(axis)
    picks = wrapped(c, c.tensor(1), x.shape[where])
    if rank == 0:
        c.layout = without(c.layout, [axis])
    elif rank > 1:
        c.layout = tuple(range(x.rank - 1 + rank))
    return c.op("GATHER", x, picks, shape=c.shape(), dtype=x.dtype, Axis=where)


@emit("GatherND", wants=PLAIN)
def gather_nd(c: Call, x: Tensor, indices: Tensor) -> Tensor:
    if c.attr("batch_dims", 0):
        refuse("GatherND with batch dimensions: TFLite's GATHER_ND has none")
    return c.op("GATHER_ND", x, _wrapped_rows(c, indices, x.shape), shape=c.dims(), dtype=x.dtype)


def _wrapped_rows(c: Call, indices: Tensor, shape: Shape) -> Tensor:
    """Index tuples (last axis) counted from the start."""
    (depth,) = c.known(indices.shape[-1:], "indexing")
    sizes = np.array(c.known(shape[:depth], "indexing"), np.int32)
    if indices.array is not None:
        return c.const(indices.array % sizes, np.int32, "indices")
    return c.op("FLOOR_MOD", indices, c.const(sizes))


def element_rows(c: Call, indices: Tensor, axis: int, shape: Shape) -> Tensor:
    """The full index tuples of elements addressed along one axis: (..., rank)."""
    sizes = c.static(indices, "element indices")
    indices = wrapped(c, indices, shape[axis])
    grid: list[Array] = list(np.indices(sizes, np.int32))
    if indices.array is not None:
        grid[axis] = indices.array
        return c.const(np.stack(grid, -1), np.int32, "indices")
    parts = [indices if index == axis else c.const(numbers) for index, numbers in enumerate(grid)]
    rank = len(sizes)
    return c.op("PACK", *parts, shape=(*sizes, rank), dtype=np.int32, Axis=rank, ValuesCount=rank)


@emit("GatherElements", wants=PLAIN)
def gather_elements(c: Call, x: Tensor, indices: Tensor) -> Tensor:
    axis = c.attr("axis", 0) % x.rank
    return c.op("GATHER_ND", x, element_rows(c, indices, axis, x.shape), shape=c.dims(), dtype=x.dtype)


@emit("ScatterND", wants=PLAIN)
def scatter_nd(c: Call, x: Tensor, indices: Tensor, updates: Tensor) -> Tensor:
    return _scattered(c, x, _wrapped_rows(c, indices, x.shape), updates)


@emit("ScatterElements", "Scatter", wants=PLAIN)
def scatter_elements(c: Call, x: Tensor, indices: Tensor, updates: Tensor) -> Tensor:
    axis = c.attr("axis", 0) % x.rank
    return _scattered(c, x, element_rows(c, indices, axis, x.shape), updates)


def _scattered(c: Call, x: Tensor, rows: Tensor, updates: Tensor) -> Tensor:
    """SCATTER_ND adds into zeros; what it did not touch is taken from x."""
    shape = c.const(c.static(x, "a scatter"), np.int32, "shape")
    if updates.array is not None and not updates.shape:
        updates = c.reshape(updates, (1,))
    placed = c.op("SCATTER_ND", rows, updates, shape, shape=x.shape, dtype=updates.dtype)
    mode = c.attr("reduction", "none")
    if mode == "add":
        return c.op("ADD", x, placed)
    if mode != "none":
        refuse(f"a scatter with reduction {mode}: TFLite's SCATTER_ND only adds")
    if x.array is not None and not x.array.any():
        return placed
    if rows.array is not None:
        mask = np.zeros(c.static(x, "a scatter"), np.bool_)
        mask[tuple(np.moveaxis(rows.array, -1, 0))] = True
        touched = c.const(mask, name="mask")
    else:
        ones = _ones(c, updates)
        count = c.op("SCATTER_ND", rows, ones, shape, shape=x.shape, dtype=np.int32)
        touched = c.op("GREATER", count, c.like(0, count), dtype=bool)
    return c.op("SELECT_V2", touched, placed, x, shape=x.shape, dtype=x.dtype)


def _ones(c: Call, x: Tensor) -> Tensor:
    """int32 ones of the shape of x, which the run may have to tell."""
    if x.is_static:
        return c.const(np.ones(c.static(x, "ones"), np.int32))
    dims = c.op("SHAPE", x, shape=(x.rank,), dtype=np.int32, OutType=2)
    return c.op("FILL", dims, c.const(1, np.int32), shape=x.shape, dtype=np.int32)


@emit("OneHot", wants=PLAIN, data=1)
def one_hot(c: Call, indices: Tensor) -> Tensor:
    depth, values = c.ints(1, "depth"), c.array(2, "values")
    assert depth is not None
    assert values is not None
    off, on = (c.const(number, c.dtype()) for number in values)
    axis = c.attr("axis", -1)
    axis = axis if axis >= 0 else axis + indices.rank + 1
    where = -1 if axis == indices.rank else axis
    if indices.dtype.kind == "f":
        indices = c.cast(indices, np.int32)
    operands = (wrapped(c, indices, depth[0]), c.const(depth[0], np.int32), on, off)
    return c.op("ONE_HOT", *operands, shape=c.dims(), dtype=c.dtype(), Axis=where)


@emit("Range", wants=PLAIN)
def range_(c: Call, start: Tensor, limit: Tensor, delta: Tensor) -> Tensor:
    start, limit, delta = (c.reshape(tensor, ()) for tensor in (start, limit, delta))
    return c.op("RANGE", start, limit, delta, shape=c.dims(), dtype=start.dtype)


@emit("NonZero", wants=PLAIN)
def non_zero(c: Call, x: Tensor) -> Tensor:
    """WHERE gives one row an element; ONNX one row an axis."""
    count = c.dims()[1]
    rows = c.cast(c.op("WHERE", x, shape=(count, x.rank), dtype=np.int64), np.int32)
    return c.transpose(rows, (1, 0))


@emit("Trilu", wants=PLAIN, data=1)
def trilu(c: Call, x: Tensor) -> Tensor:
    k = (c.ints(1, "diagonal") or [0])[0]
    rows, columns = c.known(x.shape[-2:], "a triangle")
    ones = np.ones((rows, columns), bool)
    mask = np.triu(ones, k) if c.attr("upper", 1) else np.tril(ones, k)
    return c.op("SELECT_V2", c.const(mask, name="mask"), x, c.like(0, x), dtype=x.dtype)


@emit("Compress", wants=PLAIN, data=1)
def compress(c: Call, x: Tensor) -> Tensor:
    condition = c.array(1, "condition")
    assert condition is not None
    axis = c.attr("axis")
    if axis is None:
        x, axis = c.reshape(x, (int(np.prod(c.static(x, "Compress"))),)), 0
    picks = np.flatnonzero(condition)
    return c.op("GATHER", x, c.const(picks, np.int32), shape=c.dims(), dtype=x.dtype, Axis=axis % x.rank)


MODES = {"edge": "edge", "reflect": "reflect", "wrap": "wrap"}


@emit("Pad", wants=FOLLOW, data=1)
def pad(c: Call, x: Tensor) -> Tensor:
    """PAD, PADV2 or MIRROR_PAD; other borders by gathering, negative pads by slicing."""
    pads = c.ints(1, "pads")
    assert pads is not None
    axes = c.ints(3, "axes")
    axes = list(range(x.rank)) if axes is None else axes
    widths = np.zeros((x.rank, 2), np.int32)
    for axis, before, after in zip(axes, pads[: len(axes)], pads[len(axes) :], strict=True):
        widths[c.axis(axis)] = before, after
    x = _cropped(c, x, widths)
    widths = np.maximum(widths, 0)
    if not widths.any():
        return x
    mode = c.attr("mode", "constant")
    if mode != "constant":
        return _extended(c, x, widths, mode)
    if x.rank > 5:
        refuse(f"a pad of {x.rank} axes; TFLite's PAD has 5")
    value = c.value(2)
    operand = c.const(widths, name="pads")
    if value is None or (value.array is not None and not value.array.any()):
        return c.op("PAD", x, operand, shape=c.shape())
    fill = c.reshape(c.tensor(2), ())
    return c.op("PADV2", x, operand, fill, shape=c.shape())


def _cropped(c: Call, x: Tensor, widths: Array) -> Tensor:
    cut = np.maximum(-widths, 0)
    if not cut.any():
        return x
    sizes = c.static(x, "a negative pad")
    shape = tuple(size - int(before + after) for size, (before, after) in zip(sizes, cut, strict=True))
    return c.op("SLICE", x, c.const(cut[:, 0], np.int32), c.const(shape, np.int32), shape=shape)


def _extended(c: Call, x: Tensor, widths: Array, mode: str) -> Tensor:
    sizes = x.shape
    padded = [axis for axis in range(x.rank) if widths[axis].any()]
    known = c.known(tuple(sizes[axis] for axis in padded), f"a pad by {mode}")
    inside = all(widths[axis].max() < size for axis, size in zip(padded, known, strict=True))
    if mode == "reflect" and x.rank <= 4 and inside:
        return c.op("MIRROR_PAD", x, c.const(widths, name="pads"), shape=c.shape(), Mode=0)
    for axis, size in zip(padded, known, strict=True):
        picks = _border(size, widths[axis], mode)
        shape = (*x.shape[:axis], len(picks), *x.shape[axis + 1 :])
        x = c.op("GATHER", x, c.const(picks, np.int32), shape=shape, dtype=x.dtype, Axis=axis)
    return x


def _border(size: int, widths: Sequence[int], mode: str) -> Array:
    """Which element stands at each place of a padded axis."""
    before, after = (int(width) for width in widths)
    return np.pad(np.arange(size), (before, after), mode=MODES[mode])  # type: ignore[call-overload,no-any-return]


@emit("ReverseSequence", wants=PLAIN)
def reverse_sequence(c: Call, x: Tensor, lengths: Tensor) -> Tensor:
    where = {"SeqDim": c.attr("time_axis", 0), "BatchDim": c.attr("batch_axis", 1)}
    return c.op("REVERSE_SEQUENCE", x, lengths, shape=x.shape, **where)
