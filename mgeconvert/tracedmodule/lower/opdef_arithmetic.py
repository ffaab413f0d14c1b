"""Raw operators of arithmetic, matrix products, reduction and order."""

from __future__ import annotations

from typing import Any

from mgeconvert.errors import refuse
from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder

from . import reduction, tensors
from .elemwise import elemwise
from .opdefs import OP
from .operands import cast, rank
from .quantized import quantized_elemwise
from .shapes import reshape, sizes_of
from .table import lower


@lower(OP + "ElemwiseMultiType")
def elemwise_multi_type(b: Builder, *inputs: Value, mode: str, dtype: Any = None) -> Value:
    """Comparisons and tests that answer in `dtype`."""
    if mode.startswith("Q"):
        return quantized_elemwise(b, mode, inputs, dtype)
    result = elemwise(b, mode, *inputs)
    return result if dtype is None else cast(b, result, dtype)


@lower(OP + "InplaceAdd")
def inplace_add(b: Builder, inp: Value, delta: Value, alpha: Value, beta: Value) -> Value:
    """inp * alpha + delta * beta."""
    return elemwise(b, "FUSE_MUL_ADD4", inp, alpha, delta, beta)


@lower(OP + "MatrixMul", OP + "BatchedMatrixMul")
def matrix_mul(
    b: Builder,
    left: Value,
    right: Value,
    *,
    transposeA: bool = False,
    transposeB: bool = False,
    **tuning: Any,
) -> Value:
    return reduction.matmul(b, left, right, transposeA, transposeB)


@lower(OP + "Dot")
def dot_opdef(b: Builder, left: Value, right: Value) -> Value:
    return reduction.dot(b, left, right)


_REDUCE = {"SUM": "ReduceSum", "MEAN": "ReduceMean", "MAX": "ReduceMax", "MIN": "ReduceMin", "PRODUCT": "ReduceProd"}
WHOLE = 2**31 - 1
"""The axis that means none was given."""


@lower(OP + "Reduce")
def reduce_opdef(
    b: Builder, inp: Value, shape: Value | None = None, *, mode: str, axis: int = WHOLE, keepdim: bool = True,
    data_type: str = "DEFAULT",
) -> Value:  # fmt: skip
    """With a target shape the axes that differ from it are reduced and kept."""
    kind, x = mode.upper(), inp
    if kind == "SUM_SQR":
        kind, x = "SUM", b.op("Mul", inp, inp)
    if shape is None:
        return reduction.reduce(b, _REDUCE[kind], x, None if axis == WHOLE else axis, keepdim)
    sizes = sizes_of(b, shape)
    if sizes == [1] and rank(x) != 1:
        return reshape(b, reduction.reduce(b, _REDUCE[kind], x, None, keepdims=False), 1)
    axes = [index for index, (size, old) in enumerate(zip(sizes, x.shape or (), strict=True)) if size != old]
    return reduction.reduce(b, _REDUCE[kind], x, axes, keepdims=True) if axes else x


@lower(OP + "Argmax")
def argmax_opdef(b: Builder, inp: Value, *, axis: int) -> Value:
    return reduction.arg_reduce(b, "ArgMax", inp, axis, keepdims=True)


@lower(OP + "Argmin")
def argmin_opdef(b: Builder, inp: Value, *, axis: int) -> Value:
    return reduction.arg_reduce(b, "ArgMin", inp, axis, keepdims=True)


@lower(OP + "Argsort")
def argsort_opdef(b: Builder, inp: Value, *, order: str) -> tuple[Value, Value]:
    return reduction.sort(b, inp, descending=order.upper() == "DESCENDING")


@lower(OP + "TopK")
def topk_opdef(b: Builder, inp: Value, k: Value, *, mode: str) -> Any:
    """A negative k asks for the largest values."""
    (count,) = sizes_of(b, k)
    if not isinstance(count, int):
        refuse("topk of a k that is only known at run time")
    kth_only = mode.upper() == "KTH_ONLY"
    found = reduction.topk(b, inp, abs(count), count < 0, kth_only)
    return found[0] if kth_only else found


@lower(OP + "Cumsum")
def cumsum_opdef(b: Builder, inp: Value, *, axis: int, exclusive: bool = False, reverse: bool = False) -> Value:
    return tensors.cumsum(b, inp, axis, exclusive, reverse)
