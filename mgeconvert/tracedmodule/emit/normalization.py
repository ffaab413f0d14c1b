"""Normalization: built-in modules, or functions where the source called those; and Dropout."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Node, Value, table_size
from mgeconvert.ir.inference import elem_type
from mgeconvert.ir.table_size import check_table

from .attributes import floats, integer
from .builder import EmitBuilder, again, like
from .calls import EmittedCall, StoredTensor, function
from .operands import rank, sole, tensor_of
from .scopes import module_kind, was_function, weight_path
from .table import emit, rewrite
from .weights import in_layout, module_of


@emit("BatchNormalization")
def batch_normalization(node: Node) -> EmittedCall:
    """Two to four axes; more are rewritten."""
    x, scale, shift, mean, variance = node.inputs
    shape = (1, -1, 1, 1)
    weight, bias, running_mean, running_var = (in_layout(value, shape) for value in (scale, shift, mean, variance))
    eps, momentum = floats(node, "epsilon", 1e-5), floats(node, "momentum", 0.9)
    if was_function(node):
        return function(
            "nn.batch_norm", x, running_mean, running_var, weight, bias,
            training=False, momentum=momentum, eps=eps, inplace=True,
        )  # fmt: skip
    assert mean is not None
    assert mean.array is not None
    return module_of(
        node, "BatchNorm2d" if rank(x) == 4 else "BatchNorm1d",
        {
            "num_features": mean.array.size, "eps": eps, "momentum": momentum, "affine": True,
            "track_running_stats": True, "_track_running_stats_saved": True, "freeze": False, "weight": weight,
            "bias": bias, "running_mean": StoredTensor(running_mean.array, trained=False),
            "running_var": StoredTensor(running_var.array, trained=False),
        },
        weight_path(node, scale, mean),
    )  # fmt: skip


@emit("LayerNormalization")
def layer_normalization(node: Node) -> EmittedCall:
    """The scale is a constant of the shape of the normalized axes: other forms are written in steps."""
    x, scale, shift = [*node.inputs, None][:3]
    assert scale is not None
    assert scale.array is not None
    shape = scale.array.shape
    bias = StoredTensor(table_size.zeros(shape, scale.array.dtype)) if shift is None else in_layout(shift, shape)
    eps = floats(node, "epsilon", 1e-5)
    if was_function(node):
        return function("nn.layer_norm", x, shape, True, scale, shift if shift is not None else bias, eps)
    return module_of(
        node, "LayerNorm",
        {"normalized_shape": shape, "eps": eps, "affine": True, "weight": StoredTensor(scale.array), "bias": bias},
        weight_path(node, scale),
    )  # fmt: skip


def _channel_norm(node: Node, kind: str, name: str, own: dict[str, Any], *given: Any) -> EmittedCall:
    x, scale, shift = node.inputs
    weight, bias = (in_layout(value, (-1,)) for value in (scale, shift))
    eps = floats(node, "epsilon", 1e-5)
    if was_function(node):
        return function(name, x, *given, True, weight, bias, eps)
    attributes = {**own, "num_channels": weight.array.size, "eps": eps, "affine": True, "weight": weight, "bias": bias}
    return module_of(node, kind, attributes, weight_path(node, scale))


@emit("GroupNormalization")
def group_normalization(node: Node) -> EmittedCall:
    groups = integer(node, "num_groups")
    return _channel_norm(node, "GroupNorm", "nn.group_norm", {"num_groups": groups}, groups)


@emit("InstanceNormalization")
def instance_normalization(node: Node) -> EmittedCall:
    return _channel_norm(node, "InstanceNorm", "nn.instance_norm", {})


@emit("LRN")
def local_response_normalization(node: Node) -> EmittedCall:
    """ONNX divides alpha by the window, MegEngine does not."""
    size = integer(node, "size")
    alpha = float(np.float32(floats(node, "alpha", 1e-4) / size))
    values = (size, floats(node, "bias", 1.0), alpha, floats(node, "beta", 0.75))
    own = dict(zip(("kernel_size", "k", "alpha", "beta"), values, strict=True))
    module = module_kind(node, "LocalResponseNorm", own, node.inputs[0])
    return module or function("nn.local_response_norm", node.inputs[0], *values)


@rewrite("GroupNormalization", "InstanceNormalization")
def in_four_axes(b: EmitBuilder, node: Node) -> Value | None:
    """``GroupNormalization(x) -> Reshape(GroupNormalization(Reshape(x, (N, C, -1, 1))))``; other norms over channels
    likewise."""
    x = tensor_of(node)
    shape = x.static_shape
    if rank(x) == 4:
        return None
    if shape is None:
        refuse(f"{node.op} of {rank(x)} axes with sizes that are only known at run time")
    flat = b.op("Reshape", x, [shape[0], shape[1], -1, 1])
    return b.op("Reshape", again(b, node, flat, node.inputs[1:]), list(shape))


@rewrite("BatchNormalization")
def scale_and_shift(b: EmitBuilder, node: Node) -> Value | None:
    """``BatchNormalization(x) -> x * f + (shift - mean * f)``, ``f = scale / sqrt(variance + epsilon)``, where a
    statistic is computed; more than four axes are reshaped."""
    x, scale, shift, mean, variance = node.inputs
    if node.attrs.get("training_mode"):
        refuse("batch normalization in training mode")
    if any(value is None or value.array is None for value in (scale, shift, mean, variance)):
        shape = [1, -1, *[1] * (rank(x) - 2)]
        factor = b.op("Div", scale, b.op("Sqrt", b.op("Add", variance, floats(node, "epsilon", 1e-5))))
        offset = b.op("Sub", shift, b.op("Mul", mean, factor))
        return b.op("Add", b.op("Mul", x, b.op("Reshape", factor, shape)), b.op("Reshape", offset, shape))
    return in_four_axes(b, node) if rank(x) > 4 else None


@rewrite("LayerNormalization")
def layer_normalization_in_steps(b: EmitBuilder, node: Node) -> list[Value] | None:
    """``LayerNormalization(x) -> d / s * scale + shift, m, 1 / s`` with ``m = ReduceMean(x)``, ``d = x - m`` and
    ``s = Sqrt(ReduceMean(d * d) + epsilon)``, where the scale or shift broadcasts or is computed, where the mean or the
    inverse deviation is read too, and for other types than float32."""
    x, scale, shift = [*node.inputs, None][:3]
    assert x is not None
    if x.shape is None:
        refuse("a tensor whose sizes are not known")
    assert scale is not None
    axis = integer(node, "axis", -1) % rank(x)
    shape = x.shape[axis:]
    constant = scale.array is not None and (shift is None or shift.array is not None)
    if (
        len(node.outputs) == 1
        and x.dtype == np.float32
        and scale.shape == shape
        and (shift is None or shift.shape == shape)
        and constant
    ):
        return None
    return _by_hand(b, node, axis)[: len(node.outputs)]


def _by_hand(b: EmitBuilder, node: Node, axis: int) -> list[Value]:
    """The result, the mean and the inverse of the deviation."""
    x, scale, shift = [*node.inputs, None][:3]
    axes = list(range(axis, rank(x)))
    mean = b.op("ReduceMean", x, axes, keepdims=1)
    centred = b.op("Sub", x, mean)
    variance = b.op("ReduceMean", b.op("Mul", centred, centred), axes, keepdims=1)
    deviation = b.op("Sqrt", b.op("Add", variance, floats(node, "epsilon", 1e-5)))
    scaled = b.op("Mul", b.op("Div", centred, deviation), scale)
    result = scaled if shift is None else b.op("Add", scaled, shift)
    statistics = [mean, b.op("Div", like(b, mean, 1), deviation)] if len(node.outputs) > 1 else []
    return [result, *(b.op("Cast", value, to=elem_type(np.float32)) for value in statistics)]


@rewrite("Dropout")
def dropout(b: EmitBuilder, node: Node) -> Sequence[Value]:
    """``Dropout(x) -> x, ones(shape(x))``: at inference every element is kept, the mask is all true."""
    x = tensor_of(node)
    _, ratio, training = [*node.inputs, None, None][:3]
    if (
        training is not None
        and (training.array is None or sole(training))
        and (ratio is None or ratio.array is None or sole(ratio))
    ):
        refuse("Dropout in training mode")
    if len(node.outputs) == 1 or not b.uses.get(node.outputs[1], 0):
        return [x, *[x][: len(node.outputs) - 1]]
    if x.static_shape is None:
        refuse("the mask of a Dropout of a shape that is only known at run time")
    check_table(*x.static_shape)
    return [x, b.constant(table_size.ones(x.static_shape, bool))]
