"""Functions of megengine.functional.elemwise, operators of megengine.Tensor, and casts.

Most are calls of one Elemwise mode (see `modes`), so that they stand in tables of names.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder

from ...read.arrays import MgeDType
from ..grids import convert
from ..names import ELEMWISE, FUNCTIONAL, MATH, METHOD, OPDEF, TENSOR
from ..operands import FLOAT32, Tensor, cast, is_float, promote, promoted_dtype, tensor
from ..table import add, lower
from .modes import elemwise

_UNARY_FUNCTIONS = {
    "elemwise": "abs acos acosh asin asinh atanh ceil cos cosh exp expm1 floor log log1p logical_not:NOT neg:NEGATE "
    "round sin sinh sqrt square tan",
    "math": "sign",
}
_BINARY_FUNCTIONS = (
    "add sub mul div:TRUE_DIV floor_div mod pow maximum:MAX minimum:MIN equal:EQ not_equal:NEQ less:LT "
    "less_equal:LEQ logical_and:AND logical_or:OR logical_xor:XOR logaddexp:LOG_SUM_EXP"
)
_UNARY_METHODS = "neg:NEGATE abs invert:NOT round floor ceil"
_BINARY_METHODS = "add sub mul truediv:TRUE_DIV floordiv:FLOOR_DIV mod pow and or xor eq ne:NEQ lt:LT le:LEQ"
"""Also reflected and in place."""


def _pairs(text: str) -> list[tuple[str, str]]:
    """``name:MODE`` pairs; the mode is the name in capitals where it is not given."""
    return [(name, mode or name.upper()) for name, _, mode in (item.partition(":") for item in text.split())]


def _unary(mode: str) -> Callable[..., Value]:
    return lambda b, x: elemwise(b, mode, x)


def _binary(mode: str) -> Callable[..., Value]:
    return lambda b, x, y: elemwise(b, mode, x, y)


def _method(mode: str) -> Callable[..., Value]:
    return lambda b, self, value: elemwise(b, mode, self, value)


def _reflected(mode: str) -> Callable[..., Value]:
    return lambda b, self, value: elemwise(b, mode, value, self)


for _module, _names in _UNARY_FUNCTIONS.items():
    for _name, _value in _pairs(_names):
        add(f"{FUNCTIONAL}{_module}.{_name}", _unary(_value))
for _name, _value in _pairs(_BINARY_FUNCTIONS):
    add(ELEMWISE + _name, _binary(_value))
for _name, _value in _pairs(_UNARY_METHODS):
    add(f"{METHOD}__{_name}__", _unary(_value))
for _name, _value in _pairs(_BINARY_METHODS):
    add(f"{METHOD}__{_name}__", _method(_value))
    if _value not in ("EQ", "NEQ", "LT", "LEQ"):
        add(f"{METHOD}__r{_name}__", _reflected(_value))
        add(f"{METHOD}__i{_name}__", _method(_value))


@lower(ELEMWISE + "square", until=(1, 11, 1))
def square_1_11(b: Builder, x: Tensor) -> Value:
    """Squares of anything were float32."""
    return cast(b, elemwise(b, "SQUARE", x), FLOAT32)


@lower(ELEMWISE + "greater", METHOD + "__gt__")
def greater(b: Builder, x: Tensor, y: Tensor) -> Value:
    return b.op("Greater", *promote(b, x, y))


@lower(ELEMWISE + "greater_equal", METHOD + "__ge__")
def greater_equal(b: Builder, x: Tensor, y: Tensor) -> Value:
    return b.op("GreaterOrEqual", *promote(b, x, y))


@lower(METHOD + "__pos__")
def positive(b: Builder, self: Value) -> Value:
    return self


@lower(ELEMWISE + "atan")
def atan(b: Builder, x: Tensor) -> Value:
    return b.op("Atan", tensor(b, x) if promoted_dtype([x]).kind == "f" else tensor(b, x, np.float32))


@lower(ELEMWISE + "atan2")
def atan2(b: Builder, y: Tensor, x: Tensor) -> Value:
    return elemwise(b, "ATAN2", y, x)


@lower(ELEMWISE + "clip")
def clip(b: Builder, x: Tensor, lower: Tensor | None = None, upper: Tensor | None = None) -> Value:
    if lower is None or upper is None:
        return elemwise(b, "MIN", x, upper) if lower is None else elemwise(b, "MAX", x, lower)  # type: ignore[arg-type]
    return elemwise(b, "CLIP", x, lower, upper)


@lower(METHOD + "astype")
def astype(b: Builder, self: Value, dtype: Any) -> Value:
    return convert(b, self, dtype) if isinstance(dtype, MgeDType) else cast(b, self, dtype)


@lower(METHOD + "__new__")
def new_tensor(b: Builder, cls: Any, data: Tensor, dtype: Any = None, *args: Any, **kwargs: Any) -> Value:
    """`mge.Tensor(x)` on a tensor that is already there: the tensor, or a cast of it."""
    return tensor(b, data, dtype)


@lower(METHOD + "detach", METHOD + "to", TENSOR + "copy", OPDEF + "Copy", OPDEF + "Identity", OPDEF + "FastpathCopy")
def same(b: Builder, inp: Value, *args: Any, **kwargs: Any) -> Value:
    """Gradients and devices do not exist in a converted model."""
    return inp


@lower(MATH + "isnan")
def isnan(b: Builder, inp: Value) -> Value:
    return b.op("IsNaN", inp) if is_float(inp) else b.op("Not", b.op("Equal", inp, inp))


@lower(MATH + "isinf")
def isinf(b: Builder, inp: Value) -> Value:
    return b.op("IsInf", inp) if is_float(inp) else isnan(b, inp)
