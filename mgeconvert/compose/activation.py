"""Hardmax, Shrink, and activations of onnxruntime's own operator set (onnxruntime/docs/ContribOperators.md)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Node, Value
from mgeconvert.ir.builder import Builder

from .table import Result, compose, data, integer, number, operand, scalar, shape_of


@compose("Hardmax")
def hardmax(b: Builder, node: Node) -> Result:
    """Hardmax(x, axis) -> OneHot(ArgMax(x)): 1 for the first of the largest, 0 for the others."""
    x, axis = data(node), integer(node, "axis", -1)
    depth = shape_of(x)[axis]
    if isinstance(depth, str):
        refuse(f"a Hardmax over a size known only at run time ({depth})")
    first = b.op("ArgMax", x, axis=axis, keepdims=0)
    return b.op("OneHot", first, np.array(depth, np.int64), np.array([0, 1], x.dtype), axis=axis)


@compose("Shrink")
def shrink(b: Builder, node: Node) -> Result:
    """Shrink(x, bias, lambd) -> Where(x < -lambd, x + bias, Where(x > lambd, x - bias, 0))"""
    x, bias, bound = data(node), number(node, "bias", 0.0), number(node, "lambd", 0.5)
    above = b.op("Where", b.op("Greater", x, scalar(x, bound)), b.op("Sub", x, scalar(x, bias)), scalar(x, 0))
    return b.op("Where", b.op("Less", x, scalar(x, -bound)), b.op("Add", x, scalar(x, bias)), above)


@compose("Swish")
def swish(b: Builder, node: Node) -> Result:
    """Swish(x, alpha) -> x Sigmoid(alpha x)"""
    return _swish(b, data(node), number(node, "alpha", 1.0))


@compose("com.microsoft.QuickGelu")
def quick_gelu(b: Builder, node: Node) -> Result:
    """QuickGelu(x, alpha) -> x Sigmoid(alpha x)"""
    return _swish(b, data(node), number(node, "alpha", 1.702))


def _swish(b: Builder, x: Value, alpha: float) -> Value:
    return b.op("Mul", x, b.op("Sigmoid", x if alpha == 1 else b.op("Mul", x, scalar(x, alpha))))


@compose("com.microsoft.Gelu", "com.microsoft.BiasGelu")
def gelu(b: Builder, node: Node) -> Result:
    """BiasGelu(x, bias) -> Gelu(x + bias)"""
    bias = operand(node, 1)
    return b.op("Gelu", data(node) if bias is None else b.op("Add", data(node), bias))


@compose("com.microsoft.FastGelu")
def fast_gelu(b: Builder, node: Node) -> Result:
    """FastGelu(x, bias) -> Gelu(x + bias, approximate=tanh)"""
    bias = operand(node, 1)
    return b.op("Gelu", data(node) if bias is None else b.op("Add", data(node), bias), approximate="tanh")


def activated(b: Builder, x: Value, kind: str, params: tuple[float, ...]) -> Value:
    """The activation that a fused operator names, with its parameters."""
    if not kind:
        return x
    if kind not in ACTIVATIONS:
        refuse(f"a fused {kind}")
    return ACTIVATIONS[kind](b, x, params)


ACTIVATIONS: dict[str, Callable[[Builder, Value, tuple[float, ...]], Value]] = {
    **{
        name: lambda b, x, _, name=name: b.op(name, x)  # type: ignore[misc]
        for name in ("Relu", "Sigmoid", "Tanh", "Softplus", "Softsign", "HardSwish")
    },
    "LeakyRelu": lambda b, x, params: b.op("LeakyRelu", x, alpha=(params or (0.01,))[0]),
    "Elu": lambda b, x, params: b.op("Elu", x, alpha=(params or (1.0,))[0]),
    "Clip": lambda b, x, params: b.op("Clip", x, scalar(x, params[0]), scalar(x, params[1])),
    "HardSigmoid": lambda b, x, params: b.op("HardSigmoid", x, alpha=params[0], beta=params[1]),
}
"""Activations that FusedConv and FusedGemm may name."""
