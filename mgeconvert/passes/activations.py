"""fuse-activations: compositions that are one of ONNX's activation functions."""

from __future__ import annotations

import math

import numpy as np

from mgeconvert.ir import Node, Value

from .nodes import data, is_computed, number, operand, scalar, with_constant
from .rewriter import Rewriter
from .table import Decline, Result, rule

Bounds = tuple[float, float]


def close(found: float, wanted: float) -> bool:
    """Whether a constant of a file is the number of a formula, up to the rounding of float32."""
    return math.isclose(found, wanted, rel_tol=1e-6)


@rule("fuse-activations", "Relu", "Clip", "Max", "Min", rounds=True)
def bounds_of_bounds(r: Rewriter, node: Node) -> Result:
    """Relu(Clip(x, a, b)) -> Clip(x, max(a, 0), b), Clip(Clip(x, a, b), c, d) -> Clip(x, max(a, c), min(b, d)) and so
    on with Max(x, a) and Min(x, b); Max(x, 0) -> Relu(x), Clip(x, 0) -> Relu(x). Max(-0.0, 0) is 0, not Relu(-0.0)"""
    outer = _bounds(node)
    if outer is None:
        return None
    limits, source = outer
    inner_node = r.producer(source, "Relu", "Clip", "Max", "Min")
    inner = None if inner_node is None else _bounds(inner_node)
    if inner_node is None or inner is None:
        return _simplest(r, [node], source, limits) if node.op != "Relu" else None
    if r.only_user(source) is None:
        raise Decline(f"the result of {inner_node.name} is used elsewhere too")
    low, high = (min(max(bound, limits[0]), limits[1]) for bound in inner[0])
    return _simplest(r, [node, inner_node], inner[1], (low, high))


def _bounds(node: Node) -> tuple[Bounds, Value] | None:
    """What a node limits, and to what; None where it is no float or the limits are computed."""
    if node.op == "Relu":
        return (0.0, math.inf), data(node)
    if node.op == "Clip":
        if is_computed(node, 1) or is_computed(node, 2):
            return None
        low, high = scalar(operand(node, 1)), scalar(operand(node, 2))
        return ((-math.inf if low is None else low, math.inf if high is None else high), data(node))
    operands = with_constant(node) if len(node.inputs) == 2 else None
    if operands is None or operands[1].size != 1 or operands[0].shape != node.output.shape:
        return None
    limit = float(operands[1].item())
    return ((limit, math.inf) if node.op == "Max" else (-math.inf, limit)), operands[0]


def _simplest(r: Rewriter, nodes: list[Node], source: Value, limits: Bounds) -> Value | None:
    """Relu or Clip instead of the nodes, with their constants where they fit."""
    if source.dtype is None or source.dtype.kind != "f":
        return None
    if limits == (0.0, math.inf):
        return r.op("Relu", source)
    if len(nodes) == 1:
        return None
    known = {scalar(value): value for node in nodes for value in node.inputs if value is not None and value.shape == ()}
    low, high = (None if math.isinf(limit) else known.get(limit, np.array(limit, source.dtype)) for limit in limits)
    return r.op("Clip", source, low, high)


@rule("fuse-activations", "Div", "Mul", rounds=True)
def hard_sigmoid(r: Rewriter, node: Node) -> Result:
    """Clip(x + c, 0, 1 / k) * k -> HardSigmoid(x, alpha=k, beta=k c)"""
    scaled = _times(node)
    clip = None if scaled is None else r.producer(scaled[0], "Clip")
    if scaled is None or clip is None or r.only_user(scaled[0]) is None:
        return None
    limits, moved = _bounds(clip) or ((0.0, 0.0), data(clip))
    shifted = _plus(r, moved)
    if (
        limits[0] != 0
        or scaled[1] <= 0
        or not close(limits[1] * scaled[1], 1)
        or shifted is None
        or r.only_user(moved) is None
    ):
        return None
    return r.op("HardSigmoid", shifted[0], alpha=scaled[1], beta=shifted[1] * scaled[1])


@rule("fuse-activations", "Clip", rounds=True)
def hard_sigmoid_of_affine(r: Rewriter, node: Node) -> Result:
    """Clip(a x + b, 0, 1) -> HardSigmoid(x, alpha=a, beta=b)"""
    limits, moved = _bounds(node) or ((0.0, 0.0), data(node))
    shifted = _plus(r, moved)
    if limits != (0.0, 1.0) or shifted is None or r.only_user(moved) is None:
        return None
    times = r.producer(shifted[0], "Mul", "Div")
    scaled = None if times is None else _times(times)
    if scaled is None or r.only_user(shifted[0]) is None:
        return None
    return r.op("HardSigmoid", scaled[0], alpha=scaled[1], beta=shifted[1])


@rule("fuse-activations", "Mul", rounds=True)
def gated(r: Rewriter, node: Node) -> Result:
    """x * HardSigmoid(x, 1/6, 1/2) -> HardSwish(x), x * Tanh(Softplus(x)) -> Mish(x)"""
    for x, gate in ((data(node), data(node, 1)), (data(node, 1), data(node))):
        if r.only_user(gate) is None:
            continue
        hard = r.producer(gate, "HardSigmoid")
        if hard is not None and data(hard) is x and _is_hard_swish(hard):
            return r.op("HardSwish", x)
        tanh = r.producer(gate, "Tanh")
        softplus = None if tanh is None or r.only_user(data(tanh)) is None else r.producer(data(tanh), "Softplus")
        if softplus is not None and data(softplus) is x:
            return r.op("Mish", x)
    return None


def _is_hard_swish(node: Node) -> bool:
    return close(number(node, "alpha", 0.2), 1 / 6) and close(number(node, "beta", 0.5), 0.5)


@rule("fuse-activations", "Div", "Mul", rounds=True)
def hard_swish_divided_last(r: Rewriter, node: Node) -> Result:
    """x * Clip(x + 3, 0, 6) / 6 -> HardSwish(x)"""
    scaled = _times(node)
    product = None if scaled is None else r.producer(scaled[0], "Mul")
    if scaled is None or product is None or r.only_user(scaled[0]) is None:
        return None
    for x, gate in ((data(product), data(product, 1)), (data(product, 1), data(product))):
        clip = r.producer(gate, "Clip")
        if clip is None or r.only_user(gate) is None:
            continue
        limits, moved = _bounds(clip) or ((0.0, 0.0), data(clip))
        if limits == (0.0, 6.0) and _plus(r, moved) == (x, 3.0) and close(scaled[1], 1 / 6):
            return r.op("HardSwish", x)
    return None


@rule("fuse-activations", "Div", "Reciprocal", rounds=True)
def sigmoid(r: Rewriter, node: Node) -> Result:
    """1 / (1 + Exp(-x)) -> Sigmoid(x), y / (1 + Exp(-x)) -> y * Sigmoid(x)"""
    below = data(node) if node.op == "Reciprocal" else data(node, 1)
    shifted = _plus(r, below)
    exp = None if shifted is None or shifted[1] != 1 else r.producer(shifted[0], "Exp")
    negative = None if exp is None else r.producer(data(exp), "Neg")
    if negative is None or shifted is None or r.only_user(below) is None or r.only_user(shifted[0]) is None:
        return None
    result = r.op("Sigmoid", data(negative))
    if node.op == "Reciprocal" or (scalar(data(node)) == 1 and result.shape == node.output.shape):
        return result
    return r.op("Mul", data(node), result)


def _times(node: Node) -> tuple[Value, float] | None:
    """x * number or x / number, as x and the factor."""
    if node.op == "Div":
        divisor = scalar(operand(node, 1))
        return None if not divisor or data(node).array is not None else (data(node), 1 / divisor)
    operands = with_constant(node)
    if operands is None or operands[1].size != 1 or operands[0].shape != node.output.shape:
        return None
    return operands[0], float(operands[1].item())


def _plus(r: Rewriter, value: Value) -> tuple[Value, float] | None:
    """x + number, as x and the number."""
    node = r.producer(value, "Add")
    operands = None if node is None else with_constant(node)
    if operands is None or operands[1].size != 1 or operands[0].shape != value.shape:
        return None
    return operands[0], float(operands[1].item())


@rule("fuse-activations", "Max", rounds=True)
def leaky_relu(r: Rewriter, node: Node) -> Result:
    """Max(x, a x) -> LeakyRelu(x, alpha=a) for 0 < a < 1"""
    if len(node.inputs) != 2:
        return None
    for x, other in ((data(node), data(node, 1)), (data(node, 1), data(node))):
        times = r.producer(other, "Mul")
        scaled = None if times is None else _times(times)
        if scaled is not None and scaled[0] is x and 0 < scaled[1] < 1 and r.only_user(other) is not None:
            return r.op("LeakyRelu", x, alpha=scaled[1])
    return None


@rule("fuse-activations", "Add", rounds=True)
def slope_below_zero(r: Rewriter, node: Node) -> Result:
    """Min(x, 0) * a + Relu(x) -> LeakyRelu(x, alpha=a) for a number a, PRelu(x, a) for several: how MegEngine writes
    them into a static graph"""
    for above, below in ((data(node), data(node, 1)), (data(node, 1), data(node))):
        relu, times = r.producer(above, "Relu"), r.producer(below, "Mul")
        if relu is None or times is None or r.only_user(above) is None or r.only_user(below) is None:
            continue
        x = data(relu)
        for least, slope in ((data(times), data(times, 1)), (data(times, 1), data(times))):
            if not _is_negative_part(r, least, x) or node.output.shape != x.shape:
                continue
            number = scalar(slope)
            return r.op("PRelu", x, slope) if number is None else r.op("LeakyRelu", x, alpha=number)
    return None


def _is_negative_part(r: Rewriter, value: Value, x: Value) -> bool:
    """Whether a value that nothing else reads is Min(x, 0)."""
    node = r.producer(value, "Min", "Clip")
    limits = None if node is None or r.only_user(value) is None else _bounds(node)
    return limits is not None and limits == ((-math.inf, 0.0), x)
