"""Borders around tensors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import table_size
from mgeconvert.ir.table_size import check_table

from ...layout.wants import FOLLOW
from ...model import Array, Tensor
from ..emission import Emission
from ..indexing.slicing import OPEN_END, strided
from ..table import emit

MODES = {"edge": "edge", "reflect": "reflect", "wrap": "wrap"}


@emit("Pad", wants=FOLLOW, data=1)
def pad(c: Emission, x: Tensor) -> Tensor:
    """PAD, PADV2 or MIRROR_PAD; other borders by gathering, negative pads by slicing; PAD where pads are computed."""
    widths_at_run_time = c.value(1)
    if widths_at_run_time is not None and c.constant(widths_at_run_time) is None:
        return _computed(c, x)
    pads = c.ints(1, "pads")
    assert pads is not None
    axes = c.ints(3, "axes")
    axes = list(range(x.rank)) if axes is None else axes
    widths = table_size.zeros((x.rank, 2), np.int32)
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


def _computed(c: Emission, x: Tensor) -> Tensor:
    """Zeros, the edge again, or what lies inside mirrored, around as many places as the run will tell."""
    mode, fill = c.attr("mode", "constant"), c.array(2, "fill")
    axes = c.ints(3, "axes")
    axes = list(range(x.rank)) if axes is None else axes
    pads = c.cast(c.tensor(1), np.int32)
    if mode in ("edge", "reflect"):
        for index, axis in enumerate(axes):
            x = _outside(c, x, c.axis(axis), _element(c, pads, index), _element(c, pads, index + len(axes)))
        return x
    if mode != "constant" or (fill is not None and fill.any()) or x.rank > 5:
        refuse(f"a pad by {mode} that is computed at run time; TFLite's PAD has zeros around up to 5 axes")
    count = len(axes)
    rows = c.transpose(c.reshape(pads, (2, count)), (1, 0))
    rows = c.op("CONCATENATION", rows, c.const(np.zeros((1, 2), np.int32)), shape=(count + 1, 2), Axis=0)
    places = {c.axis(axis): index for index, axis in enumerate(axes)}
    picks = c.const([places.get(at, count) for at in range(x.rank)], np.int32)
    return c.op("PAD", x, c.op("GATHER", rows, picks, shape=(x.rank, 2), Axis=0), shape=c.shape())


def _element(c: Emission, vector: Tensor, index: int) -> Tensor:
    return c.op("GATHER", vector, c.const(index, np.int32), shape=(), Axis=0)


def _outside(c: Emission, x: Tensor, axis: int, before: Tensor, after: Tensor) -> Tensor:
    """``x[clip(i, 0, last)]`` along a stored axis with ``i = range(-before, size + after)``; mirrored it is
    ``x[last - |last - |i||]``."""
    size = _element(c, c.op("SHAPE", x, shape=(x.rank,), dtype=np.int32, OutType=2), axis)
    zero, one = c.const(0, np.int32), c.const(1, np.int32)
    length = (f"{c.shape()[axis]}",)
    places = c.op("RANGE", c.op("SUB", zero, before), c.op("ADD", size, after), one, shape=length)
    last = c.op("SUB", size, one)
    if c.attr("mode") == "edge":
        places = c.op("MINIMUM", c.op("MAXIMUM", places, zero), last)
    else:
        above = c.op("SUB", last, c.op("MAXIMUM", places, c.op("SUB", zero, places)))
        places = c.op("SUB", last, c.op("MAXIMUM", above, c.op("SUB", zero, above)))
    shape = (*x.shape[:axis], c.shape()[axis], *x.shape[axis + 1 :])
    return c.op("GATHER", x, places, shape=shape, Axis=axis)


def _cropped(c: Emission, x: Tensor, widths: Array) -> Tensor:
    cut = np.maximum(-widths, 0)
    if not cut.any():
        return x
    sizes = c.static(x, "a negative pad")
    shape = tuple(size - int(before + after) for size, (before, after) in zip(sizes, cut, strict=True))
    return c.op("SLICE", x, c.const(cut[:, 0], np.int32), c.const(shape, np.int32), shape=shape)


def _extended(c: Emission, x: Tensor, widths: Array, mode: str) -> Tensor:
    sizes = x.shape
    padded = [axis for axis in range(x.rank) if widths[axis].any()]
    if not all(isinstance(sizes[axis], int) for axis in padded):
        return _extended_at_run_time(c, x, widths, mode)
    known = c.known(tuple(sizes[axis] for axis in padded), f"a pad by {mode}")
    inside = all(widths[axis].max() < size for axis, size in zip(padded, known, strict=True))
    if mode == "reflect" and x.rank <= 4 and inside:
        return c.op("MIRROR_PAD", x, c.const(widths, name="pads"), shape=c.shape(), Mode=0)
    for axis, size in zip(padded, known, strict=True):
        picks = _border(size, widths[axis], mode)
        shape = (*x.shape[:axis], len(picks), *x.shape[axis + 1 :])
        x = c.op("GATHER", x, c.const(picks, np.int32), shape=shape, dtype=x.dtype, Axis=axis)
    return x


def _extended_at_run_time(c: Emission, x: Tensor, widths: Array, mode: str) -> Tensor:
    """MIRROR_PAD, which sees to it that there is enough to mirror; an edge is the outermost slice several times."""
    if mode == "reflect" and x.rank <= 4:
        return c.op("MIRROR_PAD", x, c.const(widths, name="pads"), shape=c.shape(), Mode=0)
    if mode != "edge":
        refuse(f"a pad by {mode} of {list(x.shape)}: TFLite wants these sizes known")
    for axis in [axis for axis in range(x.rank) if widths[axis].any()]:
        before, after = (int(width) for width in widths[axis])
        first, last = strided(c, x, {axis: (0, 1, 1)}), strided(c, x, {axis: (-1, OPEN_END, 1)})
        size = x.shape[axis]
        size = size + before + after if isinstance(size, int) else c.shape()[axis]
        shape = (*x.shape[:axis], size, *x.shape[axis + 1 :])
        x = c.op("CONCATENATION", *[first] * before, x, *[last] * after, shape=shape, Axis=axis)
    return x


def _border(size: int, widths: Sequence[int], mode: str) -> Array:
    """Which element stands at each place of a padded axis."""
    before, after = (int(width) for width in widths)
    check_table(size + before + after)
    return np.pad(table_size.arange(size), (before, after), mode=MODES[mode])  # type: ignore[call-overload,no-any-return]
