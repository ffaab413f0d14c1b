"""Elements chosen by value: sorting, the largest, where, one-hot, masks.

Source: megengine/functional/{math,nn,tensor}.py and the opdefs behind them (MegEngine 1.13).
"""

from __future__ import annotations

from typing import Any

from mgeconvert.errors import refuse
from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder

from .elementwise.modes import elemwise
from .indexing.setitem import setitem
from .names import MATH, NN, OPDEF, TENSOR
from .operands import FLOAT32, INT32, INT64, Tensor, cast, exactly, is_narrow, promote, tensor
from .shapes import Size, as_shape_operand, dimension, reshape, sizes_of
from .table import lower


@lower(TENSOR + "where")
def where(b: Builder, mask: Value, x: Tensor, y: Tensor) -> Value:
    values = promote(b, x, y)
    dtype = values[0].dtype
    if is_narrow(dtype):  # onnxruntime does not choose among all of them
        return cast(b, b.op("Where", mask, *(cast(b, value, INT32) for value in values)), dtype)
    return b.op("Where", mask, *values)


def ranked(b: Builder, inp: Value, count: Any, descending: bool) -> tuple[Value, Value]:
    """The first of the last axis in order, and their int32 indices; in int32 where onnxruntime has no narrower TopK."""
    wide = cast(b, inp, INT32) if is_narrow(inp.dtype) else inp
    values, indices = b.ops("TopK", 2, wide, count, axis=-1, largest=descending, sorted=1)
    return cast(b, values, inp.dtype), cast(b, indices, INT32)


@lower(MATH + "topk")
def topk(b: Builder, inp: Value, k: Any, descending: bool = True, kth_only: bool = False, no_sort: bool = False) -> Any:
    """The first min(|k|, size) of the last axis in order; a negative k asks for the other direction. `kth_only` gives
    the last of them alone, and where its value stands first."""
    (count,) = sizes_of(b, k)
    if isinstance(count, int):
        count, descending = abs(count), descending != (count < 0)
    count = _at_most(b, count, dimension(b, inp, -1))
    values, indices = ranked(b, inp, as_shape_operand(b, [count]), descending)
    if not kth_only:
        return values, indices
    last = b.constant([count - 1], INT64) if isinstance(count, int) else b.op("Sub", count, 1)
    kept = b.op("Gather", values, last, axis=-1)
    equal = cast(b, elemwise(b, "EQ", inp, kept), INT32)
    return b.op("Squeeze", kept, [-1]), cast(b, b.op("ArgMax", equal, axis=-1, keepdims=0), INT32)


def _at_most(b: Builder, count: Size, size: Size) -> Size:
    """The smaller of two sizes. A number that is no larger than 1 fits into every axis."""
    if isinstance(count, int) and (isinstance(size, int) or count <= 1):
        return min(count, size) if isinstance(size, int) else count
    return b.op("Min", *(b.op("Reshape", tensor(b, x, INT32), [1]) for x in (count, size)))


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


@lower(NN + "one_hot")
def one_hot(b: Builder, inp: Value, num_classes: int) -> Value:
    """Has the dtype of the indices; made in float32, which every runtime has a OneHot for."""
    hot = b.op("OneHot", cast(b, inp, INT32), b.constant(num_classes, INT32), b.constant([0, 1], FLOAT32), axis=-1)
    return exactly(b, hot, inp.dtype) if inp.dtype != FLOAT32 else hot


@lower(TENSOR + "cond_take")
def cond_take(b: Builder, mask: Value, x: Value) -> tuple[Value, Value]:
    """The elements under the mask, and their positions in the flattened tensor."""
    flat = reshape(b, mask, -1)
    positions = b.op("Squeeze", b.op("NonZero", flat), [0])
    return b.op("Gather", reshape(b, x, -1), positions, axis=0), cast(b, positions, INT32)


@lower(OPDEF + "CondTake")
def cond_take_opdef(b: Builder, x: Value, mask: Value) -> tuple[Value, Value]:
    return cond_take(b, mask, x)


@lower(OPDEF + "Argsort")
def argsort_opdef(b: Builder, inp: Value, *, order: str) -> tuple[Value, Value]:
    return sort(b, inp, descending=order.upper() == "DESCENDING")


@lower(OPDEF + "TopK")
def topk_opdef(b: Builder, inp: Value, k: Value, *, mode: str) -> Any:
    """A negative k asks for the largest values."""
    (count,) = sizes_of(b, k)
    if not isinstance(count, int):
        refuse("topk of a k that is only known at run time")
    kth_only = mode.upper() == "KTH_ONLY"
    found = topk(b, inp, count, descending=False, kth_only=kth_only)
    return found[0] if kth_only else found


@lower(OPDEF + "MaskedFill")
def masked_fill(b: Builder, inp: Value, mask: Value, *, value: float) -> Value:
    return setitem(b, inp, mask, value)
