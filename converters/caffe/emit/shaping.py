"""Moving elements: shapes, order of axes, joining and cutting."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mgeconvert.errors import refuse

from ..net import PIECES, Blob, Net, Shape
from .table import Array, emit
from .window import convolution


@emit("Reshape", "Squeeze", "Unsqueeze", "Flatten")
def reshape(net: Net, x: Blob, shape: Array | None = None, *, out: Shape, **_: object) -> Blob:
    return net.reshape(x, out or (1,))


def transpose(net: Net, x: Blob, order: Sequence[int]) -> Blob:
    """Permute; nothing but a Reshape where only axes of size 1 move; slices where the dialect has no Permute."""
    shape = tuple(x.shape[axis] for axis in order)
    moved = [axis for axis in order if x.shape[axis] != 1]
    if moved == sorted(moved):
        return net.reshape(x, shape)
    if net.has("Permute"):
        return net.layer("Permute", x, shape=shape, order=list(order))
    return net.reshape(_permute_by_slices(net, x, moved), shape)


def _permute_by_slices(net: Net, x: Blob, order: Sequence[int]) -> Blob:
    """Swap adjacent blocks of axes: cut the first block into pieces, join them along the second. `order` holds the axes
    of more than one element."""
    axes = sorted(order)
    current = net.reshape(x, [x.shape[axis] for axis in axes])
    position = [axes.index(axis) for axis in order]
    at = next(at for at, axis in enumerate(position) if axis != at)
    first = position[at]
    length = next((n for n in range(1, len(position) - at) if position[at + n] != first + n), len(position) - at)
    end = first + length
    low, a, b, rest = (
        int(np.prod(current.shape[part])) for part in (slice(at), slice(at, first), slice(first, end), slice(end, None))
    )
    if min(a, b) > PIECES:
        refuse(
            f"BVLC Caffe has no layer that reorders the axes of a blob of {list(x.shape)}; --dialect ssd has Permute"
        )
    if a <= b:
        parts = net.layer_n("Slice", [net.reshape(current, (low, a, b, rest))], [(low, 1, b, rest)] * a, axis=1)
        columns = [net.reshape(part, (low, b, 1, rest)) for part in parts]
        joined = net.layer("Concat", *columns, shape=(low, b, a, rest), axis=2)
    else:
        parts = net.layer_n("Slice", [net.reshape(current, (low, a, b, rest))], [(low, a, 1, rest)] * b, axis=2)
        rows = [net.reshape(part, (low, 1, a, rest)) for part in parts]
        joined = net.layer("Concat", *rows, shape=(low, b, a, rest), axis=1)
    swapped = [*range(at), *range(first, end), *range(at, first), *range(end, len(axes))]
    result = net.reshape(joined, [current.shape[axis] for axis in swapped])
    remaining = [swapped.index(axis) for axis in position]
    return result if remaining == sorted(remaining) else _permute_by_slices(net, result, remaining)


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
    weights = np.eye(channels * r * r, dtype=np.float32).reshape(
        channels * r * r, *((r, r, channels) if mode == "DCR" else (channels, r, r))
    )
    return weights.transpose(0, 3, 1, 2) if mode == "DCR" else weights
