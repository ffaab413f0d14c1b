"""Arithmetic, comparison, logic, rounding, trigonometry, casts: each element by itself.

Source: elementwise.cc, add.cc, div.cc, floor_mod.cc and their like of tensorflow/lite/kernels/.
"""

from __future__ import annotations

import math

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Value, table_size
from mgeconvert.ir.builder import FOLD_BYTES
from mgeconvert.ir.dtypes import elem_type

from ..dtypes import INERT
from ..layout.wants import ANY, FOLLOW, PLAIN
from .table import lower
from .translation import Translation

UNARY = {
    "ABS": "Abs", "CEIL": "Ceil", "COS": "Cos", "EXP": "Exp", "FLOOR": "Floor", "LOG": "Log", "LOGICAL_NOT": "Not",
    "NEG": "Neg", "ROUND": "Round", "SIGN": "Sign", "SIN": "Sin", "SQRT": "Sqrt",
}  # fmt: skip
BINARY = {
    "ADD": "Add", "SUB": "Sub", "MUL": "Mul", "DIV": "Div", "MAXIMUM": "Max", "MINIMUM": "Min", "POW": "Pow",
    "LOGICAL_AND": "And", "LOGICAL_OR": "Or", "EQUAL": "Equal", "GREATER": "Greater", "LESS": "Less",
    "GREATER_EQUAL": "GreaterOrEqual", "LESS_EQUAL": "LessOrEqual", "BITWISE_XOR": "BitwiseXor",
}  # fmt: skip


@lower(*UNARY, wants=ANY)
def unary(t: Translation, x: Value) -> Value:
    return t.b.op(UNARY[t.operator.op], x)


@lower(*BINARY, wants=FOLLOW)
def binary(t: Translation, a: Value, b: Value) -> Value:
    return t.b.op(BINARY[t.operator.op], a, b)


@lower("NOT_EQUAL", wants=FOLLOW)
def not_equal(t: Translation, a: Value, b: Value) -> Value:
    if a.dtype == np.bool_:
        return t.b.op("Xor", a, b)
    return t.b.op("Not", t.b.op("Equal", a, b))


@lower("ADD_N", wants=FOLLOW)
def add_n(t: Translation, first: Value, *others: Value) -> Value:
    for other in others:
        first = t.b.op("Add", first, other)
    return first


@lower("RSQRT", wants=ANY)
def rsqrt(t: Translation, x: Value) -> Value:
    return t.b.op("Reciprocal", t.b.op("Sqrt", x))


@lower("SQUARE", wants=ANY)
def square(t: Translation, x: Value) -> Value:
    return t.b.op("Mul", x, x)


@lower("SQUARED_DIFFERENCE", wants=FOLLOW)
def squared_difference(t: Translation, a: Value, b: Value) -> Value:
    return square(t, t.b.op("Sub", a, b))


@lower("FLOOR_DIV", wants=FOLLOW)
def floor_div(t: Translation, a: Value, b: Value) -> Value:
    """floor(a / b); of integers (a - mod(a, b)) / b, which divides without a rest."""
    if _is_float(a):
        return t.b.op("Floor", t.b.op("Div", a, b))
    return t.b.op("Div", t.b.op("Sub", a, t.b.op("Mod", a, b)), b)


@lower("FLOOR_MOD", wants=FOLLOW)
def floor_mod(t: Translation, a: Value, b: Value) -> Value:
    """The rest with the sign of b: fmod(a, b), and b more where the signs differ."""
    if not _is_float(a):
        return t.b.op("Mod", a, b)
    rest = t.b.op("Mod", a, b, fmod=1)
    differs = t.b.op("Less", t.b.op("Mul", t.b.op("Sign", rest), t.b.op("Sign", b)), 0.0)
    return t.b.op("Where", differs, t.b.op("Add", rest, b), rest)


@lower("ATAN2", wants=FOLLOW)
def atan2(t: Translation, y: Value, x: Value) -> Value:
    """atan(y / x), half a turn further where x is negative; 0 for two zeros."""
    half = t.b.op("Where", t.b.op("Less", y, 0.0), np.float32(-math.pi), np.float32(math.pi))
    turned = t.b.op("Where", t.b.op("Less", x, 0.0), half, np.float32(0))
    angle = t.b.op("Add", t.b.op("Atan", t.b.op("Div", y, x)), turned)
    zero = t.b.op("And", t.b.op("Equal", x, 0.0), t.b.op("Equal", y, 0.0))
    return t.b.op("Where", zero, np.float32(0), angle)


@lower("RIGHT_SHIFT", wants=FOLLOW)
def right_shift(t: Translation, x: Value, count: Value) -> Value:
    """ONNX shifts unsigned integers; a signed one is divided by 2 ** count towards minus infinity."""
    if x.dtype is not None and x.dtype.kind == "u":
        return t.b.op("BitShift", x, count, direction="RIGHT")
    power = t.b.op("Pow", t.b.constant(np.array(2, x.dtype)), count)
    return floor_div(t, x, power)


@lower("CAST", wants=PLAIN, data=0)
def cast(t: Translation) -> Value:
    """Of the integers that are stored, whatever real numbers they stand for."""
    source, target = t.given(0, "operand").dtype, t.output.dtype
    if "c" in source.kind + target.kind or INERT in (source, target):
        refuse(f"a cast of {source.name} to {target.name}")
    t.layout = tuple(range(len(t.shape())))
    return t.b.op("Cast", t.raw(0), to=elem_type(target))


@lower("ZEROS_LIKE", wants=ANY)
def zeros_like(t: Translation, x: Value) -> Value:
    if x.static_shape is not None and math.prod(x.static_shape) <= FOLD_BYTES:
        return t.b.constant(table_size.zeros(x.static_shape, x.dtype))
    return t.b.op("ConstantOfShape", t.b.op("Shape", x), value=np.zeros(1, x.dtype))


def _is_float(value: Value) -> bool:
    return value.dtype is not None and value.dtype.kind == "f"
