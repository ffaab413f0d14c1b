"""Normalizations as arithmetic, by the ONNX specification and onnxruntime/docs/ContribOperators.md."""

from __future__ import annotations

from typing import cast

from mgeconvert.ir import Node, Value
from mgeconvert.ir.builder import Builder

from .table import (
    Result,
    compose,
    compose_form,
    compose_where_lacking,
    data,
    integer,
    number,
    operand,
    scalar,
    shape_of,
)


@compose("LpNormalization")
def lp_normalization(b: Builder, node: Node) -> Result:
    """LpNormalization(x, axis, p) -> x / ReduceLp(x), and 0 where that is 0."""
    x, axis = data(node), integer(node, "axis", -1)
    axis %= len(shape_of(x))
    norm = b.op("ReduceL1" if integer(node, "p", 2) == 1 else "ReduceL2", x, [axis], keepdims=1)
    is_zero = b.op("Equal", norm, scalar(x, 0))
    return b.op("Div", x, b.op("Where", is_zero, scalar(x, 1), norm))


@compose("MeanVarianceNormalization")
def mean_variance_normalization(b: Builder, node: Node) -> Result:
    """MeanVarianceNormalization(x, axes) -> (x - mean) / (sqrt(mean((x - mean)^2)) + 1e-9)"""
    x, axes = data(node), cast("tuple[int, ...]", node.attrs.get("axes", (0, 2, 3)))
    centred = b.op("Sub", x, b.op("ReduceMean", x, list(axes), keepdims=1))
    variance = b.op("ReduceMean", b.op("Mul", centred, centred), list(axes), keepdims=1)
    return b.op("Div", centred, b.op("Add", b.op("Sqrt", variance), scalar(x, 1e-9)))


@compose("RMSNormalization")
def rms_normalization(b: Builder, node: Node) -> Result:
    """RMSNormalization(x, scale, axis) -> x / sqrt(mean(x^2) + epsilon) * scale over the axes from `axis` on."""
    x = data(node)
    rank = len(shape_of(x))
    return _rms(b, x, data(node, 1), list(range(integer(node, "axis", -1) % rank, rank)), number(node, "epsilon", 1e-5))


def _rms(b: Builder, x: Value, scale: Value, axes: list[int], epsilon: float) -> Value:
    square = b.op("ReduceMean", b.op("Mul", x, x), axes, keepdims=1)
    return b.op("Mul", b.op("Div", x, b.op("Sqrt", b.op("Add", square, scalar(x, epsilon)))), scale)


@compose("com.microsoft.SkipLayerNormalization", "com.microsoft.SkipSimplifiedLayerNormalization")
def skip_layer_normalization(b: Builder, node: Node) -> Result:
    """SkipLayerNormalization(x, skip, gamma, beta, bias) -> LayerNormalization(x + skip + bias, gamma, beta).

    The outputs are that, the mean, the inverse deviation (both for training only) and the sum. The simplified form has
    no mean and no beta: it is RMSNormalization.
    """
    simplified = node.op == "SkipSimplifiedLayerNormalization"
    total = b.op("Add", data(node), data(node, 1))
    bias = operand(node, 3 if simplified else 4)
    if bias is not None:
        total = b.op("Add", total, bias)
    epsilon, gamma = number(node, "epsilon", 1e-12), data(node, 2)
    if simplified:
        y = _rms(b, total, gamma, [len(shape_of(total)) - 1], epsilon)
    else:
        y = b.op("LayerNormalization", total, gamma, operand(node, 3), axis=-1, epsilon=epsilon)
    return [y, y, y, total]


def _is_in_training(node: Node) -> bool:
    return bool(node.attrs.get("training_mode"))


@compose_form("BatchNormalization", _is_in_training)
def batch_normalization_of_the_batch(b: Builder, node: Node) -> Result:
    """BatchNormalization(x, scale, bias, mean, var, training_mode=1) -> (x - m) / sqrt(v + epsilon) scale + bias with m
    and v of this batch, mean momentum + m (1 - momentum), var momentum + v (1 - momentum)."""
    x, momentum = data(node), number(node, "momentum", 0.9)
    rank = len(shape_of(x))
    channels = [1, -1, *([1] * (rank - 2))]
    scale, bias = (b.op("Reshape", data(node, index), channels) for index in (1, 2))
    y, mean, variance = _standardized(b, x, [0, *range(2, rank)], number(node, "epsilon", 1e-5))
    running = [
        b.op("Add", b.op("Mul", old, scalar(old, momentum)), b.op("Mul", flat, scalar(old, 1 - momentum)))
        for old, flat in (
            (data(node, 3), b.op("Reshape", mean, [-1])),
            (data(node, 4), b.op("Reshape", variance, [-1])),
        )
    ]
    return [b.op("Add", b.op("Mul", y, scale), bias), *running]


def _standardized(b: Builder, x: Value, axes: list[int], epsilon: float) -> tuple[Value, Value, Value]:
    """(x - mean) / sqrt(variance + epsilon), the mean and the variance."""
    mean = b.op("ReduceMean", x, axes, keepdims=1)
    centred = b.op("Sub", x, mean)
    variance = b.op("ReduceMean", b.op("Mul", centred, centred), axes, keepdims=1)
    return b.op("Div", centred, b.op("Sqrt", b.op("Add", variance, scalar(x, epsilon)))), mean, variance


def _has_statistics(node: Node) -> bool:
    return len(node.outputs) > 1


@compose_where_lacking("LayerNormalization", _has_statistics)
def layer_normalization_with_statistics(b: Builder, node: Node) -> Result:
    """LayerNormalization(x, scale, bias) -> (x - mean) / d scale + bias, mean, 1 / d with d = sqrt(var + epsilon)"""
    x, epsilon = data(node), number(node, "epsilon", 1e-5)
    rank = len(shape_of(x))
    y, mean, variance = _standardized(b, x, list(range(integer(node, "axis", -1) % rank, rank)), epsilon)
    y, bias = b.op("Mul", y, data(node, 1)), operand(node, 2)
    inverse = b.op("Reciprocal", b.op("Sqrt", b.op("Add", variance, scalar(x, epsilon))))
    return [y if bias is None else b.op("Add", y, bias), mean, inverse]
