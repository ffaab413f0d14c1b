"""Elementwise functions as compositions of older ones, by their definitions in the ONNX specification."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from mgeconvert.ir import Node, Value

from .elementwise import choose
from .table import Result, Rewriter, data, downgrade, dtype_of, operand


def scalar(value: Value, number: float) -> np.ndarray:
    """A constant of the value's type."""
    return np.array(number, dtype_of(value))


@downgrade("Gelu", since=20)
def gelu(r: Rewriter, node: Node) -> Result:
    x = data(node)
    half = r.op("Mul", x, scalar(x, 0.5))
    if node.attrs.get("approximate", "none") == "tanh":
        cubed = r.op("Mul", r.op("Mul", x, x), r.op("Mul", x, scalar(x, 0.044715)))
        inner = r.op("Tanh", r.op("Mul", r.op("Add", x, cubed), scalar(x, math.sqrt(2 / math.pi))))
    else:
        inner = r.op("Erf", r.op("Mul", x, scalar(x, math.sqrt(0.5))))
    return r.op("Mul", half, r.op("Add", inner, scalar(x, 1)))


@downgrade("Mish", since=18)
def mish(r: Rewriter, node: Node) -> Result:
    return r.op("Mul", data(node), r.op("Tanh", r.op("Softplus", data(node))))


@downgrade("HardSwish", since=14)
def hard_swish(r: Rewriter, node: Node) -> Result:
    return r.op("Mul", data(node), r.op("HardSigmoid", data(node), alpha=1 / 6, beta=0.5))


@downgrade("Celu", since=12)
def celu(r: Rewriter, node: Node) -> Result:
    """max(0, x) + min(0, alpha (exp(x / alpha) - 1)) = alpha elu(x / alpha)"""
    x = data(node)
    alpha = node.attrs.get("alpha", 1.0)
    assert isinstance(alpha, int | float)
    return r.op("Mul", r.op("Elu", r.op("Div", x, scalar(x, alpha)), alpha=1.0), scalar(x, alpha))


@downgrade("Swish", since=24)
def swish(r: Rewriter, node: Node) -> Result:
    x = data(node)
    alpha = node.attrs.get("alpha", 1.0)
    assert isinstance(alpha, int | float)
    return r.op("Mul", x, r.op("Sigmoid", x if alpha == 1 else r.op("Mul", x, scalar(x, alpha))))


@downgrade("ThresholdedRelu", since=10)
def thresholded_relu(r: Rewriter, node: Node) -> Result:
    x = data(node)
    alpha = node.attrs.get("alpha", 1.0)
    assert isinstance(alpha, int | float)
    return r.op("Where", r.op("Greater", x, scalar(x, alpha), dtype=bool), x, scalar(x, 0), dtype=x.dtype)


@downgrade("Sign", since=9)
def sign(r: Rewriter, node: Node) -> Result:
    x = data(node)
    above = r.cast(r.op("Greater", x, scalar(x, 0), dtype=bool), x.dtype)
    return r.op("Sub", above, r.cast(r.op("Less", x, scalar(x, 0), dtype=bool), x.dtype))


@downgrade("Round", since=11)
def round_half_to_even(r: Rewriter, node: Node) -> Result:
    """Up from the floor where the rest is over a half, or is a half and the floor is odd; exact for every float."""
    x = data(node)
    floor = r.op("Floor", x)
    rest = r.op("Sub", x, floor)
    even = r.op("Mul", r.op("Floor", r.op("Mul", floor, scalar(x, 0.5))), scalar(x, 2))
    odd = r.op("Greater", r.op("Sub", floor, even), scalar(x, 0.5), dtype=bool)
    is_less = r.op("Less", rest, scalar(x, 0.5), dtype=bool)
    is_more = r.op("Greater", rest, scalar(x, 0.5), dtype=bool)
    up = r.op("Or", is_more, r.op("And", r.op("Not", is_less), odd))
    return r.op("Add", floor, r.cast(up, x.dtype))


Formula = Callable[[Rewriter, Value], Value]


def _cosh(r: Rewriter, x: Value) -> Value:
    return r.op("Mul", r.op("Add", r.op("Exp", x), r.op("Exp", r.op("Neg", x))), scalar(x, 0.5))


def _sinh(r: Rewriter, x: Value) -> Value:
    """tanh(x) cosh(x), which does not cancel near zero as the difference of the exponentials does."""
    return r.op("Mul", r.op("Tanh", x), _cosh(r, x))


def _asinh(r: Rewriter, x: Value) -> Value:
    """sign(x) log(|x| + sqrt(x^2 + 1)), which does not cancel for large negative x."""
    magnitude = r.op("Abs", x)
    root = r.op("Sqrt", r.op("Add", r.op("Mul", x, x), scalar(x, 1)))
    return r.op("Mul", r.op("Sign", x), r.op("Log", r.op("Add", magnitude, root)))


def _acosh(r: Rewriter, x: Value) -> Value:
    root = r.op("Sqrt", r.op("Sub", r.op("Mul", x, x), scalar(x, 1)))
    return r.op("Log", r.op("Add", x, root))


def _atanh(r: Rewriter, x: Value) -> Value:
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
def hyperbolic(r: Rewriter, node: Node) -> Result:
    return HYPERBOLIC[node.op](r, data(node))


@downgrade("Clip", since=12)
def clip_integers(r: Rewriter, node: Node) -> Result:
    """Floats only before 12; 64-bit integers are compared and chosen."""
    x, low, high = data(node), operand(node, 1), operand(node, 2)
    dtype = dtype_of(x)
    if dtype.kind not in "iu" or dtype.itemsize < 8:
        return r.form(*node.inputs)
    if low is not None:
        x = choose(r, "Max", x, low)
    return x if high is None else choose(r, "Min", x, high)


@downgrade("Clip", since=11)
def clip_bounds_as_attributes(r: Rewriter, node: Node) -> Result:
    x, low, high = data(node), operand(node, 1), operand(node, 2)
    if (low is None or low.is_constant) and (high is None or high.is_constant):
        return r.form(x, min=_number(low), max=_number(high))
    if low is not None:
        x = r.op("Max", x, low, shape=x.shape)
    return x if high is None else r.op("Min", x, high, shape=x.shape)


def _number(value: Value | None) -> float | None:
    return None if value is None or value.array is None else float(value.array.item())


@downgrade("Pow", since=12)
def power_of_one_type(r: Rewriter, node: Node) -> Result:
    """Before 12 base and exponent have one type, a float; an integer base with a fraction above it needs a wide one."""
    base, exponent = data(node), data(node, 1)
    if base.dtype == exponent.dtype:
        return r.form(base, exponent)
    if dtype_of(base).kind == "f":
        return r.form(base, r.cast(exponent, base.dtype))
    wide = r.op("Pow", r.cast(base, np.float64), r.cast(exponent, np.float64))
    return r.cast(wide, base.dtype)
