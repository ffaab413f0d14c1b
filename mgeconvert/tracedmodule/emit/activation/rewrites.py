"""Rewrites of activation functions that MegEngine has not, or not in that form."""

from __future__ import annotations

import math

from mgeconvert.ir import Node, Value

from ..attributes import floats
from ..builder import EmitBuilder, like
from ..operands import is_float, rank, tensor_of
from ..scopes import origin
from ..table import rewrite


@rewrite("Gelu")
def gelu_by_tanh(b: EmitBuilder, node: Node) -> Value | None:
    """``Gelu(x, tanh) -> x/2 * (1 + tanh(sqrt(2/pi) * (x + 0.044715 x^3)))``"""
    x = node.inputs[0]
    if node.attrs.get("approximate", "none") != "tanh":
        return None
    cubed = b.op("Mul", b.op("Mul", x, x), b.op("Mul", x, 0.044715))
    inner = b.op("Tanh", b.op("Mul", b.op("Add", x, cubed), math.sqrt(2 / math.pi)))
    return b.op("Mul", b.op("Mul", x, 0.5), b.op("Add", inner, 1.0))


@rewrite("HardSigmoid")
def hard_sigmoid(b: EmitBuilder, node: Node) -> Value | None:
    """``HardSigmoid(x) -> Clip(alpha * x + beta, 0, 1)``, where the slope is not MegEngine's 1/6."""
    alpha, beta = floats(node, "alpha", 0.2), floats(node, "beta", 0.5)
    if abs(alpha - 1 / 6) < 1e-6 and beta == 0.5:
        return None
    x = node.inputs[0]
    return b.op("Clip", b.op("Add", b.op("Mul", x, alpha), beta), like(b, x, 0), like(b, x, 1))


@rewrite("Elu", "Selu", "Celu")
def exponential_units(b: EmitBuilder, node: Node) -> Value:
    """``Elu(x) -> max(x, 0) + alpha * (exp(min(x, 0)) - 1)``; Selu's is gamma times that, Celu's exponent ``min(x, 0) /
    alpha``."""
    x = node.inputs[0]
    alpha = floats(node, "alpha", 1.67326319217681884765625 if node.op == "Selu" else 1.0)
    gamma = floats(node, "gamma", 1.05070102214813232421875) if node.op == "Selu" else 1.0
    below = b.op("Min", x, like(b, x, 0))
    below = b.op("Div", below, alpha) if node.op == "Celu" else below
    curve = b.op("Mul", b.op("Sub", b.op("Exp", below), 1.0), alpha)
    total = b.op("Add", b.op("Relu", x), curve)
    return total if gamma == 1.0 else b.op("Mul", total, gamma)


@rewrite("Mish")
def mish(b: EmitBuilder, node: Node) -> Value:
    """``Mish(x) -> x * tanh(softplus(x))``"""
    x = node.inputs[0]
    return b.op("Mul", x, b.op("Tanh", b.op("Softplus", x)))


@rewrite("Softsign")
def softsign(b: EmitBuilder, node: Node) -> Value:
    """``Softsign(x) -> x / (1 + abs(x))``"""
    x = node.inputs[0]
    return b.op("Div", x, b.op("Add", b.op("Abs", x), 1.0))


@rewrite("ThresholdedRelu")
def thresholded_relu(b: EmitBuilder, node: Node) -> Value:
    """``ThresholdedRelu(x) -> Where(x > alpha, x, 0)``"""
    x = node.inputs[0]
    return b.op("Where", b.op("Greater", x, floats(node, "alpha", 1.0)), x, like(b, x, 0))


@rewrite("Relu")
def relu_of_integers(b: EmitBuilder, node: Node) -> Value | None:
    """``Relu(n) -> Max(n, 0)`` of integers."""
    x = node.inputs[0]
    return None if is_float(x) else b.op("Max", x, like(b, x, 0))


@rewrite("Mul", about="Sigmoid")
def silu(b: EmitBuilder, node: Node) -> Value | None:
    """``x * Sigmoid(x) -> Silu(x)`` where the source said so."""
    if origin(node)[1] not in ("SiLU", "silu"):
        return None
    x, gate = node.inputs
    curve = b.producer(gate, "Sigmoid", alone=True)
    if curve is None or curve.inputs[0] is not x:
        return None
    return b.call("Silu", [b.typed(node.output)], x)[0]


@rewrite("Softmax", "LogSoftmax")
def softmax_of_scalars(b: EmitBuilder, node: Node) -> Value | None:
    """``Softmax(x) -> 1`` and ``LogSoftmax(x) -> 0`` of one number."""
    x = tensor_of(node)
    return b.constant(float(node.op == "Softmax"), x.dtype) if not rank(x) else None
