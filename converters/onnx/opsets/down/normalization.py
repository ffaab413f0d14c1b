"""Normalizations as the arithmetic that the ONNX specification defines them by; Dropout at inference."""

from __future__ import annotations

import math

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Dim, Node, Value, table_size

from .operands import axis_of, constant, data, dtype_of, operand, shape_of
from .replacement import Replacement
from .table import Result, downgrade, without_attribute

STASH: dict[int, np.dtype] = {1: np.dtype(np.float32), 11: np.dtype(np.float64)}
"""`stash_type`, a TensorProto.DataType, as the type the statistics are computed in."""


downgrade("BatchNormalization", since=14)(without_attribute("training_mode", only=0))


@downgrade("LayerNormalization", since=17)
def layer_norm(r: Replacement, node: Node) -> Result:
    """LayerNormalization(x, scale, bias, axis) -> (x - mean) / sqrt(var + epsilon) * scale + bias, from `axis` on."""
    x = data(node)
    first = axis_of(node, -1)
    axes = tuple(range(first, len(shape_of(x))))
    wide = r.cast(x, _stash(node, x))
    mean, inverse, normal = _standardized(r, node, wide, axes)
    y = r.op("Mul", r.cast(normal, x.dtype), data(node, 1))
    bias = operand(node, 2)
    if bias is not None:
        y = r.op("Add", y, bias)
    return [y, mean, inverse][: len(node.outputs)]


@downgrade("RMSNormalization", since=23)
def rms_norm(r: Replacement, node: Node) -> Result:
    """RMSNormalization(x, scale) -> x / sqrt(mean(x^2) + epsilon) * scale over the axes from `axis` on."""
    x = data(node)
    axes = table_size.arange(axis_of(node, -1), len(shape_of(x)))
    wide = r.cast(x, _stash(node, x))
    square = r.op("ReduceMean", r.op("Mul", wide, wide), axes, shape=_reduced(x, tuple(axes.tolist())), keepdims=1)
    root = r.op("Sqrt", r.op("Add", square, np.array(_epsilon(node), wide.dtype)))
    return r.op("Mul", r.cast(r.op("Div", wide, root), x.dtype), data(node, 1))


@downgrade("GroupNormalization", since=21)
def group_norm(r: Replacement, node: Node) -> Result:
    """GroupNormalization(x, scale, bias) -> Reshape(InstanceNormalization(Reshape(x, N, groups, -1))) * scale + bias"""
    x, scale, bias = data(node), data(node, 1), data(node, 2)
    groups = node.attrs["num_groups"]
    assert isinstance(groups, int)
    shape = shape_of(x)
    numbers = [dim for dim in shape[1:] if isinstance(dim, int)]
    inner: Dim = math.prod(numbers) // groups if len(numbers) == len(shape) - 1 else f"{x.name}_group"
    grouped = r.op("Reshape", x, np.array([0, groups, -1]), shape=(shape[0], groups, inner))
    wide = r.cast(grouped, _stash(node, x))
    ones, zeros = table_size.ones(groups, wide.dtype), table_size.zeros(groups, wide.dtype)
    normal = r.op("InstanceNormalization", wide, ones, zeros, epsilon=_epsilon(node), shape=wide.shape)
    y = r.reshape_like(r.cast(normal, x.dtype), x)
    per_channel = (*shape_of(scale), *(1 for _ in shape[2:]))
    return r.op("Add", r.op("Mul", y, r.reshape(scale, per_channel)), r.reshape(bias, per_channel))


@downgrade("MeanVarianceNormalization", since=9)
def mean_variance_norm(r: Replacement, node: Node) -> Result:
    """MeanVarianceNormalization(x) -> (x - mean) / (sqrt(mean(x^2) - mean^2) + 1e-9)"""
    x = data(node)
    axes = node.attrs.get("axes", (0, 2, 3))
    assert isinstance(axes, tuple)
    numbers = tuple(int(axis) for axis in axes)
    mean = r.op("ReduceMean", x, axes=numbers, keepdims=1, shape=_reduced(x, numbers))
    square = r.op("ReduceMean", r.op("Mul", x, x), axes=numbers, keepdims=1, shape=_reduced(x, numbers))
    deviation = r.op("Sqrt", r.op("Sub", square, r.op("Mul", mean, mean)))
    return r.op("Div", r.op("Sub", x, mean), r.op("Add", deviation, np.array(1e-9, dtype_of(x))))


def _standardized(r: Replacement, node: Node, x: Value, axes: tuple[int, ...]) -> tuple[Value, Value, Value]:
    """Mean, 1 / deviation and the standardized values, in the form of opset 16."""
    shape = _reduced(x, axes)
    mean = r.op("ReduceMean", x, axes=axes, keepdims=1, shape=shape)
    centred = r.op("Sub", x, mean)
    variance = r.op("ReduceMean", r.op("Mul", centred, centred), axes=axes, keepdims=1, shape=shape)
    deviation = r.op("Sqrt", r.op("Add", variance, np.array(_epsilon(node), dtype_of(x))))
    inverse = r.op("Reciprocal", deviation)
    return mean, inverse, r.op("Mul", centred, inverse)


def _reduced(x: Value, axes: tuple[int, ...]) -> tuple[int | str, ...]:
    rank = len(shape_of(x))
    kept = {axis % rank for axis in axes}
    return tuple(1 if axis in kept else dim for axis, dim in enumerate(shape_of(x)))


def _epsilon(node: Node) -> float:
    epsilon = node.attrs.get("epsilon", 1e-5)
    assert isinstance(epsilon, int | float)
    return float(epsilon)


def _stash(node: Node, x: Value) -> np.dtype:
    """The type of the statistics: that of `stash_type`, but never narrower than the data."""
    stash = node.attrs.get("stash_type", 1)
    assert isinstance(stash, int)
    if stash not in STASH:
        refuse(f"stash_type {stash}")
    wide: np.dtype = np.promote_types(STASH[stash], dtype_of(x))
    return wide


@downgrade("Dropout", since=12)
def dropout_at_inference(r: Replacement, node: Node) -> Result:
    """Dropout(x, ratio, training_mode=false) -> Dropout(x, ratio=)"""
    ratio, training = constant(node, 1, "a ratio"), constant(node, 2, "a training mode")
    if training is not None and training.item():
        refuse("training mode")
    return r.form(data(node), ratio=0.5 if ratio is None else float(ratio.item()))


@downgrade("Dropout", since=10)
def dropout_without_bool_mask(r: Replacement, node: Node) -> Result:
    """Dropout(x) -> Dropout(x); before 10 its mask was no bool, so a mask is refused."""
    if len(node.outputs) > 1:
        refuse("a mask of type bool")
    return r.form(data(node), **node.attrs)
