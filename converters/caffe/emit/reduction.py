"""Reductions and what is made of them. Sums are pooled averages times the count: Pooling works along any axis, in every
tool chain, where Caffe's Reduction works along the last axes only."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from mgeconvert.errors import refuse

from ..net import PIECES, Blob, Net, Params, Shape
from .arithmetic import add, multiply
from .table import Array, emit


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


Reduction = Callable[[Net, Blob, Sequence[int]], Blob]


def _square(net: Net, x: Blob) -> Blob:
    return net.power(x, power=2.0)


REDUCTIONS: dict[str, Reduction] = {
    "ReduceMean": mean,
    "ReduceSum": total,
    "ReduceMax": maximum,
    "ReduceMin": minimum,
    "ReduceProd": product,
    "ReduceLogSumExp": log_sum_exp,
    "ReduceL1": lambda net, x, axes: total(net, net.layer("AbsVal", x), axes),
    "ReduceL2": lambda net, x, axes: net.power(total(net, _square(net, x), axes), power=0.5),
    "ReduceSumSquare": lambda net, x, axes: total(net, _square(net, x), axes),
    "ReduceLogSum": lambda net, x, axes: net.layer("Log", total(net, x, axes)),
}


def _register(op: str, reduction: Reduction) -> None:
    @emit(op)
    def reduce(
        net: Net, x: Blob, axes: Array | None = None, *, keepdims: int = 1, noop_with_empty_axes: int = 0, out: Shape
    ) -> Blob:
        wanted = [] if axes is None else [int(axis) % x.rank for axis in axes.reshape(-1)]
        if not wanted:
            if noop_with_empty_axes:
                return x
            wanted = list(range(x.rank))
        return net.reshape(reduction(net, x, sorted(wanted)), out or (1,))


for _op, _reduction in REDUCTIONS.items():
    _register(_op, _reduction)


def standardize(net: Net, x: Blob, axes: Sequence[int], epsilon: float) -> Blob:
    """(x - mean) / sqrt(variance + epsilon); MVN would add epsilon to the root."""
    centred = add(net, x, mean(net, x, axes), factors=(1.0, -1.0))
    variance = mean(net, _square(net, centred), axes)
    return multiply(net, centred, net.power(variance, power=-0.5, shift=epsilon))


@emit("Softmax")
def softmax(net: Net, x: Blob, *, axis: int = -1) -> Blob:
    axis %= x.rank
    return net.along("Softmax", axis, x)


@emit("LogSoftmax")
def log_softmax(net: Net, x: Blob, *, axis: int = -1) -> Blob:
    return add(net, x, log_sum_exp(net, x, [axis % x.rank]), factors=(1.0, -1.0))


@emit("LpNormalization")
def lp_normalization(net: Net, x: Blob, *, axis: int = -1, p: int = 2) -> Blob:
    norm = REDUCTIONS["ReduceL1" if p == 1 else "ReduceL2"]
    return multiply(net, x, net.power(norm(net, x, [axis % x.rank]), power=-1.0))
