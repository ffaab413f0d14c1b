"""Rewrites of element-wise operators."""

from __future__ import annotations

from typing import Any

import numpy as np

from mgeconvert.ir import Node, Value
from mgeconvert.ir.inference import elem_type

from ..builder import EmitBuilder, like
from ..operands import elem_type_of, is_float, sole, tensor_of
from ..table import rewrite


def _narrow(dtype: np.dtype[Any] | None) -> Any:
    return np.dtype(np.int32) if dtype == np.int64 else dtype


@rewrite("Cast")
def cast(_: EmitBuilder, node: Node) -> Value | None:
    """``Cast(x, int64) -> x`` for an int32 x and the other way round: they are one type in MegEngine."""
    x = tensor_of(node)
    return x if _narrow(x.dtype) == _narrow(node.output.dtype) else None


@rewrite("CastLike")
def cast_like(b: EmitBuilder, node: Node) -> Value:
    """``CastLike(x, y) -> Cast(x, type of y)``"""
    x, like_value = node.inputs
    return b.op("Cast", x, to=elem_type_of(like_value))


@rewrite("Identity")
def identity(_: EmitBuilder, node: Node) -> Value:
    """``Identity(x) -> x``"""
    return tensor_of(node)


@rewrite("Max", "Min", "Mean", "Sum")
def variadic(b: EmitBuilder, node: Node) -> Value | None:
    """``Max(x, y, z) -> Max(Max(x, y), z)``; ``Mean(x, y, z) -> (x + y + z) / 3``: MegEngine's take two."""
    if len(node.inputs) == 2 and node.op in ("Max", "Min"):
        return None
    step = {"Mean": "Add", "Sum": "Add"}.get(node.op, node.op)
    total, *rest = (value for value in node.inputs if value is not None)
    for value in rest:
        total = b.op(step, total, value)
    return b.op("Div", total, float(len(node.inputs))) if node.op == "Mean" else total


@rewrite("Div")
def integer_division(b: EmitBuilder, node: Node) -> Value | None:
    """``(x - x mod y) / y -> x // y``; other integers are truncated by ONNX, where MegEngine rounds down:
    ``x / y -> abs(x) // abs(y) * (sign(x) * sign(y))``."""
    x, y = node.inputs
    if is_float(x) or x is None or y is None:
        return None
    whole = b.producer(x, "Sub")
    rest = None if whole is None else b.producer(whole.inputs[1], "Mod")
    if whole is not None and rest is not None and rest.inputs[0] is whole.inputs[0] and _equal(rest.inputs[1], y):
        return b.call("FloorDiv", [b.typed(node.output)], whole.inputs[0], y)[0]
    if x.dtype is not None and x.dtype.kind == "u":
        return b.call("FloorDiv", [b.typed(node.output)], x, y)[0]
    size = b.call("FloorDiv", [b.typed(node.output)], b.op("Abs", x), b.op("Abs", y))[0]
    return b.op("Mul", size, b.op("Mul", b.op("Sign", x), b.op("Sign", y)))


def _equal(one: Value | None, other: Value | None) -> bool:
    if one is other or one is None or other is None or one.array is None or other.array is None:
        return one is other
    return np.array_equal(one.array, other.array)


@rewrite("Mod")
def modulo(b: EmitBuilder, node: Node) -> Value | None:
    """``Mod(x, y) -> r + y where r and y have different signs, else r`` with ``r = Mod(x, y, fmod=1)``, of floats;
    ``Mod(x, y, fmod=1) -> x - x / y * y`` of integers.

    MegEngine's mod has the sign of x for floats and that of y for integers."""
    x, y = node.inputs
    if is_float(x) and not node.attrs.get("fmod", 0):
        rest, zero = b.op("Mod", x, y, fmod=1), like(b, x, 0)
        apart = b.op("Xor", b.op("Less", rest, zero), b.op("Less", y, zero))
        return b.op("Where", b.op("And", b.op("Not", b.op("Equal", rest, zero)), apart), b.op("Add", rest, y), rest)
    if not is_float(x) and node.attrs.get("fmod", 0):
        return b.op("Sub", x, b.op("Mul", b.op("Div", x, y), y))
    return None


@rewrite("Neg", "Abs", "Sign", "Floor", "Ceil", "Round")
def of_integers(_: EmitBuilder, node: Node) -> Value | None:
    """``Floor(n) -> n``, ``Ceil(n) -> n``, ``Round(n) -> n`` of integers, ``Abs(n) -> n`` of unsigned ones."""
    x = tensor_of(node)
    assert x.dtype is not None
    if node.op in ("Floor", "Ceil", "Round") and x.dtype.kind != "f":
        return x
    return x if node.op == "Abs" and x.dtype.kind == "u" else None


@rewrite("Round")
def round_to_even(b: EmitBuilder, node: Node) -> Value:
    """``Round(x) -> f + (r > 1/2 or r = 1/2 and f is odd)``, with ``f = floor(x)`` and ``r = x - f``.

    ONNX rounds halves to even, MegEngine away from zero."""
    x = node.inputs[0]
    below = b.op("Floor", x)
    rest = b.op("Sub", x, below)
    odd = b.op("Sub", below, b.op("Mul", b.op("Floor", b.op("Mul", below, 0.5)), 2.0))
    up = b.op("Or", b.op("Greater", rest, 0.5), b.op("And", b.op("Equal", rest, 0.5), b.op("Greater", odd, 0.5)))
    return b.op("Add", below, b.op("Cast", up, to=elem_type_of(x)))


@rewrite("Reciprocal")
def reciprocal(b: EmitBuilder, node: Node) -> Value:
    """``Reciprocal(x) -> 1 / x``"""
    x = node.inputs[0]
    return b.op("Div", like(b, x, 1.0), x)


@rewrite("IsInf")
def signed_infinity(b: EmitBuilder, node: Node) -> Value | None:
    """``IsInf(x, detect_negative=0) -> isinf(x) and x > 0``, and likewise for the other sign."""
    x = node.inputs[0]
    wanted = [name for name in ("detect_positive", "detect_negative") if node.attrs.get(name, 1)]
    if len(wanted) == 2:
        return None
    side = b.op("Greater" if wanted == ["detect_positive"] else "Less", x, like(b, x, 0))
    found = b.op("And", b.op("IsInf", x), side)
    return found if wanted else b.op("And", found, b.op("Not", side))


@rewrite("Pow")
def integer_power(b: EmitBuilder, node: Node) -> Value | None:
    """``Pow(n, m) -> Cast(Pow(float(n), float(m)))``: MegEngine's powers are float32."""
    x, power = node.inputs
    if is_float(x) and x is not None and power is not None:
        return None if power.dtype == x.dtype else b.op("Pow", x, b.op("Cast", power, to=elem_type_of(x)))
    single = elem_type(np.float32)
    result = b.op("Pow", b.op("Cast", x, to=single), b.op("Cast", power, to=single))
    return b.op("Cast", result, to=elem_type_of(node.output))


@rewrite("Clip")
def clip(b: EmitBuilder, node: Node) -> Value | None:
    """``Clip(x, 0, 6) -> Relu6(x)``; ``Clip(x) -> x`` without limits;
    ``Clip(x, a, b) -> Min(Max(x, a), b)`` where a is above b, or either is computed.

    MegEngine's clip takes limits in their order only."""
    x, lower, upper = [*node.inputs, None, None][:3]
    if lower is None and upper is None:
        return x
    if lower is None or upper is None:
        return None
    computed = lower.array is None or upper.array is None
    if b.foreign and (computed or not sole(lower) <= sole(upper)):
        return b.op("Min", b.op("Max", x, lower), upper)
    known = is_float(x) and not computed and (sole(lower), sole(upper)) == (0, 6)
    return b.call("Relu6", [b.typed(node.output)], x)[0] if known else None


@rewrite("And", "Equal", "Greater", "GreaterOrEqual", "IsInf", "IsNaN", "Less", "LessOrEqual", "Not", "Or", "Xor")
def of_scalars(b: EmitBuilder, node: Node) -> Value | None:
    """``Less(scalar, scalar) -> Reshape(Less(vector, vector), ())``: MegEngine gives a vector of one element, whatever
    it is given."""
    if not b.foreign or node.output.static_shape != ():
        return None
    vectors = [b.op("Reshape", value, [1]) for value in node.inputs]
    attributes: dict[str, Any] = dict(node.attrs)
    return b.op("Reshape", b.op(node.op, *vectors, **attributes), np.zeros(0, np.int64))


@rewrite("BitShift")
def shift_by_computed_bits(b: EmitBuilder, node: Node) -> Value | None:
    """``BitShift(x, n) -> Where(0 <= n < bits, BitShift(x, n), rest)`` with a rest of 0, or -1 for a negative x shifted
    right: MegEngine shifts by the lowest bits of n."""
    x, count = tensor_of(node), node.inputs[1]
    if count is None or count.array is not None or x.dtype is None:
        return None
    bits, shifted = x.dtype.itemsize * 8, b.typed(node.output)
    inside = b.op("Less", count, like(b, count, bits))
    if x.dtype.kind == "i":
        inside = b.op("And", inside, b.op("GreaterOrEqual", count, like(b, count, 0)))
    b.call("BitShift", [shifted], x, b.op("Where", inside, count, like(b, count, 0)), **node.attrs)
    rest = like(b, x, 0)
    if x.dtype.kind == "i" and node.attrs["direction"] == "RIGHT":
        rest = b.op("Where", b.op("Less", x, like(b, x, 0)), like(b, x, -1), rest)
    return b.op("Where", inside, shifted, rest)
