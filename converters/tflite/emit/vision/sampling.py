"""Sampling at computed positions: gathers of the neighbours, weighted."""

from __future__ import annotations

import itertools

import numpy as np

from mgeconvert.errors import refuse

from ...layout.view import Stored, plain
from ...model import Tensor
from ..convolution.ordinary import VALID
from ..emission import Call
from ..table import VIEW, emit


@emit("GridSample", wants=VIEW, note="2-D; linear and nearest")
def grid_sample(c: Call) -> Stored:
    """Positions from [-1, 1] to pixels, then `sampled`."""
    mode, padding, corners = c.attr("mode", "linear"), c.attr("padding_mode", "zeros"), c.attr("align_corners", 0)
    if len(c.input_dims()) != 4 or mode not in ("linear", "nearest", "bilinear"):
        refuse(f"GridSample {mode} of {len(c.input_dims())}-D data: TFLite gets linear and nearest of 4-D")
    x = c.tensor(0, (0, 2, 3, 1))
    grid = c.tensor(1)
    batch, rows, columns, _ = c.static(grid, "GridSample")
    shape = (batch, rows, columns)
    positions = []
    for index, length in ((1, x.shape[1]), (0, x.shape[2])):
        at = c.op("GATHER", grid, c.const(index, np.int32), shape=shape, dtype=grid.dtype, Axis=3)
        (size,) = c.known((length,), "GridSample")
        scale = (size - 1) / 2 if corners else size / 2
        at = c.op("ADD", c.op("MUL", at, c.like(scale, at)), c.like((size - 1) / 2, at))
        positions.append(_reflected(c, at, size, bool(corners)) if padding == "reflection" else at)
    batches = c.const(np.broadcast_to(np.arange(batch, dtype=np.int32)[:, None, None], shape))
    made = sampled(c, x, batches, positions, nearest=mode == "nearest", zeros=padding == "zeros")
    return Stored(made, plain(c.dims(), (0, 2, 3, 1)))


def _reflected(c: Call, at: Tensor, size: int, corners: bool) -> Tensor:
    """Positions mirrored into the image, at pixel centres (`corners`) or at pixel edges."""
    low, span = (0.0, size - 1.0) if corners else (-0.5, float(size))
    if span == 0:
        return c.op("MUL", at, c.like(0, at))
    turned = c.op("FLOOR_MOD", c.op("SUB", at, c.like(low, at)), c.like(2 * span, at))
    folded = c.op("ABS", c.op("SUB", turned, c.like(span, at)))
    return c.op("SUB", c.like(span + low, at), folded)


@emit("RoiAlign", wants=VIEW, note="the mean of a fixed number of samples")
def roi_align(c: Call) -> Stored:
    """Every bin is the mean of ratio x ratio samples; those beyond a pixel outside are 0, others read the border."""
    ratio, rule = c.attr("sampling_ratio", 0), c.attr("coordinate_transformation_mode", "half_pixel")
    if ratio < 1 or c.attr("mode", "avg") != "avg":
        refuse("RoiAlign with a number of samples that depends on the boxes, or with the maximum of the samples")
    x, boxes, images = c.tensor(0, (0, 2, 3, 1)), c.tensor(1), c.tensor(2)
    count, channels = boxes.shape[0], x.shape[3]
    outs = [c.attr("output_height", 1), c.attr("output_width", 1)]
    scale, shift = c.attr("spatial_scale", 1.0), 0.5 if rule == "half_pixel" else 0.0
    corners = c.ops("SPLIT", 4, c.const(1, np.int32), boxes, shape=[(count, 1)] * 4, dtype=boxes.dtype, NumSplits=4)
    corners = [c.op("SUB", c.op("MUL", at, c.like(scale, at)), c.like(shift, at)) for at in corners]
    whole = (count, outs[0] * ratio, outs[1] * ratio)
    inside: Tensor | None = None
    positions = []
    for axis, (start, end) in enumerate(((corners[1], corners[3]), (corners[0], corners[2]))):
        length = c.op("SUB", end, start)
        if rule != "half_pixel":
            length = c.op("MAXIMUM", length, c.like(1, length))
        places = outs[axis] * ratio
        steps = c.const((np.arange(places) + 0.5) / places, np.float32)
        at = c.op("ADD", start, c.op("MUL", length, steps))
        (size,) = c.known((x.shape[1 + axis],), "RoiAlign")
        near = c.op("LOGICAL_AND", c.op("GREATER_EQUAL", at, c.like(-1, at), dtype=bool),
                    c.op("LESS_EQUAL", at, c.like(size, at), dtype=bool))  # fmt: skip
        spread = (count, places, 1) if axis == 0 else (count, 1, places)
        mask = c.cast(c.reshape(near, spread), at.dtype)
        inside = mask if inside is None else c.op("MUL", inside, mask)
        zeros = c.const(np.zeros((1, *whole[1:])), np.float32)
        positions.append(c.op("ADD", c.reshape(at, spread), zeros))
    assert inside is not None
    numbers = c.op("ADD", c.reshape(images, (count, 1, 1)), c.const(np.zeros((1, *whole[1:])), images.dtype))
    found = c.op("MUL", sampled(c, x, numbers, positions, zeros=False), c.reshape(inside, (*inside.shape, 1)))
    made = c.op(
        "AVERAGE_POOL_2D", found, shape=(count, *outs, channels), Padding=VALID,
        FilterHeight=ratio, FilterWidth=ratio, StrideH=ratio, StrideW=ratio,
    )  # fmt: skip
    return Stored(made, plain(c.dims(), (0, 2, 3, 1)))


def sampled(
    c: Call, x: Tensor, batches: Tensor, positions: list[Tensor], *, nearest: bool = False, zeros: bool = True
) -> Tensor:
    """x (N, H, W, C) at (batches, rows, columns): what lies outside is 0 or the border."""
    corners = [_neighbours(c, at, c.known((size,), "sampling")[0], nearest, zeros)
               for at, size in zip(positions, x.shape[1:3], strict=True)]  # fmt: skip
    total: Tensor | None = None
    channels = x.shape[3]
    for (row, row_weight), (column, column_weight) in itertools.product(*corners):
        where = c.op("PACK", batches, row, column, shape=(*row.shape, 3), dtype=np.int32, Axis=row.rank, ValuesCount=3)
        found = c.op("GATHER_ND", x, where, shape=(*row.shape, channels), dtype=x.dtype)
        weight = _product(c, row_weight, column_weight)
        if weight is not None:
            found = c.op("MUL", found, c.reshape(weight, (*weight.shape, 1)))
        total = found if total is None else c.op("ADD", total, found)
    assert total is not None
    return total


def _product(c: Call, first: Tensor | None, second: Tensor | None) -> Tensor | None:
    if first is None or second is None:
        return first or second
    return c.op("MUL", first, second)


def _neighbours(c: Call, at: Tensor, size: int, nearest: bool, zeros: bool) -> list[tuple[Tensor, Tensor | None]]:
    """The index of each neighbour along one axis and its weight."""
    low, high = c.like(0, at), c.like(size - 1, at)
    if not zeros:
        at = c.op("MINIMUM", c.op("MAXIMUM", at, low), high)
    base = c.op("ROUND", at) if nearest else c.op("FLOOR", at)
    if nearest:
        return [_clamped(c, base, low, high, None, zeros)]
    after = c.op("SUB", at, base)
    before = c.op("SUB", c.like(1, at), after)
    following = c.op("ADD", base, c.like(1, at))
    return [_clamped(c, base, low, high, before, zeros), _clamped(c, following, low, high, after, zeros)]


def _clamped(
    c: Call, at: Tensor, low: Tensor, high: Tensor, weight: Tensor | None, zeros: bool
) -> tuple[Tensor, Tensor | None]:
    inside = c.op("MINIMUM", c.op("MAXIMUM", at, low), high)
    if zeros:
        there = c.cast(c.op("EQUAL", at, inside, dtype=bool), at.dtype)
        weight = there if weight is None else c.op("MUL", weight, there)
    return c.cast(inside, np.int32), weight
