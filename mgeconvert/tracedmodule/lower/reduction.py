"""Reductions, products of matrices, sorting. Source: megengine/functional/math.py (MegEngine 1.13)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from mgeconvert.errors import refuse
from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder

from .elemwise import elemwise
from .operands import (
    BOOL,
    FLOAT32,
    INT16,
    INT32,
    INT64,
    Tensor,
    axes_of,
    cast,
    is_float,
    is_narrow,
    promote,
    rank,
    tensor,
    widened,
)
from .shapes import as_shape_operand, dimension, reshape, sizes_of
from .table import add, lower

MATH = "megengine.functional.math."
T = "megengine.tensor.Tensor."

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
    add(T + _name, _reduction("Reduce" + _op))


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


@lower(MATH + "normalize")
def normalize(b: Builder, inp: Value, ord: float | None = None, axis: int | None = None, eps: float = 1e-12) -> Value:
    return elemwise(b, "TRUE_DIV", inp, elemwise(b, "MAX", norm(b, inp, ord, axis, axis is not None), eps))


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


@lower(MATH + "matmul")
def matmul(
    b: Builder,
    inp1: Value,
    inp2: Value,
    transpose_a: bool = False,
    transpose_b: bool = False,
    compute_mode: str = "default",
    format: str = "default",
) -> Value:
    """A vector is never transposed; more than two axes are batches that broadcast."""
    left, right = promote(b, inp1, inp2)
    left = _last_axes_swapped(b, left) if transpose_a and rank(left) > 1 else left
    right = _last_axes_swapped(b, right) if transpose_b and rank(right) > 1 else right
    return b.op("MatMul", left, right)


def _last_axes_swapped(b: Builder, x: Value) -> Value:
    order = list(range(rank(x)))
    return b.op("Transpose", x, perm=[*order[:-2], order[-1], order[-2]])


@lower(T + "__matmul__", T + "__imatmul__")
def matmul_operator(b: Builder, self: Value, other: Tensor) -> Value:
    return matmul(b, self, tensor(b, other))


@lower(T + "__rmatmul__")
def reflected_matmul_operator(b: Builder, self: Value, other: Tensor) -> Value:
    return matmul(b, tensor(b, other), self)


@lower(MATH + "dot")
def dot(b: Builder, inp1: Value, inp2: Value) -> Value:
    left, right = promote(b, inp1, inp2)
    return b.op("MatMul", left, right) if rank(left) == rank(right) == 1 else _scalar_dot(b, left, right)


def _scalar_dot(b: Builder, left: Value, right: Value) -> Value:
    product = b.op("Mul", left, right)
    return b.op("ReduceSum", product, None, keepdims=0) if rank(product) else product


@lower("megengine.functional.nn.linear")
def linear(b: Builder, inp: Value, weight: Value, bias: Value | None = None, compute_mode: str = "default") -> Value:
    """`weight` is (out, in); a matrix of inputs makes one Gemm, more axes a MatMul and an Add."""
    inp, weight = promote(b, inp, weight)
    if rank(inp) == 2:
        return b.op("Gemm", inp, weight, None if bias is None else tensor(b, bias, inp.dtype), transB=1)
    product = b.op("MatMul", inp, b.op("Transpose", weight, perm=[1, 0]))
    return product if bias is None else elemwise(b, "ADD", product, bias)


@lower(MATH + "isnan")
def isnan(b: Builder, inp: Value) -> Value:
    return b.op("IsNaN", inp) if is_float(inp) else b.op("Not", b.op("Equal", inp, inp))


@lower(MATH + "isinf")
def isinf(b: Builder, inp: Value) -> Value:
    return b.op("IsInf", inp) if is_float(inp) else isnan(b, inp)


def ranked(b: Builder, inp: Value, count: Any, descending: bool) -> tuple[Value, Value]:
    """The first of the last axis in order, and their int32 indices; in int32 where onnxruntime has no narrower TopK."""
    wide = cast(b, inp, INT32) if is_narrow(inp.dtype) else inp
    values, indices = b.ops("TopK", 2, wide, count, axis=-1, largest=descending, sorted=1)
    return cast(b, values, inp.dtype), cast(b, indices, INT32)


@lower(MATH + "topk")
def topk(b: Builder, inp: Value, k: Any, descending: bool = True, kth_only: bool = False, no_sort: bool = False) -> Any:
    """Along the last axis; `kth_only` gives the k-th value and its index alone."""
    (count,) = sizes_of(b, k)
    operand = as_shape_operand(b, [count])
    values, indices = ranked(b, inp, operand, descending)
    if not kth_only:
        return values, indices
    if not isinstance(count, int):
        refuse("topk with kth_only and a k that is only known at run time")
    kth = b.constant(count - 1, INT64)
    return tuple(b.op("Gather", x, kth, axis=-1) for x in (values, indices))


@lower(MATH + "topk", until=(1, 12, 0))
def topk_1_12(
    b: Builder, inp: Value, k: Any, descending: bool = False, kth_only: bool = False, no_sort: bool = False
) -> Any:
    return topk(b, inp, k, descending, kth_only, no_sort)


@lower(MATH + "sort")
def sort(b: Builder, inp: Value, descending: bool = False) -> tuple[Value, Value]:
    operand = as_shape_operand(b, [dimension(b, inp, -1)])
    return ranked(b, inp, operand, descending)


@lower(MATH + "argsort")
def argsort(b: Builder, inp: Value, descending: bool = False) -> Value:
    return sort(b, inp, descending)[1]
