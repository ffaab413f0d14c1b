"""Normalizations as arithmetic, by the ONNX specification and onnxruntime/docs/ContribOperators.md."""

from __future__ import annotations

from typing import cast

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Node, Value, table_size
from mgeconvert.ir.builder import Builder
from mgeconvert.ir.dtypes import elem_type

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


@compose("com.microsoft.GroupNorm")
def group_norm(b: Builder, node: Node) -> Result:
    """GroupNorm(x, gamma, beta) -> activation(GroupNormalization(x, gamma, beta)), the channels last by default"""
    return _group_norm(b, node, data(node))


@compose("com.microsoft.SkipGroupNorm")
def skip_group_norm(b: Builder, node: Node) -> Result:
    """SkipGroupNorm(x, gamma, beta, skip, bias) -> GroupNorm(x + skip + bias, gamma, beta), that sum; skip is of the
    shape of x, or has one number per image and channel."""
    if not integer(node, "channels_last", 1):
        refuse("a sum with what is skipped whose channels are not last")
    skip, bias = data(node, 3), operand(node, 4)
    total = b.op("Add", data(node), b.op("Unsqueeze", skip, [1, 2]) if len(shape_of(skip)) == 2 else skip)
    if bias is not None:
        total = b.op("Add", total, bias)
    return [_group_norm(b, node, total), total]


def _group_norm(b: Builder, node: Node, x: Value) -> Value:
    """Computed in the type of gamma and beta, as onnxruntime does; activation 1 is y sigmoid(y)."""
    gamma, beta, kind, activation = data(node, 1), data(node, 2), x.dtype, integer(node, "activation", 0)
    if activation not in (0, 1):
        refuse(f"the fused activation {activation}")
    rank, is_last = len(shape_of(x)), integer(node, "channels_last", 1)
    y = b.op("Transpose", x, perm=[0, rank - 1, *range(1, rank - 1)]) if is_last else x
    y = y if kind == gamma.dtype else b.op("Cast", y, to=elem_type(gamma.dtype))
    groups, epsilon = integer(node, "groups", 1), number(node, "epsilon", 1e-5)
    y = b.op("GroupNormalization", y, gamma, beta, num_groups=groups, epsilon=epsilon)
    y = b.op("Mul", y, b.op("Sigmoid", y)) if activation else y
    y = y if kind == gamma.dtype else b.op("Cast", y, to=elem_type(kind))
    return b.op("Transpose", y, perm=[0, *range(2, rank), 1]) if is_last else y


@compose("com.microsoft.EmbedLayerNormalization")
def embed_layer_normalization(b: Builder, node: Node) -> Result:
    """EmbedLayerNormalization(ids, segments, words, places, kinds, gamma, beta, mask, positions) ->
    LayerNormalization(words[ids] + places[positions] + kinds[segments], gamma, beta), how many keys of each sequence
    the mask keeps, that sum. The positions are 0, 1, ... where they are left out.
    """
    ids, segments, mask, positions = data(node), operand(node, 1), operand(node, 7), operand(node, 8)
    table = data(node, 3)
    if positions is None:
        length = shape_of(ids)[1]
        end = [length] if isinstance(length, int) else b.op("Slice", b.op("Shape", ids), [1], [2], [0])
        places = b.op("Slice", table, [0], end, [0])
    else:
        places = b.op("Gather", table, positions, axis=0)
    total = b.op("Add", b.op("Gather", data(node, 2), ids, axis=0), places)
    if segments is not None:
        total = b.op("Add", total, b.op("Gather", data(node, 4), segments, axis=0))
    y = b.op("LayerNormalization", total, data(node, 5), data(node, 6), axis=-1, epsilon=number(node, "epsilon", 1e-12))
    return [y, _kept(b, ids, mask), total] if len(node.outputs) > 1 else y


def _kept(b: Builder, ids: Value, mask: Value | None) -> Value:
    """How many elements of each row of the mask are 1; 0 without a mask."""
    batch = shape_of(ids)[0]
    if mask is None and isinstance(batch, int):
        return b.constant(table_size.zeros((batch,), np.int32))
    ones = b.op("Mul", ids, scalar(ids, 0)) if mask is None else b.op("Equal", mask, scalar(mask, 1))
    return b.op("ReduceSum", b.op("Cast", ones, to=elem_type(np.int32)), [1], keepdims=0)


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
