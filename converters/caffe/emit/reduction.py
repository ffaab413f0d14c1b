"""Reductions along axes, running sums, ArgMax."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from mgeconvert.ir import table_size
from mgeconvert.ir.table_size import check_table

from .along_axes import log_sum_exp, maximum, mean, minimum, product, square, total
from .constant_positions import mix
from .net import Blob, Net, Shape
from .ranking import best_position
from .table import Array, emit


@emit("CumSum")
def cum_sum(net: Net, x: Blob, axis: Array, *, exclusive: int = 0, reverse: int = 0) -> Blob:
    at = int(axis.reshape(())) % x.rank
    check_table(x.shape[at], x.shape[at])
    ones = table_size.ones((x.shape[at], x.shape[at]), np.float32)
    lower = np.tril(ones, -1 if exclusive else 0)
    return mix(net, x, at, lower.T if reverse else lower)


@emit("ArgMax")
def arg_max(net: Net, x: Blob, *, axis: int = 0, keepdims: int = 1, select_last_index: int = 0, out: Shape) -> Blob:
    return net.reshape(best_position(net, x, axis % x.rank, last=bool(select_last_index)), out or (1,))


@emit("ArgMin")
def arg_min(net: Net, x: Blob, *, axis: int = 0, keepdims: int = 1, select_last_index: int = 0, out: Shape) -> Blob:
    return arg_max(net, net.power(x, scale=-1.0), axis=axis, select_last_index=select_last_index, out=out)


Reduction = Callable[[Net, Blob, Sequence[int]], Blob]
REDUCTIONS: dict[str, Reduction] = {
    "ReduceMean": mean,
    "ReduceSum": total,
    "ReduceMax": maximum,
    "ReduceMin": minimum,
    "ReduceProd": product,
    "ReduceLogSumExp": log_sum_exp,
    "ReduceL1": lambda net, x, axes: total(net, net.layer("AbsVal", x), axes),
    "ReduceL2": lambda net, x, axes: net.power(total(net, square(net, x), axes), power=0.5),
    "ReduceSumSquare": lambda net, x, axes: total(net, square(net, x), axes),
    "ReduceLogSum": lambda net, x, axes: net.layer("Log", total(net, x, axes)),
}


def _register(op: str, reduction: Reduction) -> None:
    @emit(op)
    def reduce(
        net: Net, x: Blob, axes: Array | None = None, *, keepdims: int = 1, noop_with_empty_axes: int = 0, out: Shape
    ) -> Blob:
        wanted = [] if axes is None else [int(axis) % x.rank for axis in axes.reshape(-1)]
        if not wanted and not noop_with_empty_axes:
            wanted = list(range(x.rank))
        return net.reshape(reduction(net, x, sorted(wanted)), out or (1,))


for _op, _reduction in REDUCTIONS.items():
    _register(_op, _reduction)
