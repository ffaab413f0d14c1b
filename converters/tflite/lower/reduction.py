"""Sums, means and extremes along axes.

Source: reduce.cc, arg_min_max.cc, cumsum.cc of tensorflow/lite/kernels/.
"""

from __future__ import annotations

import numpy as np

from mgeconvert.ir import Value

from ..layout.wants import FOLLOW
from .table import lower
from .translation import Translation, without

REDUCTIONS = {
    "MEAN": "ReduceMean", "SUM": "ReduceSum", "REDUCE_MAX": "ReduceMax", "REDUCE_MIN": "ReduceMin",
    "REDUCE_PROD": "ReduceProd",
}  # fmt: skip
LOGICAL = {"REDUCE_ALL": "ReduceMin", "REDUCE_ANY": "ReduceMax"}


def _reduced(t: Translation, op: str, x: Value) -> Value:
    rank = len(x.shape or ())
    axes = sorted({t.own_axis(axis, rank) for axis in t.ints(1, "axes") or []})
    if not axes:
        return x
    keep = bool(t.option("KeepDims"))
    where = sorted(t.axis(axis) for axis in axes)
    if not keep:
        t.layout = without(t.layout, axes)
    return t.b.op(op, x, where, keepdims=int(keep))


@lower(*REDUCTIONS, wants=FOLLOW, data=1)
def reduce(t: Translation, x: Value) -> Value:
    return _reduced(t, REDUCTIONS[t.operator.op], x)


@lower(*LOGICAL, wants=FOLLOW, data=1)
def reduce_logical(t: Translation, x: Value) -> Value:
    return _reduced(t, LOGICAL[t.operator.op], t.b.op("Cast", x, to=6))


@lower("ARG_MAX", "ARG_MIN", wants=FOLLOW, data=1)
def arg(t: Translation, x: Value) -> Value:
    """The first extreme along one axis."""
    axis = t.own_axis(t.number(1, "axis"), len(x.shape or ()))
    where = t.axis(axis)
    t.layout = without(t.layout, [axis])
    return t.b.op("ArgMax" if t.operator.op == "ARG_MAX" else "ArgMin", x, axis=where, keepdims=0)


@lower("CUMSUM", wants=FOLLOW, data=1)
def cumsum(t: Translation, x: Value) -> Value:
    axis = t.b.constant(np.array(t.axis(t.number(1, "axis")), np.int64))
    return t.b.op("CumSum", x, axis, exclusive=t.option("Exclusive"), reverse=t.option("Reverse"))
