"""What each mode of MegEngine's Elemwise operator computes: one table for functions, methods, modules and opdefs.

Source: megengine.core.ops.builtin.Elemwise.Mode. Functions of megengine.functional.elemwise and .nn and the operators
of megengine.Tensor are calls of one mode each.
"""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder

from ..operands import FLOAT32, INT32, Tensor, cast, in_dtype, is_float, is_narrow, promoted_dtype, widened

Mode: TypeAlias = "Callable[..., Value]"


MODES: dict[str, Mode] = {}
"""What each Elemwise mode computes, given operands that are already of one dtype."""


def elemwise(b: Builder, mode: str, *operands: Tensor) -> Value:
    """Apply an Elemwise mode: promote the operands as MegEngine does, then compute."""
    mode = mode.upper()
    if mode not in MODES:
        refuse(f"the Elemwise mode {mode}: {'training only' if mode.endswith('_GRAD') else 'no such mode is known'}")
    try:
        _signature(mode).bind(b, *operands)
    except TypeError:
        refuse(f"the Elemwise mode {mode} of {len(operands)} operands")
    dtype = promoted_dtype(operands)
    values = in_dtype(b, operands, dtype)
    if mode in FLOAT_MODES and dtype.kind != "f":
        dtype, values = FLOAT32, [cast(b, value, FLOAT32) for value in values]
    if mode in WIDE_MODES and is_narrow(dtype):
        return cast(b, MODES[mode](b, *(cast(b, value, INT32) for value in values)), dtype)
    return MODES[mode](b, *values)


@functools.cache
def _signature(mode: str) -> inspect.Signature:
    """What the mode takes."""
    return inspect.signature(MODES[mode])


def defines(*names: str) -> Callable[[Mode], Mode]:
    def register(function: Mode) -> Mode:
        MODES.update(dict.fromkeys(names, function))
        return function

    return register


def _op(name: str, **attrs: Any) -> Mode:
    return lambda b, *operands: b.op(name, *operands, **attrs)


def _not(name: str) -> Mode:
    return lambda b, *operands: b.op("Not", b.op(name, *operands))


def _after_add(mode: str) -> Mode:
    return lambda b, x, y: MODES[mode](b, b.op("Add", x, y))


FLOAT_MODES = frozenset([
    "ACOS", "ACOSH", "ASIN", "ASINH", "ATAN2", "ATANH", "COS", "COSH", "EXP", "EXPM1", "LOG", "LOG1P",
    "LOG_SUM_EXP", "POW", "SIN", "SINH", "SQRT", "TAN", "TANH", "TRUE_DIV", "SOFTPLUS", "LOGSIGMOID", "SILU",
    "GELU", "H_SWISH", "HSIGMOID", "SIGMOID", "ERF", "ERFC", "ERFINV", "ERFCINV", "FAST_TANH", "PRELU",
])  # fmt: skip
"""Modes that turn integers into float32."""


WIDE_MODES = frozenset(["MAX", "MIN", "RELU", "RELU6", "CLIP"])
"""Modes that onnxruntime does not have for all narrow integers."""


MODES.update({
    "ACOS": _op("Acos"), "ACOSH": _op("Acosh"), "ADD": _op("Add"), "AND": _op("And"),
    "ASIN": _op("Asin"), "ASINH": _op("Asinh"), "ATANH": _op("Atanh"), "COS": _op("Cos"), "COSH": _op("Cosh"),
    "EQ": _op("Equal"), "ERF": _op("Erf"), "EXP": _op("Exp"), "GELU": _op("Gelu"), "H_SWISH": _op("HardSwish"),
    "LEQ": _op("LessOrEqual"), "LOG": _op("Log"), "LT": _op("Less"), "MAX": _op("Max"), "MIN": _op("Min"),
    "MUL": _op("Mul"), "NEGATE": _op("Neg"), "NEQ": _not("Equal"), "NOT": _op("Not"), "OR": _op("Or"),
    "POW": _op("Pow"), "PRELU": _op("PRelu"), "RELU": _op("Relu"), "SIGMOID": _op("Sigmoid"), "SIGN": _op("Sign"),
    "SIN": _op("Sin"), "SINH": _op("Sinh"), "SQRT": _op("Sqrt"), "SUB": _op("Sub"), "TAN": _op("Tan"),
    "TANH": _op("Tanh"), "TRUE_DIV": _op("Div"), "XOR": _op("Xor"), "ISNAN": _op("IsNaN"), "ISINF": _op("IsInf"),
    "HSIGMOID": _op("HardSigmoid", alpha=1 / 6, beta=0.5), "SOFTPLUS": _op("Softplus"),
    "FUSE_ADD_RELU": _after_add("RELU"), "FUSE_ADD_SIGMOID": _after_add("SIGMOID"),
    "FUSE_ADD_TANH": _after_add("TANH"), "FUSE_ADD_H_SWISH": _after_add("H_SWISH"),
})  # fmt: skip


def _integral(name: str) -> Mode:
    """Rounding operators, which leave integers alone."""
    return lambda b, x: b.op(name, x) if is_float(x) else x


@defines("ABS")
def _abs(b: Builder, x: Value) -> Value:
    return x if x.dtype is not None and x.dtype.kind == "u" else b.op("Abs", x)


MODES.update(FLOOR=_integral("Floor"), CEIL=_integral("Ceil"))


@defines("ROUND")
def _round(b: Builder, x: Value) -> Value:
    """sign(x) (floor(|x|) + (|x| - floor(|x|) >= 0.5)): halves away from zero, where ONNX's Round goes to even."""
    if not is_float(x):
        return x
    size = b.op("Abs", x)
    whole = b.op("Floor", size)
    up = cast(b, b.op("GreaterOrEqual", b.op("Sub", size, whole), 0.5), x.dtype)
    return b.op("Mul", b.op("Sign", x), b.op("Add", whole, up))


def whole(b: Builder, x: Value, dtype: Any) -> Value:
    """Floats as integers of that dtype, halves away from zero."""
    return cast(b, _round(b, x), dtype)


@defines("SQUARE")
def _square(b: Builder, x: Value) -> Value:
    return b.op("Mul", x, x)


@defines("RELU6")
def _relu6(b: Builder, x: Value) -> Value:
    return b.op("Clip", x, b.constant(0, x.dtype), b.constant(6, x.dtype))


@defines("CLIP")
def _clip(b: Builder, x: Value, lower: Value, upper: Value) -> Value:
    """The lower limit wins where x is below it, also when the limits cross, which ONNX's Clip takes otherwise."""
    if lower.array is None or upper.array is None or (lower.array > upper.array).any():
        return b.op("Where", b.op("LessOrEqual", x, lower), lower, b.op("Min", x, upper))
    if lower.shape == upper.shape == ():
        return b.op("Clip", x, lower, upper)
    return b.op("Min", b.op("Max", x, lower), upper)


def _is_natural(b: Builder, x: Value) -> bool:
    """A dimension, or a constant that is not negative."""
    return x in getattr(b, "dimensions", ()) if x.array is None else bool(np.all(x.array >= 0))


@defines("FLOOR_DIV")
def _floor_div(b: Builder, x: Value, y: Value) -> Value:
    """Integers: ONNX's Div truncates, MegEngine rounds down. `x - Mod(x, y)` may not fit narrow integers."""
    if is_float(x):
        return b.op("Floor", b.op("Div", x, y))
    if (x.dtype is not None and x.dtype.kind == "u") or (_is_natural(b, x) and _is_natural(b, y)):
        return b.op("Div", x, y)
    divisor = cast(b, y, INT32) if is_narrow(y.dtype) else y
    return widened(b, x, lambda wide: b.op("Div", b.op("Sub", wide, b.op("Mod", wide, divisor)), divisor))


@defines("MOD")
def _mod(b: Builder, x: Value, y: Value) -> Value:
    """Floats keep the sign of the dividend, integers that of the divisor."""
    return b.op("Mod", x, y, fmod=1) if is_float(x) else b.op("Mod", x, y)


@defines("EXPM1")
def _expm1(b: Builder, x: Value) -> Value:
    return b.op("Sub", b.op("Exp", x), 1)


@defines("LOG1P")
def _log1p(b: Builder, x: Value) -> Value:
    return b.op("Log", b.op("Add", x, 1))


@defines("LOG_SUM_EXP")
def _log_sum_exp(b: Builder, x: Value, y: Value) -> Value:
    """max(x, y) + softplus(-|x - y|), which does not overflow."""
    return b.op("Add", b.op("Max", x, y), b.op("Softplus", b.op("Neg", b.op("Abs", b.op("Sub", x, y)))))


@defines("LOGSIGMOID")
def _logsigmoid(b: Builder, x: Value) -> Value:
    return b.op("Neg", b.op("Softplus", b.op("Neg", x)))


@defines("SILU")
def _silu(b: Builder, x: Value) -> Value:
    return b.op("Mul", x, b.op("Sigmoid", x))


@defines("ERFC")
def _erfc(b: Builder, x: Value) -> Value:
    return b.op("Sub", 1.0, b.op("Erf", x))


_ERFINV = {
    "centre": (2.81022636e-08, 3.43273939e-07, -3.5233877e-06, -4.39150654e-06, 0.00021858087, -0.00125372503,
               -0.00417768164, 0.246640727, 1.50140941),
    "tails": (-0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773, -0.0076224613,
              0.00943887047, 1.00167406, 2.83297682),
}  # fmt: skip
"""Coefficients, highest power first. Source: M. Giles, Approximating the erfinv function (2010), single precision."""


@defines("ERFINV")
def _erfinv(b: Builder, x: Value) -> Value:
    """x p(w) with w = -log((1 - x) (1 + x)): one polynomial for w < 5, another one of sqrt(w) beyond."""
    w = b.op("Neg", b.op("Log", b.op("Mul", b.op("Sub", 1.0, x), b.op("Add", x, 1.0))))
    centre = _polynomial(b, b.op("Sub", w, 2.5), _ERFINV["centre"])
    tails = _polynomial(b, b.op("Sub", b.op("Sqrt", b.op("Abs", w)), 3.0), _ERFINV["tails"])
    return b.op("Mul", x, b.op("Where", b.op("Less", w, 5.0), centre, tails))


def _polynomial(b: Builder, x: Value, coefficients: Sequence[float]) -> Value:
    first, *rest = coefficients
    result = b.constant(first, x.dtype)
    for coefficient in rest:
        result = b.op("Add", b.op("Mul", result, x), coefficient)
    return result


@defines("ERFCINV")
def _erfcinv(b: Builder, x: Value) -> Value:
    return _erfinv(b, b.op("Sub", 1.0, x))


@defines("FAST_TANH")
def _fast_tanh(b: Builder, x: Value) -> Value:
    """x (27 + x^2) / (27 + 9 x^2)"""
    square = b.op("Mul", x, x)
    return b.op("Div", b.op("Mul", x, b.op("Add", square, 27)), b.op("Add", b.op("Mul", square, 9), 27))


@defines("ATAN2")
def _atan2(b: Builder, y: Value, x: Value) -> Value:
    """atan(y / x), moved by pi (with y's sign) where x is negative."""
    turn = b.op("Where", b.op("Less", y, 0), b.constant(-math.pi, x.dtype), b.constant(math.pi, x.dtype))
    angle = b.op("Atan", b.op("Div", y, x))
    turned = b.op("Where", b.op("Less", x, 0), b.op("Add", angle, turn), angle)
    origin = b.op("And", b.op("Equal", x, 0), b.op("Equal", y, 0))
    return b.op("Where", origin, b.constant(0, x.dtype), turned)


@defines("FUSE_MUL_ADD3")
def _fuse_mul_add3(b: Builder, x: Value, y: Value, z: Value) -> Value:
    return b.op("Add", b.op("Mul", x, y), z)


@defines("FUSE_MUL_ADD4")
def _fuse_mul_add4(b: Builder, x: Value, y: Value, z: Value, w: Value) -> Value:
    return b.op("Add", b.op("Mul", x, y), b.op("Mul", z, w))


@defines("SWITCH_GT0")
def _switch_gt0(b: Builder, x: Value, y: Value) -> Value:
    return b.op("Where", b.op("Greater", x, 0), y, b.constant(0, y.dtype))


@defines("COND_LEQ_MOV")
def _cond_leq_mov(b: Builder, x: Value, y: Value, z: Value) -> Value:
    return b.op("Where", b.op("LessOrEqual", x, y), z, b.constant(0, z.dtype))


@defines("COND_LT_MOV")
def _cond_lt_mov(b: Builder, x: Value, y: Value, z: Value) -> Value:
    return b.op("Where", b.op("Less", x, y), z, b.constant(0, z.dtype))
