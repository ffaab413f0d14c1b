"""The order of axes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mgeconvert.errors import refuse

from .net import PIECES, Blob, Net


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
