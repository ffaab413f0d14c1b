"""Reductions along axes: sums, means, extremes, norms, running sums, positions of extremes.

Source: megengine/functional/math.py and the Reduce, Argmax, Argmin and Cumsum opdefs (MegEngine 1.13).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from mgeconvert.errors import refuse
from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder

from .elementwise.modes import elemwise
from .names import MATH, METHOD, NN, OPDEF, TENSOR
from .operands import BOOL, FLOAT32, INT16, INT32, INT64, Tensor, axes_of, cast, is_float, rank, tensor, widened
from .shapes import reshape, sizes_of
from .table import add, lower


@lower(TENSOR + "cumsum")
def cumsum(b: Builder, inp: Value, axis: int, exclusive: bool = False, reverse: bool = False) -> Value:
    """MegEngine's function takes the axis only."""
    along = b.constant(axis % rank(inp), INT64)
    return widened(b, inp, lambda wide: b.op("CumSum", wide, along, exclusive=exclusive, reverse=reverse))


Axis = int | Sequence[int] | None


def reduce(b: Builder, op: str, inp: Tensor, axis: Axis, keepdims: bool) -> Value:
    """One Reduce operator; sums and products of bools are int32, means of anything but floats float32."""
    x = tensor(b, inp)
    if x.dtype == BOOL and op in ("ReduceSum", "ReduceProd"):
        x = cast(b, x, INT32)
    if op == "ReduceMean" and x.dtype != FLOAT32:
        x = cast(b, x, FLOAT32)
    if not rank(x):
        return x
    axes = None if axis is None else axes_of(x, axis)
    return widened(b, x, lambda wide: b.op(op, wide, axes, keepdims=keepdims))


def _reduction(op: str) -> Callable[..., Value]:
    def handler(b: Builder, inp: Tensor, axis: Axis = None, keepdims: bool = False) -> Value:
        return reduce(b, op, inp, axis, keepdims)

    return handler


for _name, _op in {"sum": "Sum", "mean": "Mean", "max": "Max", "min": "Min", "prod": "Prod"}.items():
    add(MATH + _name, _reduction("Reduce" + _op))
    add(METHOD + _name, _reduction("Reduce" + _op))


@lower(MATH + "var")
def var(b: Builder, inp: Value, axis: Axis = None, keepdims: bool = False) -> Value:
    centred = elemwise(b, "SUB", inp, reduce(b, "ReduceMean", inp, axis, keepdims=True))
    return reduce(b, "ReduceMean", b.op("Mul", centred, centred), axis, keepdims)


@lower(MATH + "std")
def std(b: Builder, inp: Value, axis: Axis = None, keepdims: bool = False) -> Value:
    return b.op("Sqrt", var(b, inp, axis, keepdims))


@lower(MATH + "norm")
def norm(b: Builder, inp: Value, ord: float | None = None, axis: int | None = None, keepdims: bool = False) -> Value:
    """Infinite orders ignore axis and keepdims, as MegEngine does."""
    order = 2 if ord is None else ord
    if order == 0:
        return reduce(b, "ReduceSum", elemwise(b, "NEQ", inp, 0), axis, keepdims)
    if math.isinf(order):
        return reduce(b, "ReduceMax" if order > 0 else "ReduceMin", elemwise(b, "ABS", inp), None, False)
    if order in (1, 2) and is_float(inp):
        return reduce(b, f"ReduceL{order:.0f}", inp, axis, keepdims)
    powers = elemwise(b, "POW", elemwise(b, "ABS", inp), order)
    return elemwise(b, "POW", reduce(b, "ReduceSum", powers, axis, keepdims), 1.0 / order)


def arg_reduce(b: Builder, op: str, inp: Value, axis: Axis, keepdims: bool) -> Value:
    """int32 indices; several axes are reduced one after the other from the last."""
    if axis is None:
        inp, axis = reshape(b, inp, -1), 0
    if not isinstance(axis, int):
        for along in sorted(axes_of(inp, axis), reverse=True):
            inp = arg_reduce(b, op, inp, along, keepdims)
        return inp
    wide = cast(b, inp, INT32) if inp.dtype == INT16 else inp
    return cast(b, b.op(op, wide, axis=axis, keepdims=keepdims), INT32)


def _arg_reduction(op: str) -> Callable[..., Value]:
    def handler(b: Builder, inp: Value, axis: Axis = None, keepdims: bool = False) -> Value:
        return arg_reduce(b, op, inp, axis, keepdims)

    return handler


add(MATH + "argmax", _arg_reduction("ArgMax"))


add(MATH + "argmin", _arg_reduction("ArgMin"))


@lower(NN + "logsumexp")
def logsumexp(b: Builder, inp: Value, axis: int | Sequence[int], keepdims: bool = False) -> Value:
    axes = [axis] if isinstance(axis, int) else list(axis)
    return b.op("ReduceLogSumExp", inp, axes, keepdims=keepdims)


_REDUCE = {"SUM": "ReduceSum", "MEAN": "ReduceMean", "MAX": "ReduceMax", "MIN": "ReduceMin", "PRODUCT": "ReduceProd"}


WHOLE = 2**31 - 1
"""The axis that means none was given."""


@lower(OPDEF + "Reduce")
def reduce_opdef(
    b: Builder, inp: Value, shape: Value | None = None, *, mode: str, axis: int = WHOLE, keepdim: bool = True,
    data_type: str = "DEFAULT",
) -> Value:  # fmt: skip
    """With a target shape the axes that differ from it are reduced and kept."""
    kind, x = mode.upper(), inp
    if kind == "SUM_SQR":
        kind, x = "SUM", b.op("Mul", inp, inp)
    if shape is None:
        return reduce(b, _REDUCE[kind], x, None if axis == WHOLE else axis, keepdim)
    sizes = sizes_of(b, shape)
    if sizes == [1] and rank(x) != 1:
        return reshape(b, reduce(b, _REDUCE[kind], x, None, keepdims=False), 1)
    old = x.shape or ()
    if any(isinstance(dim, str) and size != 1 for size, dim in zip(sizes, old, strict=True)):
        refuse("a reduction to a shape, of an input whose sizes vary")
    axes = [index for index, (size, dim) in enumerate(zip(sizes, old, strict=True)) if size != dim]
    return reduce(b, _REDUCE[kind], x, axes, keepdims=True) if axes else x


@lower(OPDEF + "Argmax")
def argmax_opdef(b: Builder, inp: Value, *, axis: int) -> Value:
    return arg_reduce(b, "ArgMax", inp, axis, keepdims=True)


@lower(OPDEF + "Argmin")
def argmin_opdef(b: Builder, inp: Value, *, axis: int) -> Value:
    return arg_reduce(b, "ArgMin", inp, axis, keepdims=True)


@lower(OPDEF + "Cumsum")
def cumsum_opdef(b: Builder, inp: Value, *, axis: int, exclusive: bool = False, reverse: bool = False) -> Value:
    return cumsum(b, inp, axis, exclusive, reverse)
