"""Moving elements: shapes, order of axes, joining, cutting, padding, repeating."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import table_size
from mgeconvert.ir.table_size import check_table

from .broadcasting import add, expand, repeat
from .constant_positions import along_shape, pick
from .convolution import conv
from .net import Blob, Net, Shape
from .table import Array, emit
from .thresholds import LARGE
from .transposition import transpose
from .windows import convolution


@emit("Tile")
def tile(net: Net, x: Blob, repeats: Array) -> Blob:
    for axis, times in enumerate(repeats):
        x = repeat(net, x, axis, int(times))
    return x


@emit("Expand")
def expand_(net: Net, x: Blob, shape: Array, *, out: Shape) -> Blob:
    return expand(net, x, out)


@emit("Pad")
def pad(
    net: Net, x: Blob, pads: Array, value: Array | None = None, axes: Array | None = None,
    *, mode: str = "constant", out: Shape,
) -> Blob:  # fmt: skip
    chosen = [int(axis) % x.rank for axis in (range(x.rank) if axes is None else axes)]
    widths = dict(zip(chosen, pads.reshape(2, -1).T.tolist(), strict=True))
    for axis, (begin, end) in widths.items():
        if x.shape[axis] <= max(0, -begin) + max(0, -end):
            refuse(f"pads of {begin} and {end}, which cut all {x.shape[axis]} of axis {axis}")
        if min(begin, end) < 0:
            x = net.keep(x, axis, max(0, -begin), x.shape[axis] - max(0, -end))
    widths = {axis: (max(0, b), max(0, e)) for axis, (b, e) in widths.items() if max(b, e) > 0}
    if mode != "constant":
        for axis, width in widths.items():
            kind = {"edge": "edge", "reflect": "reflect", "wrap": "wrap"}[mode]
            check_table(x.shape[axis], 1 + sum(width))
            positions = np.pad(table_size.arange(x.shape[axis]), width, mode=kind)  # type: ignore[call-overload]
            x = pick(net, x, axis, positions.tolist())
        return x
    filling = 0.0 if value is None else float(value.reshape(()))
    if abs(filling) > LARGE:  # zeros around, and then the number added there: x - filling would lose digits of x
        sizes = [x.shape[axis] if axis in widths else 1 for axis in range(x.rank)]
        around = [widths.get(axis, (0, 0)) for axis in range(x.rank)]
        check_table(*(size + sum(widths) for size, widths in zip(sizes, around, strict=True)))
        border = np.pad(table_size.zeros(sizes, np.float32), around, constant_values=filling)
        inner = pad(net, x, np.array(around).T, mode="constant", out=out)
        return add(net, inner, border)
    x = net.power(x, shift=-filling)
    if set(widths) <= {2, 3} and x.rank == 4:
        x = _zeros_around(net, x, widths.get(2, (0, 0)), widths.get(3, (0, 0)))
    else:
        for axis, width in widths.items():
            shape = (*x.shape[:axis], x.shape[axis] + sum(width), *x.shape[axis + 1 :])
            view = net.reshape(x, along_shape(x, axis)[1:])
            view = net.reshape(view, (view.shape[0], 1, *view.shape[1:]))
            x = net.reshape(_zeros_around(net, view, width, (0, 0)), shape)
    return net.power(x, shift=filling)


def _zeros_around(net: Net, x: Blob, rows: tuple[int, int], columns: tuple[int, int]) -> Blob:
    """Zeros around the last two of four axes: a convolution of each channel with a single 1."""
    shape = (*x.shape[:2], x.shape[2] + sum(rows), x.shape[3] + sum(columns))
    one = table_size.ones((x.shape[1], 1, 1, 1), np.float32)
    return conv(net, x, one, group=x.shape[1], pads=(rows[0], columns[0], rows[1], columns[1]), out=shape)


@emit("Reshape", "Squeeze", "Unsqueeze", "Flatten")
def reshape(net: Net, x: Blob, shape: Array | None = None, *, out: Shape, **_: object) -> Blob:
    return net.reshape(x, out or (1,))


@emit("Transpose")
def transpose_(net: Net, x: Blob, *, perm: Sequence[int] = ()) -> Blob:
    return transpose(net, x, tuple(perm) or tuple(reversed(range(x.rank))))


@emit("Concat")
def concat(net: Net, *xs: Blob, axis: int, out: Shape) -> Blob:
    axis %= len(out)
    return net.along("Concat", axis, *xs, shape=out)


@emit("Split")
def split(
    net: Net, x: Blob, sizes: Array | None = None, *, axis: int = 0, num_outputs: int = 0, outs: Sequence[Shape]
) -> Sequence[Blob]:
    axis %= x.rank
    if len(outs) == 1:
        return [x]
    points = np.cumsum([shape[axis] for shape in outs])[:-1].tolist()
    return net.layer_n("Slice", [x], outs, axis=axis, slice_point=points)


@emit("DepthToSpace")
def depth_to_space(net: Net, x: Blob, *, blocksize: int, mode: str = "DCR", out: Shape) -> Blob:
    n, c, h, w = x.shape
    r = blocksize
    if not net.has("Permute"):
        weights = one_hot_blocks(c // (r * r), r, mode)
        return convolution(net, "Deconvolution", x, weights, None, out, (0, 0), (r, r), (1, 1), 1)
    if mode == "DCR":
        view, order = (n, r, r, c // (r * r), h, w), (0, 3, 4, 1, 5, 2)
    else:
        view, order = (n, c // (r * r), r, r, h, w), (0, 1, 4, 2, 5, 3)
    return net.reshape(transpose(net, net.reshape(x, view), order), out)


@emit("SpaceToDepth")
def space_to_depth(net: Net, x: Blob, *, blocksize: int, mode: str = "DCR", out: Shape) -> Blob:
    n, c, h, w = x.shape
    r = blocksize
    if not net.has("Permute"):
        weights = one_hot_blocks(c, r, mode)
        return convolution(net, "Convolution", x, weights, None, out, (0, 0), (r, r), (1, 1), 1)
    order = (0, 3, 5, 1, 2, 4) if mode == "DCR" else (0, 1, 3, 5, 2, 4)
    return net.reshape(transpose(net, net.reshape(x, (n, c, h // r, r, w // r, r)), order), out)


def one_hot_blocks(channels: int, r: int, mode: str) -> np.ndarray:
    """[channels * r * r, channels, r, r]: each deep channel takes one place of the block of one shallow channel."""
    weights = table_size.eye(channels * r * r, dtype=np.float32).reshape(
        channels * r * r, *((r, r, channels) if mode == "DCR" else (channels, r, r))
    )
    return weights.transpose(0, 3, 1, 2) if mode == "DCR" else weights
