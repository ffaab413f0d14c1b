"""Rewrites of element-wise operators."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from mgeconvert.ir import Node, Value
from mgeconvert.ir.inference import elem_type

from .attributes import floats
from .calls import sole
from .rewriter import Rewriter
from .scopes import origin
from .table import rewrite


def is_float(value: Value | None) -> bool:
    return value is not None and value.dtype is not None and value.dtype.kind == "f"


def _narrow(dtype: np.dtype[Any] | None) -> Any:
    return np.dtype(np.int32) if dtype == np.int64 else dtype


@rewrite("Cast")
def cast(_: Rewriter, node: Node) -> Value | None:
    """int64 and int32 are one type in MegEngine."""
    x = node.inputs[0]
    assert x is not None
    return x if _narrow(x.dtype) == _narrow(node.output.dtype) else None


@rewrite("Max", "Min", "Mean", "Sum")
def variadic(b: Rewriter, node: Node) -> Value | None:
    """MegEngine's take two."""
    if len(node.inputs) == 2 and node.op in ("Max", "Min"):
        return None
    step = {"Mean": "Add", "Sum": "Add"}.get(node.op, node.op)
    total, *rest = (value for value in node.inputs if value is not None)
    for value in rest:
        total = b.op(step, total, value)
    return b.op("Div", total, float(len(node.inputs))) if node.op == "Mean" else total


@rewrite("Div")
def integer_division(b: Rewriter, node: Node) -> Value | None:
    """`x // y` is lowered to (x - x mod y) / y. Else ONNX truncates, where MegEngine's integers round down."""
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
def modulo(b: Rewriter, node: Node) -> Value | None:
    """Floats: MegEngine's keeps the sign of the dividend, as fmod=1 asks."""
    x, y = node.inputs
    if is_float(x) and not node.attrs.get("fmod", 0):
        return b.op("Sub", x, b.op("Mul", b.op("Floor", b.op("Div", x, y)), y))
    if not is_float(x) and node.attrs.get("fmod", 0):
        return b.op("Sub", x, b.op("Mul", b.op("Div", x, y), y))
    return None


@rewrite("Neg", "Abs", "Sign", "Floor", "Ceil", "Round")
def of_integers(_: Rewriter, node: Node) -> Value | None:
    """Unsigned numbers and rounding of integers change nothing."""
    x = node.inputs[0]
    assert x is not None
    assert x.dtype is not None
    if node.op in ("Floor", "Ceil", "Round") and x.dtype.kind != "f":
        return x
    return x if node.op == "Abs" and x.dtype.kind == "u" else None


@rewrite("Round")
def round_to_even(b: Rewriter, node: Node) -> Value:
    """MegEngine rounds halves away from zero, ONNX to even."""
    x = node.inputs[0]
    below = b.op("Floor", x)
    rest = b.op("Sub", x, below)
    odd = b.op("Sub", below, b.op("Mul", b.op("Floor", b.op("Mul", below, 0.5)), 2.0))
    up = b.op("Or", b.op("Greater", rest, 0.5), b.op("And", b.op("Equal", rest, 0.5), b.op("Greater", odd, 0.5)))
    return b.op("Add", below, b.op("Cast", up, to=elem_type_of(x)))


def elem_type_of(x: Value | None) -> int:
    assert x is not None
    assert x.dtype is not None
    return elem_type(x.dtype)


@rewrite("Reciprocal")
def reciprocal(b: Rewriter, node: Node) -> Value:
    x = node.inputs[0]
    return b.op("Div", like(b, x, 1.0), x)


def like(b: Rewriter, x: Value | None, number: float) -> Value:
    assert x is not None
    return b.constant(number, x.dtype)


@rewrite("IsInf")
def signed_infinity(b: Rewriter, node: Node) -> Value | None:
    """One of the two infinities."""
    x = node.inputs[0]
    wanted = [name for name in ("detect_positive", "detect_negative") if node.attrs.get(name, 1)]
    if len(wanted) == 2:
        return None
    side = b.op("Greater" if wanted == ["detect_positive"] else "Less", x, like(b, x, 0))
    found = b.op("And", b.op("IsInf", x), side)
    return found if wanted else b.op("And", found, b.op("Not", side))


@rewrite("Pow")
def integer_power(b: Rewriter, node: Node) -> Value | None:
    """MegEngine's powers are float32."""
    x, power = node.inputs
    if is_float(x) and x is not None and power is not None:
        return None if power.dtype == x.dtype else b.op("Pow", x, b.op("Cast", power, to=elem_type_of(x)))
    single = elem_type(np.float32)
    result = b.op("Pow", b.op("Cast", x, to=single), b.op("Cast", power, to=single))
    return b.op("Cast", result, to=elem_type_of(node.output))


@rewrite("Gelu")
def gelu_by_tanh(b: Rewriter, node: Node) -> Value | None:
    x = node.inputs[0]
    if node.attrs.get("approximate", "none") != "tanh":
        return None
    cubed = b.op("Mul", b.op("Mul", x, x), b.op("Mul", x, 0.044715))
    inner = b.op("Tanh", b.op("Mul", b.op("Add", x, cubed), math.sqrt(2 / math.pi)))
    return b.op("Mul", b.op("Mul", x, 0.5), b.op("Add", inner, 1.0))


@rewrite("HardSigmoid")
def hard_sigmoid(b: Rewriter, node: Node) -> Value | None:
    alpha, beta = floats(node, "alpha", 0.2), floats(node, "beta", 0.5)
    if abs(alpha - 1 / 6) < 1e-6 and beta == 0.5:
        return None
    x = node.inputs[0]
    return b.op("Clip", b.op("Add", b.op("Mul", x, alpha), beta), like(b, x, 0), like(b, x, 1))


@rewrite("Elu", "Selu", "Celu")
def exponential_units(b: Rewriter, node: Node) -> Value:
    """max(x, 0) + scale * (exp(min(x, 0) / width) - 1), with the weights each has."""
    x = node.inputs[0]
    alpha = floats(node, "alpha", 1.67326319217681884765625 if node.op == "Selu" else 1.0)
    gamma = floats(node, "gamma", 1.05070102214813232421875) if node.op == "Selu" else 1.0
    below = b.op("Min", x, like(b, x, 0))
    below = b.op("Div", below, alpha) if node.op == "Celu" else below
    curve = b.op("Mul", b.op("Sub", b.op("Exp", below), 1.0), alpha)
    total = b.op("Add", b.op("Relu", x), curve)
    return total if gamma == 1.0 else b.op("Mul", total, gamma)


@rewrite("Mish")
def mish(b: Rewriter, node: Node) -> Value:
    x = node.inputs[0]
    return b.op("Mul", x, b.op("Tanh", b.op("Softplus", x)))


@rewrite("Softsign")
def softsign(b: Rewriter, node: Node) -> Value:
    x = node.inputs[0]
    return b.op("Div", x, b.op("Add", b.op("Abs", x), 1.0))


@rewrite("ThresholdedRelu")
def thresholded_relu(b: Rewriter, node: Node) -> Value:
    x = node.inputs[0]
    return b.op("Where", b.op("Greater", x, floats(node, "alpha", 1.0)), x, like(b, x, 0))


@rewrite("Relu", "LeakyRelu")
def relu_of_integers(b: Rewriter, node: Node) -> Value | None:
    x = node.inputs[0]
    return None if is_float(x) or node.op != "Relu" else b.op("Max", x, like(b, x, 0))


@rewrite("Clip")
def relu6(b: Rewriter, node: Node) -> Value | None:
    x, lower, upper = [*node.inputs, None, None][:3]
    if lower is None and upper is None:
        return x
    limits = [None if value is None or value.array is None else sole(value) for value in (lower, upper)]
    return b.call("Relu6", [b.typed(node.output)], x)[0] if is_float(x) and limits == [0, 6] else None


@rewrite("Mul")
def silu(b: Rewriter, node: Node) -> Value | None:
    """x * sigmoid(x) where the source said so."""
    if origin(node)[1] not in ("SiLU", "silu"):
        return None
    x, gate = node.inputs
    curve = b.producer(gate, "Sigmoid", alone=True)
    if curve is None or curve.inputs[0] is not x:
        return None
    return b.call("Silu", [b.typed(node.output)], x)[0]


@rewrite("Where")
def where(b: Rewriter, node: Node) -> Value | None:
    """MegEngine chooses between numbers only, and from 32-bit ones at that."""
    mask, x, y = node.inputs
    if x is None or x.dtype is None or x.dtype.kind != "b":
        return None
    chosen = b.op("And", mask, x)
    return b.op("Or", chosen, b.op("And", b.op("Not", mask), y))
