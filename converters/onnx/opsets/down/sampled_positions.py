"""Reading an image at computed positions: Gather of the neighbours from a table of its pixels, weighted and summed.

Source: the GridSample operator of the ONNX specification (opset 20); R. Keys, "Cubic convolution interpolation" (1981).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from mgeconvert.ir import Dim, Value, table_size
from mgeconvert.ir.table_size import check_table

from .operands import dtype_of, scalar, shape_of, size
from .replacement import Replacement

CUBIC = -0.75
"""Keys' parameter, as GridSample has it."""


NEAR = (CUBIC + 2, -(CUBIC + 3), 0.0, 1.0)


FAR = (CUBIC, -5 * CUBIC, 8 * CUBIC, -4 * CUBIC)
"""The weight of a neighbour as a polynomial of its distance, the highest power first: up to 1 away, and up to 2."""


Tap = tuple[Value, "Value | None"]
"""A neighbour along one axis: its place and its weight, None where that is 1."""


def sampled(
    r: Replacement,
    x: Value,
    positions: Sequence[Value],
    *,
    images: Value | None = None,
    mode: str = "linear",
    padding: str = "zeros",
    corners: bool = False,
) -> Value:
    """`x` (N, C, *sizes) at positions in pixels, one tensor (M, *places) for each size: (M, *places, C).

    `images` int64[M] says which image each of the M reads; by default its own. `mode` is nearest, linear or cubic,
    `padding` zeros (for which a ring of zeros is put around the image), border or reflection (about the centres of the
    corner pixels, or their outer edges).
    """
    ring = int(padding == "zeros")
    sizes = [size(dim, "an image") for dim in shape_of(x)[2:]]
    lengths = [length + 2 * ring for length in sizes]
    strides = [math.prod(lengths[axis + 1 :]) for axis in range(len(lengths))]
    start = _starts(r, x, images, math.prod(lengths), len(shape_of(positions[0])))
    neighbours = []
    for at, length, stride in zip(positions, sizes, strides, strict=True):
        wide = r.cast(at, np.promote_types(dtype_of(at), np.float32))  # float16 has no number for pixel 2049
        taps = _taps(r, wide, mode)
        places = [_inside(r, place, length, padding, corners) for place, _ in taps]
        step = _step(r, places[0], stride)
        neighbours.append(
            [
                (
                    r.op("Mul", r.cast(r.op("Add", place, scalar(place, 1)) if ring else place, np.int32), step),
                    None if weight is None else r.cast(weight, dtype_of(x)),
                )
                for place, (_, weight) in zip(places, taps, strict=True)
            ]
        )
    return _weighted(r, _table(r, x, lengths, ring), neighbours, start)


def product(dim: Dim, factor: int) -> Dim:
    """A dimension times a number."""
    if isinstance(dim, int):
        return dim * factor
    return dim if factor == 1 else f"{factor}*{dim}"


def _table(r: Replacement, x: Value, lengths: Sequence[int], ring: int) -> Value:
    """The pixels of all images, each a row of C numbers."""
    batch, channels = shape_of(x)[:2]
    if ring:
        pads = [0, 0, *(ring for _ in lengths)] * 2
        x = r.op("Pad", x, np.array(pads, np.int64), shape=(batch, channels, *lengths))
    last = r.transpose(x, [0, *range(2, len(lengths) + 2), 1])
    return r.reshape(last, (product(batch, math.prod(lengths)), size(channels, "channels")))


def _starts(r: Replacement, x: Value, images: Value | None, count: int, rank: int) -> Value | None:
    """The row where each image begins, in the rank of the positions; None where all read the only image."""
    batch, others = shape_of(x)[0], (1,) * (rank - 1)
    step = np.array(count, np.int32)
    if images is not None:
        rows = r.op("Mul", r.cast(images, np.int32), step)
    elif batch == 1:
        return None
    elif isinstance(batch, int):
        check_table(batch)
        return r.constant((table_size.arange(batch, dtype=np.int32) * step).reshape(-1, *others))
    else:
        shape = r.cast(r.op("Shape", x, dtype=np.int64, shape=(len(shape_of(x)),)), np.int32)
        end = r.op("Mul", r.op("Gather", shape, np.array(0, np.int64), axis=0, shape=()), step)
        rows = r.op("Range", np.array(0, np.int32), end, step, shape=(batch,))
    return r.reshape(rows, (*shape_of(rows), *others))


def _step(r: Replacement, place: Value, stride: int) -> Value:
    """The rows from one place to the next; 0 where the places are NaN, whose integers Gather would not take."""
    is_number = r.cast(r.op("Greater", place, scalar(place, -2), dtype=bool), np.int32)
    return is_number if stride == 1 else r.op("Mul", is_number, np.array(stride, np.int32))


def _weighted(r: Replacement, table: Value, neighbours: Sequence[Sequence[Tap]], row: Value | None) -> Value:
    """The sum over the neighbours along the axes that are left, from `row` on."""
    if not neighbours:
        assert row is not None
        return r.op("Gather", table, row, axis=0, shape=(*shape_of(row), shape_of(table)[1]))
    total: Value | None = None
    for place, weight in neighbours[0]:
        term = _weighted(r, table, neighbours[1:], place if row is None else r.op("Add", row, place))
        if weight is not None:
            term = r.op("Mul", term, weight)
        total = term if total is None else r.op("Add", total, term)
    assert total is not None
    return total


def _taps(r: Replacement, at: Value, mode: str) -> list[Tap]:
    """The neighbours along one axis: places, which may lie outside, and weights (*shape, 1)."""
    if mode == "nearest":
        return [(r.op("Round", at), None)]
    floor = r.op("Floor", at)
    shape = shape_of(at)
    after = r.op("Unsqueeze", r.op("Sub", at, floor), np.array([len(shape)], np.int64), shape=(*shape, 1))
    before = r.op("Sub", scalar(at, 1), after)
    following = r.op("Add", floor, scalar(at, 1))
    if mode == "linear":
        return [(floor, before), (following, after)]
    return [
        (r.op("Sub", floor, scalar(at, 1)), _polynomial(r, r.op("Add", after, scalar(at, 1)), FAR)),
        (floor, _polynomial(r, after, NEAR)),
        (following, _polynomial(r, before, NEAR)),
        (r.op("Add", floor, scalar(at, 2)), _polynomial(r, r.op("Add", before, scalar(at, 1)), FAR)),
    ]


def _polynomial(r: Replacement, x: Value, coefficients: Sequence[float]) -> Value:
    total = r.op("Mul", x, scalar(x, coefficients[0]))
    for coefficient in coefficients[1:-1]:
        total = r.op("Mul", r.op("Add", total, scalar(x, coefficient)) if coefficient else total, x)
    return r.op("Add", total, scalar(x, coefficients[-1]))


def _inside(r: Replacement, place: Value, length: int, padding: str, corners: bool) -> Value:
    """Where to read for a place outside: the nearest pixel, which for `zeros` is in the ring, or the mirrored one."""
    ring = int(padding == "zeros")
    if padding == "reflection":
        place = _mirrored(r, place, length, corners)
    return r.op("Clip", place, scalar(place, -ring), scalar(place, length - 1 + ring))


def _mirrored(r: Replacement, place: Value, length: int, corners: bool) -> Value:
    low, span = (0.0, length - 1.0) if corners else (-0.5, float(length))
    if span == 0:
        return place
    moved = r.op("Sub", place, scalar(place, low)) if low else place
    turns = r.op("Floor", r.op("Div", moved, scalar(place, 2 * span)))
    rest = r.op("Sub", moved, r.op("Mul", turns, scalar(place, 2 * span)))
    folded = r.op("Abs", r.op("Sub", rest, scalar(place, span)))
    return r.op("Sub", scalar(place, span + low), folded)


def element_along(r: Replacement, x: Value, index: int, axis: int) -> Value:
    """One element along an axis, which goes."""
    shape = shape_of(x)
    return r.op("Gather", x, np.array(index, np.int64), axis=axis, shape=(*shape[:axis], *shape[axis + 1 :]))
