"""Arithmetic, comparisons and casts as compositions of older ones, by their definitions in the ONNX specification."""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np

from mgeconvert.ir import Node, Value
from mgeconvert.ir.dtypes import ELEM_TYPES

from .operands import broadcast, data, dtype_of, operand, scalar, shape_of, size
from .replacement import Replacement
from .table import Result, downgrade, without_attribute


def choose(r: Replacement, op: str, first: Value, second: Value) -> Value:
    """Max or Min of two numbers by comparing them; right where neither is NaN."""
    compare = "Greater" if op == "Max" else "Less"
    return r.op("Where", r.op(compare, first, second, dtype=bool), first, second, dtype=first.dtype)


@downgrade("Clip", since=12)
def clip_integers(r: Replacement, node: Node) -> Result:
    """Clip(x, low, high) of integers -> Clip of them as they are, or Where by comparing for those of 64 bits.

    Before 12 Clip was for floats only; narrower integers are computed in a float type that holds them.
    """
    x, low, high = data(node), operand(node, 1), operand(node, 2)
    dtype = dtype_of(x)
    if dtype.kind not in "iu" or dtype.itemsize < 8:
        return r.form(*node.inputs)
    if low is not None:
        x = choose(r, "Max", x, low)
    return x if high is None else choose(r, "Min", x, high)


@downgrade("Clip", since=11)
def clip_bounds_as_attributes(r: Replacement, node: Node) -> Result:
    """Clip(x, low, high) -> Clip(x, min=low, max=high), or Min(Max(x, low), high) for bounds computed at run time."""
    x, low, high = data(node), operand(node, 1), operand(node, 2)
    if (low is None or low.is_constant) and (high is None or high.is_constant):
        return r.form(x, min=_bound(low), max=_bound(high))
    if low is not None:
        x = r.op("Max", x, low, shape=x.shape)
    return x if high is None else r.op("Min", x, high, shape=x.shape)


def _bound(value: Value | None) -> float | None:
    return None if value is None or value.array is None else float(value.array.item())


@downgrade("Pow", since=12)
def power_of_one_type(r: Replacement, node: Node) -> Result:
    """Pow(base, exponent) -> Pow(base, Cast(exponent)), or Cast(Pow(Cast(base), Cast(exponent))) in float64.

    Before 12 both have one type, a float; an integer base with a fraction above it needs a wide one.
    """
    base, exponent = data(node), data(node, 1)
    if base.dtype == exponent.dtype:
        return r.form(base, exponent)
    if dtype_of(base).kind == "f":
        return r.form(base, r.cast(exponent, base.dtype))
    wide = r.op("Pow", r.cast(base, np.float64), r.cast(exponent, np.float64))
    return r.cast(wide, base.dtype)


@downgrade("Sign", since=9)
def sign(r: Replacement, node: Node) -> Result:
    """Sign(x) -> Cast(x > 0) - Cast(x < 0)"""
    x = data(node)
    above = r.cast(r.op("Greater", x, scalar(x, 0), dtype=bool), x.dtype)
    return r.op("Sub", above, r.cast(r.op("Less", x, scalar(x, 0), dtype=bool), x.dtype))


@downgrade("Round", since=11)
def round_half_to_even(r: Replacement, node: Node) -> Result:
    """Round(x) -> Floor(x) + Cast(rest > 0.5 or rest = 0.5 and Floor(x) is odd), rest = x - Floor(x).

    Exact for every float.
    """
    x = data(node)
    floor = r.op("Floor", x)
    rest = r.op("Sub", x, floor)
    even = r.op("Mul", r.op("Floor", r.op("Mul", floor, scalar(x, 0.5))), scalar(x, 2))
    odd = r.op("Greater", r.op("Sub", floor, even), scalar(x, 0.5), dtype=bool)
    is_less = r.op("Less", rest, scalar(x, 0.5), dtype=bool)
    is_more = r.op("Greater", rest, scalar(x, 0.5), dtype=bool)
    up = r.op("Or", is_more, r.op("And", r.op("Not", is_less), odd))
    return r.op("Add", floor, r.cast(up, x.dtype))


Formula = Callable[[Replacement, Value], Value]


def _cosh(r: Replacement, x: Value) -> Value:
    return r.op("Mul", r.op("Add", r.op("Exp", x), r.op("Exp", r.op("Neg", x))), scalar(x, 0.5))


def _sinh(r: Replacement, x: Value) -> Value:
    """tanh(x) cosh(x), which does not cancel near zero as the difference of the exponentials does."""
    return r.op("Mul", r.op("Tanh", x), _cosh(r, x))


def _asinh(r: Replacement, x: Value) -> Value:
    """sign(x) log(|x| + sqrt(x^2 + 1)), which does not cancel for large negative x."""
    magnitude = r.op("Abs", x)
    root = r.op("Sqrt", r.op("Add", r.op("Mul", x, x), scalar(x, 1)))
    return r.op("Mul", r.op("Sign", x), r.op("Log", r.op("Add", magnitude, root)))


def _acosh(r: Replacement, x: Value) -> Value:
    root = r.op("Sqrt", r.op("Sub", r.op("Mul", x, x), scalar(x, 1)))
    return r.op("Log", r.op("Add", x, root))


def _atanh(r: Replacement, x: Value) -> Value:
    one = scalar(x, 1)
    return r.op("Mul", r.op("Log", r.op("Div", r.op("Add", x, one), r.op("Sub", one, x))), scalar(x, 0.5))


HYPERBOLIC: dict[str, Formula] = {
    "Sinh": _sinh,
    "Cosh": _cosh,
    "Asinh": _asinh,
    "Acosh": _acosh,
    "Atanh": _atanh,
}


@downgrade(*HYPERBOLIC, since=9)
def hyperbolic(r: Replacement, node: Node) -> Result:
    """Sinh(x) -> Tanh(x) Cosh(x), Cosh(x) -> (e^x + e^-x) / 2 and their inverses by logarithms."""
    return HYPERBOLIC[node.op](r, data(node))


@downgrade("GreaterOrEqual", "LessOrEqual", since=12)
def or_equal(r: Replacement, node: Node) -> Result:
    """GreaterOrEqual(a, b) -> Greater(a, b) or Equal(a, b).

    Not the negation of the opposite, which is true for NaN.
    """
    operands = data(node), data(node, 1)
    strictly = r.op(node.op.removesuffix("OrEqual"), *operands, dtype=bool)
    return r.op("Or", strictly, r.op("Equal", *operands, dtype=bool))


@downgrade("Equal", since=11)
def equal_floats(r: Replacement, node: Node) -> Result:
    """Equal(a, b) -> not (a < b or a > b) and both are numbers.

    Before 11 Equal was for integers and bool only.
    """
    first, second = data(node), data(node, 1)
    if dtype_of(first).kind != "f":
        return r.form(first, second)
    differ = r.op("Or", r.op("Less", first, second, dtype=bool), r.op("Greater", first, second, dtype=bool))
    return r.op("And", r.op("Not", differ), is_number(r, r.op("Add", r.op("Abs", first), r.op("Abs", second))))


@downgrade("Mod", since=28)
def mod_of_floats(r: Replacement, node: Node) -> Result:
    """Mod(x, y) of floats -> Where(rest != 0 and has not the sign of y, rest + y, rest), rest = Mod(x, y, fmod=1)."""
    x, y = data(node), data(node, 1)
    if dtype_of(x).kind != "f" or node.attrs.get("fmod"):
        return r.form(x, y, **node.attrs)
    shape = broadcast([x, y])
    rest = r.op("Mod", x, y, fmod=1, shape=shape)
    differs = r.op(
        "Xor", r.op("Less", rest, scalar(x, 0), dtype=bool), r.op("Less", y, scalar(x, 0), dtype=bool), shape=shape
    )
    is_zero = r.op("Equal", rest, scalar(x, 0), dtype=bool)
    adjusted = r.op("And", differs, r.op("Not", is_zero), shape=shape)
    return r.op("Where", adjusted, r.op("Add", rest, y), rest, dtype=x.dtype, shape=shape)


@downgrade("IsNaN", since=9)
def is_nan(r: Replacement, node: Node) -> Result:
    """IsNaN(x) -> not (Abs(x) > -1)"""
    return r.op("Not", is_number(r, r.op("Abs", data(node))))


def is_number(r: Replacement, magnitude: Value) -> Value:
    """True where a value that is not negative is not NaN: NaN alone is not above -1."""
    return r.op("Greater", magnitude, np.array(-1, dtype_of(magnitude)), dtype=bool)


@downgrade("IsInf", since=10)
def is_infinite(r: Replacement, node: Node) -> Result:
    """IsInf(x) -> Abs(x) > largest finite number; x or -x instead of Abs(x) where one direction counts."""
    x = data(node)
    if node.attrs.get("detect_negative", 1) and node.attrs.get("detect_positive", 1):
        x = r.op("Abs", x)
    elif node.attrs.get("detect_negative", 1):
        x = r.op("Neg", x)
    return r.op("Greater", x, np.array(np.finfo(dtype_of(x)).max, x.dtype), dtype=bool)


@downgrade("Max", "Min", since=12)
def integer_extremes(r: Replacement, node: Node) -> Result:
    """Max(a, b) of 64-bit integers -> Where(a > b, a, b); Max and Min were for floats only before 12."""
    dtype = dtype_of(data(node))
    if dtype.kind not in "iu" or dtype.itemsize < 8:
        return r.form(*node.inputs)
    values = [value for value in node.inputs if value is not None]
    return functools.reduce(lambda first, second: choose(r, node.op, first, second), values)


@downgrade("Max", "Min", since=8)
def extremes_of_one_shape(r: Replacement, node: Node) -> Result:
    """Max(a, b) -> Max(Expand(a), Expand(b)); before 8 all inputs had the output's shape."""
    shape = shape_of(node.outputs[0])
    return r.form(*(_expanded(r, value, shape) for value in node.inputs if value is not None))


def _expanded(r: Replacement, value: Value, shape: tuple[int | str, ...]) -> Value:
    if value.shape == shape:
        return value
    target = np.array([size(dim, "a dimension to broadcast to") for dim in shape], np.int64)
    return r.op("Expand", value, target, shape=shape)


@downgrade("Sum", "Mean", since=8)
def sum_by_adding(r: Replacement, node: Node) -> Result:
    """Sum(a, b, ...) -> a + b + ...; Mean(a, b, ...) -> (a + b + ...) / count"""
    values = [value for value in node.inputs if value is not None]
    total = functools.reduce(lambda first, second: r.op("Add", first, second), values)
    if node.op == "Sum":
        return total
    return r.op("Div", total, np.array(len(values), dtype_of(total)))


@downgrade("CastLike", since=15)
def cast_like(r: Replacement, node: Node) -> Result:
    """CastLike(x, y) -> Cast(x, to=type of y), which is known here."""
    return r.become("Cast", data(node), to=ELEM_TYPES[dtype_of(data(node, 1)).name])


# About float8 types only, which are newer than the forms without these attributes.
downgrade("Cast", "CastLike", since=19)(without_attribute("saturate"))


downgrade("Cast", "CastLike", since=24)(without_attribute("round_mode"))
