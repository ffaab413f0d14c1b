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
from ..table import emit

MODES = {"edge": "edge", "reflect": "reflect", "wrap": "wrap"}


@emit("Pad", wants=FOLLOW, data=1)
def pad(c: Emission, x: Tensor) -> Tensor:
    """PAD, PADV2 or MIRROR_PAD; other borders by gathering, negative pads by slicing."""
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
    check_table(size + before + after)
    return np.pad(table_size.arange(size), (before, after), mode=MODES[mode])  # type: ignore[call-overload,no-any-return]
