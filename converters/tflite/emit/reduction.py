"""Reductions, arg-reductions and running sums."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mgeconvert.errors import refuse

from ..layout.merging import LARGEST, around
from ..layout.wants import FOLLOW
from ..model import Layout, Tensor
from .emission import Emission
from .table import emit

PLAIN_KERNELS = {
    "ReduceSum": "SUM", "ReduceMean": "MEAN", "ReduceMax": "REDUCE_MAX", "ReduceMin": "REDUCE_MIN",
    "ReduceProd": "REDUCE_PROD", "ReduceL1": "SUM", "ReduceL2": "SUM", "ReduceSumSquare": "SUM", "ReduceLogSum": "SUM",
}  # fmt: skip
BEFORE = {"ReduceL1": "ABS", "ReduceL2": "SQUARE", "ReduceSumSquare": "SQUARE"}
AFTER = {"ReduceL2": "SQRT", "ReduceLogSum": "LOG"}
Reduce = Callable[[Tensor, Tensor], Tensor]


def reduced_axes(c: Emission, x: Tensor) -> list[int] | None:
    """The IR axes to reduce; None for nothing to do."""
    axes = c.ints(1, "axes")
    if not axes:
        return None if c.attr("noop_with_empty_axes", 0) else list(range(x.rank))
    return sorted(axis % x.rank for axis in axes)


def without(layout: Layout, axes: list[int]) -> Layout:
    """The layout of the value without those axes."""
    kept = [axis for axis in layout if axis not in axes]
    rank = {axis: index for index, axis in enumerate(sorted(kept))}
    return tuple(rank[axis] for axis in kept)


def finish(c: Emission, axes: list[int]) -> bool:
    """Set the output's layout; returns KeepDims."""
    keep = bool(c.attr("keepdims", 1))
    if not keep:
        c.layout = without(c.layout, axes)
    return keep


@emit(*PLAIN_KERNELS, wants=FOLLOW, data=1)
def reduce(c: Emission, x: Tensor) -> Tensor:
    op = c.node.op
    given = c.value(1)
    if given is not None and c.constant(given) is None:
        return _along_computed_axes(c, x)
    axes = reduced_axes(c, x)
    if op in BEFORE:
        x = c.op(BEFORE[op], x)
    if axes is not None and axes:
        stored = sorted(c.axis(axis) for axis in axes)
        where = c.const(stored, np.int32, "axes")
        keep = finish(c, axes)
        if x.dtype == bool:
            kernel = {"ReduceMax": "REDUCE_ANY", "ReduceMin": "REDUCE_ALL"}.get(op)
            if kernel is None:
                refuse(f"{op} of booleans")
            return c.op(kernel, x, where, shape=c.shape(), KeepDims=keep)
        if x.rank > LARGEST:
            x = c.reshape(_one_by_one(c, PLAIN_KERNELS[op], x, stored), c.shape())
        else:
            x = c.op(PLAIN_KERNELS[op], x, where, shape=c.shape(), KeepDims=keep)
    return c.op(AFTER[op], x) if op in AFTER else x


def _along_computed_axes(c: Emission, x: Tensor) -> Tensor:
    """The kernels read their axes when they run; axes that go away leave a rank that only the run knows."""
    op = c.node.op
    if not c.attr("keepdims", 1):
        refuse("its axes is computed at run time; TFLite wants a constant")
    axes = c.tensor(1)
    if c.layout != tuple(range(x.rank)):
        counted = c.op("FLOOR_MOD", axes, c.like(x.rank, axes), shape=axes.shape)
        stored = c.const([c.axis(axis) for axis in range(x.rank)], np.int32)
        axes = c.op("GATHER", stored, counted, shape=axes.shape, dtype=np.int32, Axis=0)
    if x.dtype == bool or x.rank > LARGEST:
        refuse(f"{op} of booleans or of more than {LARGEST} axes along axes that are computed")
    x = c.op(BEFORE[op], x) if op in BEFORE else x
    made = c.op(PLAIN_KERNELS[op], x, axes, shape=c.shape(), KeepDims=True)
    return c.op(AFTER[op], made) if op in AFTER else made


def _one_by_one(c: Emission, op: str, x: Tensor, axes: list[int]) -> Tensor:
    """A reduction of more axes than the kernels take: of three axes, again and again."""
    shape = list(x.shape)
    where = c.const([1], np.int32, "axes")
    for axis in axes:
        before, size, behind = around(tuple(shape), axis)
        x = c.op(op, c.reshape(x, (before, size, behind)), where, shape=(before, 1, behind), KeepDims=True)
        shape[axis] = 1
    return x


@emit("ReduceLogSumExp", wants=FOLLOW, data=1)
def log_sum_exp(c: Emission, x: Tensor) -> Tensor:
    """max + log(sum(exp(x - max))), which does not overflow."""
    axes = reduced_axes(c, x)
    if axes is None:
        return c.op("LOG", c.op("EXP", x))
    stored = sorted(c.axis(axis) for axis in axes)
    where = c.const(stored, np.int32, "axes")
    shape = tuple(1 if axis in stored else dim for axis, dim in enumerate(x.shape))
    peak = c.op("REDUCE_MAX", x, where, shape=shape, KeepDims=True)
    total = c.op("SUM", c.op("EXP", c.op("SUB", x, peak)), where, shape=shape, KeepDims=True)
    result = c.op("ADD", c.op("LOG", total), peak)
    finish(c, axes)
    return c.reshape(result, c.shape())


@emit("ArgMax", "ArgMin", wants=FOLLOW)
def arg(c: Emission, x: Tensor) -> Tensor:
    axis = c.attr("axis", 0) % x.rank
    where = c.axis(axis)
    if c.attr("select_last_index", 0):
        refuse(f"{c.node.op} of the last among equals: TFLite's takes the first")
    shape = tuple(dim for index, dim in enumerate(x.shape) if index != where)
    name = "ARG_MAX" if c.node.op == "ArgMax" else "ARG_MIN"
    made = c.op(name, x, c.const(where, np.int32, "axis"), shape=shape, dtype=np.int32, OutputType=2)
    if finish(c, [axis]):
        return c.reshape(made, c.shape())
    return made


@emit("CumSum", wants=FOLLOW, data=1)
def cumsum(c: Emission, x: Tensor) -> Tensor:
    axis = c.ints(1, "axis")
    assert axis is not None
    operand = c.const(c.axis(axis[0]), np.int32, "axis")
    exclusive, backwards = bool(c.attr("exclusive", 0)), bool(c.attr("reverse", 0))
    return c.op("CUMSUM", x, operand, shape=x.shape, Exclusive=exclusive, Reverse=backwards)
