"""Operands as MegEngine sees them: dtype promotion, numbers and arrays as tensors, axes."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

import numpy as np

from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder
from mgeconvert.ir.inference import elem_type

Tensor: TypeAlias = "Value | np.ndarray | np.generic | int | float | bool"
"""What MegEngine takes where a tensor is expected."""


FLOAT32 = np.dtype(np.float32)


INT16 = np.dtype(np.int16)


INT32 = np.dtype(np.int32)


INT64 = np.dtype(np.int64)


INT8 = np.dtype(np.int8)
UINT8 = np.dtype(np.uint8)
BOOL = np.dtype(bool)
INT32_MIN = -(2**31)


_NARROW = {np.dtype(np.float64): FLOAT32, INT64: INT32}
"""MegEngine has no 64-bit types: arrays and Python numbers become 32-bit tensors."""


def tensor(b: Builder, x: Tensor, dtype: Any = None) -> Value:
    """A value for anything MegEngine takes as a tensor; numbers become int32 or float32 constants as in MegEngine."""
    if isinstance(x, Value):
        return x if dtype is None else cast(b, x, dtype)
    if isinstance(x, bool | int | float):
        return b.constant(stored(x, np.dtype(dtype or (FLOAT32 if isinstance(x, float) else INT32))))
    array = np.asarray(x)
    return b.constant(array.astype(dtype or _NARROW.get(array.dtype, array.dtype), copy=False))


def stored(number: float, dtype: np.dtype) -> np.ndarray:
    """A Python number as MegEngine stores it in a tensor of that dtype.

    Of an integer that does not fit, the lowest bits are kept; a float becomes int32 first, -2**31 if it is too large.
    Source: measured against MegEngine 1.13.
    """
    if dtype.kind not in "iu":
        with np.errstate(over="ignore"):
            return np.asarray(number).astype(dtype)
    whole = int(number) if math.isfinite(number) else INT32_MIN
    if isinstance(number, float) and not INT32_MIN <= whole < -INT32_MIN:
        whole = INT32_MIN
    bits = 8 * dtype.itemsize
    return np.asarray(whole & ((1 << bits) - 1), f"uint{bits}").view(dtype)


def cast(b: Builder, x: Value, dtype: Any) -> Value:
    """`x` in that dtype; nothing when it already is."""
    dtype, source = np.dtype(dtype), getattr(b, "exact", {}).get(x, x)
    if dtype in (x.dtype, source.dtype):
        return x if dtype == x.dtype else source
    if source.dtype == INT64 and dtype == INT32:
        return exactly(b, source, dtype)
    return b.op("Cast", source, to=elem_type(dtype))


def exactly(b: Builder, x: Value, dtype: Any) -> Value:
    """Cast indices, sizes or small integers: nothing is lost, so that casting the result starts from `x` again. Only
    indices and sizes are int64 in what MegEngine's operators become."""
    result = b.op("Cast", x, to=elem_type(dtype))
    getattr(b, "exact", {})[result] = x
    return result


def is_narrow(dtype: np.dtype | None) -> bool:
    """Integers of 8 and 16 bits."""
    return dtype is not None and dtype.kind in "iu" and dtype.itemsize <= 2


def widened(b: Builder, x: Value, compute: Callable[[Value], Value]) -> Value:
    """`compute` in int32 where x is a narrower integer, for which ONNX or its runtimes do not have the operator."""
    if not is_narrow(x.dtype):
        return compute(x)
    assert x.dtype is not None
    return cast(b, compute(cast(b, x, INT32)), x.dtype)


def as_indices(b: Builder, x: Value) -> Value:
    """Indices as ONNX takes them, int32 or int64, without a Cast where there is a choice."""
    return x if x.dtype == INT32 and x not in getattr(b, "exact", {}) else cast(b, x, INT64)


def promoted_dtype(operands: Iterable[Tensor]) -> np.dtype:
    """The dtype MegEngine computes an element-wise operator in.

    Source: measured against MegEngine 1.13 for every pair of dtypes. Tensors of one kind (bool, integer, float) give
    the larger of their types, tensors of several kinds float32; a Python number changes the result only to float32,
    and only when its kind is above that of the tensors.
    """
    tensors = {dtype for operand in operands if (dtype := _tensor_dtype(operand)) is not None}
    numbers = [_number_kind(operand) for operand in operands if isinstance(operand, bool | int | float)]
    if not tensors:
        return FLOAT32 if 2 in numbers else INT32
    kinds = {_kind(dtype) for dtype in tensors}
    if len(kinds) > 1:
        return FLOAT32
    (kind,) = kinds
    if any(number > kind for number in numbers):
        return FLOAT32
    return max(tensors, key=lambda dtype: dtype.itemsize)


def promote(b: Builder, *operands: Tensor) -> list[Value]:
    """The operands as values of their promoted dtype."""
    if (same := _of_one_dtype(operands)) is not None:
        return same
    return in_dtype(b, operands, promoted_dtype(operands))


def _of_one_dtype(operands: Sequence[Tensor]) -> list[Value] | None:
    """The operands where they are values of one dtype, which nothing promotes; else None."""
    values: list[Value] = []
    for operand in operands:
        if not isinstance(operand, Value) or operand.dtype is None:
            return None
        if values and operand.dtype != values[0].dtype:
            return None
        values.append(operand)
    return values or None


def in_dtype(b: Builder, operands: Sequence[Tensor], dtype: Any) -> list[Value]:
    """The operands as values of `dtype`. A Python integer beside bools only is an int32 tensor on its way there."""
    bools = {_tensor_dtype(operand) for operand in operands} <= {None, BOOL}
    return [
        tensor(b, tensor(b, operand) if bools and isinstance(operand, int) else operand, dtype) for operand in operands
    ]


def is_float(x: Value) -> bool:
    return x.dtype is not None and x.dtype.kind == "f"


def rank(x: Value) -> int:
    """The number of dimensions, which every traced value has."""
    if x.shape is None:
        raise ValueError(f"{x.name} has no known rank")
    return len(x.shape)


def axes_of(x: Value, axis: int | Sequence[int] | None) -> list[int]:
    """Non-negative axes, all of them for None."""
    count = rank(x)
    if axis is None:
        return list(range(count))
    return [item % count if count else 0 for item in ([axis] if isinstance(axis, int) else axis)]


def _tensor_dtype(operand: Tensor) -> np.dtype | None:
    if isinstance(operand, Value):
        return operand.dtype
    if isinstance(operand, bool | int | float):
        return None
    if not isinstance(operand, np.ndarray | np.generic):
        raise ValueError(f"a {type(operand).__name__} where a tensor is expected")
    return _NARROW.get(operand.dtype, operand.dtype)


def _number_kind(number: float) -> int:
    return 0 if isinstance(number, bool) else 1 if isinstance(number, int) else 2


def _kind(dtype: np.dtype) -> int:
    return {"b": 0, "i": 1, "u": 1, "f": 2}[dtype.kind]
