"""Element-wise operators: one table of MegEngine's Elemwise modes; functions, methods and opdefs follow from it.

Source: megengine.core.ops.builtin.Elemwise.Mode; functions of megengine.functional.elemwise and .nn and the operators
of megengine.Tensor are calls of one mode each.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder

from .operands import BOOL, FLOAT32, INT32, Tensor, cast, in_dtype, is_float, is_narrow, promote, promoted_dtype, tensor
from .table import add, lower

Mode: TypeAlias = "Callable[..., Value]"

MODES: dict[str, Mode] = {}
"""What each Elemwise mode computes, given operands that are already of one dtype."""


def elemwise(b: Builder, mode: str, *operands: Tensor) -> Value:
    """Apply an Elemwise mode: promote the operands as MegEngine does, then compute."""
    mode = mode.upper()
    if mode not in MODES:
        refuse(f"the Elemwise mode {mode}: {'training only' if mode.endswith('_GRAD') else 'no such mode is known'}")
    dtype = promoted_dtype(operands)
    if mode in FLOAT_MODES and dtype.kind != "f":
        dtype = FLOAT32
    values = in_dtype(b, operands, dtype)
    if mode in WIDE_MODES and is_narrow(dtype):
        return cast(b, MODES[mode](b, *(cast(b, value, INT32) for value in values)), dtype)
    return MODES[mode](b, *values)


def _mode(*names: str) -> Callable[[Mode], Mode]:
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


@_mode("ABS")
def _abs(b: Builder, x: Value) -> Value:
    return x if x.dtype is not None and x.dtype.kind == "u" else b.op("Abs", x)


MODES.update(FLOOR=_integral("Floor"), CEIL=_integral("Ceil"))


@_mode("ROUND")
def _round(b: Builder, x: Value) -> Value:
    """Half away from zero, where ONNX's Round goes to even."""
    return b.op("Mul", b.op("Sign", x), b.op("Floor", b.op("Add", b.op("Abs", x), 0.5))) if is_float(x) else x


@_mode("SQUARE")
def _square(b: Builder, x: Value) -> Value:
    return b.op("Mul", x, x)


@_mode("RELU6")
def _relu6(b: Builder, x: Value) -> Value:
    return b.op("Clip", x, b.constant(0, x.dtype), b.constant(6, x.dtype))


@_mode("CLIP")
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


@_mode("FLOOR_DIV")
def _floor_div(b: Builder, x: Value, y: Value) -> Value:
    """Integers: ONNX's Div truncates, MegEngine rounds down."""
    if is_float(x):
        return b.op("Floor", b.op("Div", x, y))
    if (x.dtype is not None and x.dtype.kind == "u") or (_is_natural(b, x) and _is_natural(b, y)):
        return b.op("Div", x, y)
    return b.op("Div", b.op("Sub", x, b.op("Mod", x, y)), y)


@_mode("MOD")
def _mod(b: Builder, x: Value, y: Value) -> Value:
    """Floats keep the sign of the dividend, integers that of the divisor."""
    return b.op("Mod", x, y, fmod=1) if is_float(x) else b.op("Mod", x, y)


@_mode("EXPM1")
def _expm1(b: Builder, x: Value) -> Value:
    return b.op("Sub", b.op("Exp", x), 1)


@_mode("LOG1P")
def _log1p(b: Builder, x: Value) -> Value:
    return b.op("Log", b.op("Add", x, 1))


@_mode("LOG_SUM_EXP")
def _log_sum_exp(b: Builder, x: Value, y: Value) -> Value:
    """max(x, y) + softplus(-|x - y|), which does not overflow."""
    return b.op("Add", b.op("Max", x, y), b.op("Softplus", b.op("Neg", b.op("Abs", b.op("Sub", x, y)))))


@_mode("LOGSIGMOID")
def _logsigmoid(b: Builder, x: Value) -> Value:
    return b.op("Neg", b.op("Softplus", b.op("Neg", x)))


@_mode("SILU")
def _silu(b: Builder, x: Value) -> Value:
    return b.op("Mul", x, b.op("Sigmoid", x))


@_mode("ERFC")
def _erfc(b: Builder, x: Value) -> Value:
    return b.op("Sub", 1.0, b.op("Erf", x))


_ERFINV = {
    "centre": (2.81022636e-08, 3.43273939e-07, -3.5233877e-06, -4.39150654e-06, 0.00021858087, -0.00125372503,
               -0.00417768164, 0.246640727, 1.50140941),
    "tails": (-0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773, -0.0076224613,
              0.00943887047, 1.00167406, 2.83297682),
}  # fmt: skip
"""Coefficients, highest power first. Source: M. Giles, Approximating the erfinv function (2010), single precision."""


@_mode("ERFINV")
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


@_mode("ERFCINV")
def _erfcinv(b: Builder, x: Value) -> Value:
    return _erfinv(b, b.op("Sub", 1.0, x))


@_mode("FAST_TANH")
def _fast_tanh(b: Builder, x: Value) -> Value:
    """x (27 + x^2) / (27 + 9 x^2)"""
    square = b.op("Mul", x, x)
    return b.op("Div", b.op("Mul", x, b.op("Add", square, 27)), b.op("Add", b.op("Mul", square, 9), 27))


@_mode("ATAN2")
def _atan2(b: Builder, y: Value, x: Value) -> Value:
    """atan(y / x), moved by pi (with y's sign) where x is negative."""
    turn = b.op("Where", b.op("Less", y, 0), b.constant(-math.pi, x.dtype), b.constant(math.pi, x.dtype))
    angle = b.op("Atan", b.op("Div", y, x))
    turned = b.op("Where", b.op("Less", x, 0), b.op("Add", angle, turn), angle)
    origin = b.op("And", b.op("Equal", x, 0), b.op("Equal", y, 0))
    return b.op("Where", origin, b.constant(0, x.dtype), turned)


@_mode("FUSE_MUL_ADD3")
def _fuse_mul_add3(b: Builder, x: Value, y: Value, z: Value) -> Value:
    return b.op("Add", b.op("Mul", x, y), z)


@_mode("FUSE_MUL_ADD4")
def _fuse_mul_add4(b: Builder, x: Value, y: Value, z: Value, w: Value) -> Value:
    return b.op("Add", b.op("Mul", x, y), b.op("Mul", z, w))


@_mode("SWITCH_GT0")
def _switch_gt0(b: Builder, x: Value, y: Value) -> Value:
    return b.op("Where", b.op("Greater", x, 0), y, b.constant(0, y.dtype))


@_mode("COND_LEQ_MOV")
def _cond_leq_mov(b: Builder, x: Value, y: Value, z: Value) -> Value:
    return b.op("Where", b.op("LessOrEqual", x, y), z, b.constant(0, z.dtype))


@_mode("COND_LT_MOV")
def _cond_lt_mov(b: Builder, x: Value, y: Value, z: Value) -> Value:
    return b.op("Where", b.op("Less", x, y), z, b.constant(0, z.dtype))


_FUNCTIONAL = "megengine.functional."
_TENSOR = "megengine.tensor.Tensor."

_UNARY_FUNCTIONS = {
    "elemwise": "abs acos acosh asin asinh atanh ceil cos cosh exp expm1 floor log log1p logical_not:NOT neg:NEGATE "
    "round sin sinh sqrt square tan tanh",
    "nn": "gelu hsigmoid hswish:H_SWISH logsigmoid relu relu6 sigmoid silu softplus",
    "math": "sign",
}
_BINARY_FUNCTIONS = {
    "elemwise": "add sub mul div:TRUE_DIV floor_div mod pow maximum:MAX minimum:MIN equal:EQ not_equal:NEQ less:LT "
    "less_equal:LEQ logical_and:AND logical_or:OR logical_xor:XOR logaddexp:LOG_SUM_EXP",
    "nn": "prelu",
}
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
        add(f"{_FUNCTIONAL}{_module}.{_name}", _unary(_value))
for _module, _names in _BINARY_FUNCTIONS.items():
    for _name, _value in _pairs(_names):
        add(f"{_FUNCTIONAL}{_module}.{_name}", _binary(_value))
for _name, _value in _pairs(_UNARY_METHODS):
    add(f"{_TENSOR}__{_name}__", _unary(_value))
for _name, _value in _pairs(_BINARY_METHODS):
    add(f"{_TENSOR}__{_name}__", _method(_value))
    if _value not in ("EQ", "NEQ", "LT", "LEQ"):
        add(f"{_TENSOR}__r{_name}__", _reflected(_value))
        add(f"{_TENSOR}__i{_name}__", _method(_value))


@lower(f"{_FUNCTIONAL}elemwise.square", until=(1, 11, 1))
def square_1_11(b: Builder, x: Tensor) -> Value:
    """Squares of anything were float32."""
    return cast(b, elemwise(b, "SQUARE", x), FLOAT32)


@lower(f"{_FUNCTIONAL}elemwise.greater", f"{_TENSOR}__gt__")
def greater(b: Builder, x: Tensor, y: Tensor) -> Value:
    return b.op("Greater", *promote(b, x, y))


@lower(f"{_FUNCTIONAL}elemwise.greater_equal", f"{_TENSOR}__ge__")
def greater_equal(b: Builder, x: Tensor, y: Tensor) -> Value:
    return b.op("GreaterOrEqual", *promote(b, x, y))


@lower(f"{_TENSOR}__pos__")
def positive(b: Builder, self: Value) -> Value:
    return self


@lower(f"{_FUNCTIONAL}elemwise.atan")
def atan(b: Builder, x: Tensor) -> Value:
    return b.op("Atan", tensor(b, x) if promoted_dtype([x]).kind == "f" else tensor(b, x, np.float32))


@lower(f"{_FUNCTIONAL}elemwise.atan2")
def atan2(b: Builder, y: Tensor, x: Tensor) -> Value:
    return elemwise(b, "ATAN2", y, x)


@lower(f"{_FUNCTIONAL}elemwise.clip")
def clip(b: Builder, x: Tensor, lower: Tensor | None = None, upper: Tensor | None = None) -> Value:
    if lower is None or upper is None:
        return elemwise(b, "MIN", x, upper) if lower is None else elemwise(b, "MAX", x, lower)  # type: ignore[arg-type]
    return elemwise(b, "CLIP", x, lower, upper)


@lower(f"{_FUNCTIONAL}nn.leaky_relu")
def leaky_relu(b: Builder, inp: Value, negative_slope: float = 0.01) -> Value:
    return b.op("LeakyRelu", inp, alpha=negative_slope)


@lower("megengine.core.ops.builtin.Elemwise")
def elemwise_opdef(b: Builder, *inputs: Value, mode: str) -> Value:
    """The comparison modes of the opdef answer in the dtype of their operands."""
    result = elemwise(b, mode, *inputs)
    return cast(b, result, promoted_dtype(inputs)) if result.dtype == BOOL else result
