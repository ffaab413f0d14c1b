"""Activation functions as compositions of older ones, by their definitions in the ONNX specification."""

from __future__ import annotations

import math

from mgeconvert.ir import Node

from .axes_from_the_front import axis_from_the_front
from .operands import axis_of, data, scalar, shape_of
from .replacement import Replacement
from .table import Result, downgrade


@downgrade("Gelu", since=20)
def gelu(r: Replacement, node: Node) -> Result:
    """Gelu(x) -> 0.5 x (1 + Erf(x / sqrt(2))); approximate=tanh: 0.5 x (1 + Tanh(sqrt(2 / pi) (x + 0.044715 x^3)))"""
    x = data(node)
    half = r.op("Mul", x, scalar(x, 0.5))
    if node.attrs.get("approximate", "none") == "tanh":
        cubed = r.op("Mul", r.op("Mul", x, x), r.op("Mul", x, scalar(x, 0.044715)))
        inner = r.op("Tanh", r.op("Mul", r.op("Add", x, cubed), scalar(x, math.sqrt(2 / math.pi))))
    else:
        inner = r.op("Erf", r.op("Mul", x, scalar(x, math.sqrt(0.5))))
    return r.op("Mul", half, r.op("Add", inner, scalar(x, 1)))


@downgrade("Mish", since=18)
def mish(r: Replacement, node: Node) -> Result:
    """Mish(x) -> x Tanh(Softplus(x))"""
    return r.op("Mul", data(node), r.op("Tanh", r.op("Softplus", data(node))))


@downgrade("HardSwish", since=14)
def hard_swish(r: Replacement, node: Node) -> Result:
    """HardSwish(x) -> x HardSigmoid(x, alpha=1/6, beta=0.5)"""
    return r.op("Mul", data(node), r.op("HardSigmoid", data(node), alpha=1 / 6, beta=0.5))


@downgrade("Celu", since=12)
def celu(r: Replacement, node: Node) -> Result:
    """Celu(x, alpha) = max(0, x) + min(0, alpha (exp(x / alpha) - 1)) -> alpha Elu(x / alpha)"""
    x = data(node)
    alpha = node.attrs.get("alpha", 1.0)
    assert isinstance(alpha, int | float)
    return r.op("Mul", r.op("Elu", r.op("Div", x, scalar(x, alpha)), alpha=1.0), scalar(x, alpha))


@downgrade("Swish", since=24)
def swish(r: Replacement, node: Node) -> Result:
    """Swish(x, alpha) -> x Sigmoid(alpha x)"""
    x = data(node)
    alpha = node.attrs.get("alpha", 1.0)
    assert isinstance(alpha, int | float)
    return r.op("Mul", x, r.op("Sigmoid", x if alpha == 1 else r.op("Mul", x, scalar(x, alpha))))


@downgrade("ThresholdedRelu", since=10)
def thresholded_relu(r: Replacement, node: Node) -> Result:
    """ThresholdedRelu(x, alpha) -> Where(x > alpha, x, 0)"""
    x = data(node)
    alpha = node.attrs.get("alpha", 1.0)
    assert isinstance(alpha, int | float)
    return r.op("Where", r.op("Greater", x, scalar(x, alpha), dtype=bool), x, scalar(x, 0), dtype=x.dtype)


@downgrade("Hardmax", "LogSoftmax", "Softmax", since=13)
def softmax_of_the_last_axis(r: Replacement, node: Node) -> Result:
    """Softmax(x, axis) -> Transpose(Softmax(Transpose(x), axis=last)).

    Before 13 all dimensions from `axis` on were taken as one; the last axis alone means the same in both forms.
    """
    rank = len(shape_of(data(node)))
    axis, last = axis_of(node, -1), rank - 1
    if axis == last:
        return r.form(data(node), axis=last)
    perm = [*range(rank)]
    perm[axis], perm[last] = last, axis
    return r.transpose(r.op(node.op, r.transpose(data(node), perm), axis=last), perm)


downgrade("Hardmax", "LogSoftmax", "Softmax", since=11)(axis_from_the_front)
