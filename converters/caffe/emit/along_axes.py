"""Statistics along axes. Sums are pooled averages times the count: Pooling works along any axis, in every tool chain,
where Caffe's Reduction works along the last axes only."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mgeconvert.errors import refuse

from .broadcasting import add, multiply
from .net import PIECES, Blob, Net, Params


def groups(axes: Sequence[int]) -> list[tuple[int, int]]:
    """Adjacent axes as (first, end) ranges, last range first."""
    ranges: list[tuple[int, int]] = []
    for axis in sorted(axes, reverse=True):
        if ranges and ranges[-1][0] == axis + 1:
            ranges[-1] = (axis, ranges[-1][1])
        else:
            ranges.append((axis, axis + 1))
    return ranges


def along(net: Net, x: Blob, first: int, end: int) -> Blob:
    """`x` as [1, outer, reduced, inner]."""
    sizes = [int(np.prod(part)) for part in (x.shape[:first], x.shape[first:end], x.shape[end:])]
    return net.reshape(x, (1, *sizes))


def pooled(net: Net, x: Blob, axes: Sequence[int], kind: str) -> Blob:
    """AVE or MAX over axes, which stay with size 1."""
    for first, end in groups(axes):
        shape = (*x.shape[:first], *(1,) * (end - first), *x.shape[end:])
        if (first, end, x.rank) == (2, 4, 4):
            x = net.layer("Pooling", x, shape=shape, pool=kind, global_pooling=True)
            continue
        view = along(net, x, first, end)
        params: Params = {"kernel_h": view.shape[2], "kernel_w": 1, "pool": kind}
        x = net.reshape(net.layer("Pooling", view, shape=(*view.shape[:2], 1, view.shape[3]), **params), shape)
    return x


def mean(net: Net, x: Blob, axes: Sequence[int]) -> Blob:
    return pooled(net, x, axes, "AVE")


def total(net: Net, x: Blob, axes: Sequence[int]) -> Blob:
    return net.power(mean(net, x, axes), scale=float(np.prod([x.shape[axis] for axis in axes])))


def maximum(net: Net, x: Blob, axes: Sequence[int]) -> Blob:
    return pooled(net, x, axes, "MAX")


def minimum(net: Net, x: Blob, axes: Sequence[int]) -> Blob:
    return net.power(maximum(net, net.power(x, scale=-1.0), axes), scale=-1.0)


def product(net: Net, x: Blob, axes: Sequence[int]) -> Blob:
    for axis in axes:
        count = x.shape[axis]
        if count > PIECES:
            refuse(f"Caffe has no product along an axis; by slices at most {PIECES}, here {count}")
        shape = (*x.shape[:axis], 1, *x.shape[axis + 1 :])
        if count > 1:
            x = net.eltwise("PROD", *net.layer_n("Slice", [x], [shape] * count, axis=axis))
    return x


def log_sum_exp(net: Net, x: Blob, axes: Sequence[int]) -> Blob:
    """By the largest element, so that nothing overflows."""
    largest = maximum(net, x, axes)
    shifted = add(net, x, largest, factors=(1.0, -1.0))
    return net.eltwise("SUM", net.layer("Log", total(net, net.layer("Exp", shifted), axes)), largest)


def square(net: Net, x: Blob) -> Blob:
    return net.power(x, power=2.0)


def standardize(net: Net, x: Blob, axes: Sequence[int], epsilon: float) -> Blob:
    """(x - mean) / sqrt(variance + epsilon); MVN would add epsilon to the root."""
    return with_statistics(net, x, axes, epsilon)[0]


def with_statistics(net: Net, x: Blob, axes: Sequence[int], epsilon: float) -> tuple[Blob, Blob, Blob]:
    """(x - mean) / sqrt(variance + epsilon), the mean, and what it is multiplied by: 1 / sqrt(variance + epsilon)."""
    middle = mean(net, x, axes)
    centred = add(net, x, middle, factors=(1.0, -1.0))
    factor = net.power(mean(net, square(net, centred), axes), power=-0.5, shift=epsilon)
    return multiply(net, centred, factor), middle, factor
