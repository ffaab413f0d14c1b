"""Shifts and the rounding high multiplication, on integers of any width.

ONNX shifts unsigned integers only; on signed ones a shift is arithmetic: a product with, or a quotient rounded down by,
a power of two. Source: measured against MegEngine 1.13.
"""

from __future__ import annotations

import numpy as np

from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder

from ..names import ELEMWISE, METHOD
from ..operands import FLOAT32, INT64, Tensor, cast
from ..table import lower
from .modes import MODES, elemwise


def _power_of_two(b: Builder, exponent: Value, dtype: np.dtype) -> Value:
    """2 ** exponent, wrapped to the dtype; floats hold it exactly."""
    if exponent.array is not None:
        return b.constant(np.left_shift(1, exponent.array.astype(np.int64)).astype(dtype))
    return cast(b, b.op("Pow", b.constant(2, FLOAT32), cast(b, exponent, FLOAT32)), dtype)


def _left(b: Builder, x: Value, y: Value) -> Value:
    assert x.dtype is not None
    return b.op("Mul", x, _power_of_two(b, y, x.dtype))


def _right(b: Builder, x: Value, y: Value) -> Value:
    assert x.dtype is not None
    if x.dtype.kind == "u":
        return b.op("BitShift", x, y, direction="RIGHT")
    return elemwise(b, "FLOOR_DIV", x, _power_of_two(b, y, x.dtype))


def _rounding_high_product(b: Builder, x: Value, y: Value) -> Value:
    """x y / 2 ** (bits - 1), rounded half up and clipped to the dtype."""
    assert x.dtype is not None
    bits, info = 8 * x.dtype.itemsize, np.iinfo(x.dtype)
    product = b.op("Mul", cast(b, x, INT64), cast(b, y, INT64))
    moved = b.op("Add", product, b.constant(1 << (bits - 2), INT64))
    rounded = elemwise(b, "FLOOR_DIV", moved, b.constant(1 << (bits - 1), INT64))
    return cast(b, b.op("Clip", rounded, b.constant(info.min, INT64), b.constant(info.max, INT64)), x.dtype)


MODES.update(SHL=_left, SHR=_right, RMULH=_rounding_high_product)


@lower(ELEMWISE + "left_shift", METHOD + "__lshift__", METHOD + "__ilshift__")
def left_shift(b: Builder, x: Tensor, y: Tensor) -> Value:
    return elemwise(b, "SHL", x, y)


@lower(ELEMWISE + "right_shift", METHOD + "__rshift__", METHOD + "__irshift__")
def right_shift(b: Builder, x: Tensor, y: Tensor) -> Value:
    return elemwise(b, "SHR", x, y)


@lower(METHOD + "__rlshift__")
def reflected_left_shift(b: Builder, self: Value, value: Tensor) -> Value:
    return elemwise(b, "SHL", value, self)


@lower(METHOD + "__rrshift__")
def reflected_right_shift(b: Builder, self: Value, value: Tensor) -> Value:
    return elemwise(b, "SHR", value, self)
