"""Operators with weights, normalization and pooling: built-in modules, or functions where the source called those.

Weights get MegEngine's layout back: the group as an extra first axis, biases and statistics as (1, C, 1, 1).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Node, Value

from .attributes import floats, integer, numbers, one_side, rank
from .calls import Call, Module, Parameter, function
from .scopes import CLASSES, module_kind, reshaped_name, was_function, weight_path
from .table import emit

Array = np.ndarray[Any, Any]


def layer(node: Node, kind: str, attributes: dict[str, Any], path: str) -> Module:
    return Module(f"{CLASSES[kind]}.{kind}", attributes, (node.inputs[0],), path)


def _sized(values: tuple[int, ...], dims: int) -> Any:
    """Conv1d takes numbers, the others tuples."""
    return values[0] if dims == 1 else values


def grouped(weight: Array, groups: int) -> Array:
    return weight if groups == 1 else weight.reshape(groups, weight.shape[0] // groups, *weight.shape[1:])


def _inside(value: Value | None, shape: tuple[int, ...]) -> Any:
    """An operand in another shape: a constant as it is written, else None where the source left it out."""
    if value is None:
        return None
    if value.array is None:
        refuse("a bias or statistic that is only known at run time")
    return Parameter(value.array.reshape(shape), reshaped_name(value))


@emit("Conv")
def conv(node: Node) -> Call:
    x, weight, bias = [*node.inputs, None][:3]
    dims = rank(x) - 2
    if dims > 3 or weight is None or weight.static_shape is None:
        refuse(f"a convolution of {dims} spatial axes; MegEngine has 1 to 3")
    groups = integer(node, "group", 1)
    stride, dilation = (_sized(numbers(node, name, (1,) * dims), dims) for name in ("strides", "dilations"))
    padding = _sized(one_side(node, dims), dims)
    assert weight.array is not None  # a computed one is rewritten
    if was_function(node):
        kernel = Parameter(grouped(weight.array, groups), reshaped_name(weight) if groups > 1 else weight.name)
        args = [x, kernel, _inside(bias, (1, -1, *(1,) * dims)), stride, padding, dilation, groups, "cross_correlation"]
        return function(f"nn.conv{dims}d", *args, *(["default"] if dims < 3 else []))
    out, into, *kernel_size = weight.array.shape
    return layer(
        node, f"Conv{dims}d",
        {
            "conv_mode": "cross_correlation", **({"compute_mode": "default"} if dims < 3 else {}),
            **({"padding_mode": "zeros"} if dims < 3 else {}), "in_channels": into * groups, "out_channels": out,
            "kernel_size": _sized(tuple(kernel_size), dims), "stride": stride, "padding": padding, "output_padding": 0,
            "dilation": dilation, "groups": groups, "weight": Parameter(grouped(weight.array, groups)),
            "bias": _inside(bias, (1, -1, *(1,) * dims)),
        },
        weight_path(node, weight),
    )  # fmt: skip


@emit("ConvTranspose")
def conv_transpose(node: Node) -> Call:
    x, weight, bias = [*node.inputs, None][:3]
    dims = rank(x) - 2
    if dims not in (2, 3) or weight is None or weight.static_shape is None:
        refuse(f"a transposed convolution of {dims} spatial axes; MegEngine has 2 and 3")
    assert weight.array is not None  # a computed one is rewritten
    groups = integer(node, "group", 1)
    stride, dilation = (numbers(node, name, (1,) * dims) for name in ("strides", "dilations"))
    padding, extra = one_side(node, dims), numbers(node, "output_padding", (0,) * dims)
    kernel = Parameter(grouped(weight.array, groups), reshaped_name(weight) if groups > 1 else weight.name)
    if was_function(node) or (dims == 3 and groups > 1):
        args = (x, kernel, _inside(bias, (1, -1, *(1,) * dims)), stride, padding, extra, dilation, groups)
        return function(f"nn.conv_transpose{dims}d", *args, *(["cross_correlation", "default"] if dims == 2 else []))
    into, out, *kernel_size = weight.array.shape
    modes = {"conv_mode": "cross_correlation", "compute_mode": "default"} if dims == 2 else {}
    return layer(
        node, f"ConvTranspose{dims}d",
        {
            **modes, "in_channels": into, "out_channels": out * groups, "kernel_size": tuple(kernel_size),
            "stride": stride, "padding": padding, "output_padding": extra, "dilation": dilation, "groups": groups,
            "weight": kernel, "bias": _inside(bias, (1, -1, *(1,) * dims)),
        },
        weight_path(node, weight),
    )  # fmt: skip


@emit("megengine.Linear")
def linear(node: Node) -> Call:
    """A constant (out, in) weight and a bias that may be left out."""
    x, weight, bias = [*node.inputs, None][:3]
    assert weight is not None
    assert weight.array is not None
    if was_function(node):
        return function("nn.linear", x, weight, bias, "default")
    out, into = weight.array.shape
    shift = None if bias is None or bias.array is None else Parameter(bias.array)
    return layer(
        node, "Linear",
        {
            "out_features": out, "in_features": into, "weight": Parameter(weight.array), "bias": shift,
            "compute_mode": "default",
        },
        weight_path(node, weight),
    )  # fmt: skip


@emit("megengine.Embedding")
def embedding(node: Node) -> Call:
    """inputs: the indices and a constant (n, d) weight."""
    x, weight = node.inputs
    assert weight is not None
    assert weight.array is not None
    if was_function(node):
        return function("nn.embedding", x, weight, None, None, None)
    count, size = weight.array.shape
    return layer(
        node, "Embedding",
        {
            "padding_idx": None, "max_norm": None, "norm_type": None, "num_embeddings": count, "embedding_dim": size,
            "freeze": False, "weight": Parameter(weight.array),
        },
        weight_path(node, weight),
    )  # fmt: skip


@emit("BatchNormalization")
def batch_normalization(node: Node) -> Call:
    """Two to four axes; more are rewritten."""
    x, scale, shift, mean, variance = node.inputs
    shape = (1, -1, 1, 1)
    weight, bias, running_mean, running_var = (_inside(value, shape) for value in (scale, shift, mean, variance))
    eps, momentum = floats(node, "epsilon", 1e-5), floats(node, "momentum", 0.9)
    if was_function(node):
        return function(
            "nn.batch_norm", x, running_mean, running_var, weight, bias,
            training=False, momentum=momentum, eps=eps, inplace=True,
        )  # fmt: skip
    assert mean is not None
    assert mean.array is not None
    return layer(
        node, "BatchNorm2d" if rank(x) == 4 else "BatchNorm1d",
        {
            "num_features": mean.array.size, "eps": eps, "momentum": momentum, "affine": True,
            "track_running_stats": True, "_track_running_stats_saved": True, "freeze": False, "weight": weight,
            "bias": bias, "running_mean": Parameter(running_mean.array, trained=False),
            "running_var": Parameter(running_var.array, trained=False),
        },
        weight_path(node, scale, mean),
    )  # fmt: skip


@emit("LayerNormalization")
def layer_normalization(node: Node) -> Call:
    x, scale, shift = [*node.inputs, None][:3]
    axis = integer(node, "axis", -1) % rank(x)
    assert x is not None
    assert x.shape is not None
    shape = x.shape[axis:]
    if any(isinstance(size, str) for size in shape) or scale is None or scale.shape != shape:
        refuse("layer normalization whose scale has not the shape of the normalized axes")
    assert scale.array is not None
    bias = (
        Parameter(np.zeros(scale.array.shape, scale.array.dtype))
        if shift is None
        else _inside(shift, scale.array.shape)
    )
    eps = floats(node, "epsilon", 1e-5)
    if was_function(node):
        return function("nn.layer_norm", x, shape, True, scale, shift if shift is not None else bias, eps)
    return layer(
        node, "LayerNorm",
        {"normalized_shape": shape, "eps": eps, "affine": True, "weight": Parameter(scale.array), "bias": bias},
        weight_path(node, scale),
    )  # fmt: skip


def _channel_norm(node: Node, kind: str, name: str, own: dict[str, Any], *given: Any) -> Call:
    x, scale, shift = node.inputs
    weight, bias = (_inside(value, (-1,)) for value in (scale, shift))
    eps = floats(node, "epsilon", 1e-5)
    if was_function(node):
        return function(name, x, *given, True, weight, bias, eps)
    attributes = {**own, "num_channels": weight.array.size, "eps": eps, "affine": True, "weight": weight, "bias": bias}
    return layer(node, kind, attributes, weight_path(node, scale))


@emit("GroupNormalization")
def group_normalization(node: Node) -> Call:
    groups = integer(node, "num_groups")
    return _channel_norm(node, "GroupNorm", "nn.group_norm", {"num_groups": groups}, groups)


@emit("InstanceNormalization")
def instance_normalization(node: Node) -> Call:
    return _channel_norm(node, "InstanceNorm", "nn.instance_norm", {})


@emit("LRN")
def local_response_normalization(node: Node) -> Call:
    """ONNX divides alpha by the window, MegEngine does not."""
    size = integer(node, "size")
    alpha = float(np.float32(floats(node, "alpha", 1e-4) / size))
    values = (size, floats(node, "bias", 1.0), alpha, floats(node, "beta", 0.75))
    own = dict(zip(("kernel_size", "k", "alpha", "beta"), values, strict=True))
    module = module_kind(node, "LocalResponseNorm", own, node.inputs[0])
    return module or function("nn.local_response_norm", node.inputs[0], *values)


def _pool(node: Node, kind: str, name: str, *extra: tuple[str, Any]) -> Call:
    kernel = numbers(node, "kernel_shape", ())
    values = (kernel, numbers(node, "strides", (1, 1)), one_side(node, 2), *(value for _, value in extra))
    names = ("kernel_size", "stride", "padding", *(key for key, _ in extra))
    module = module_kind(node, kind, dict(zip(names, values, strict=True)), node.inputs[0])
    return module or function(name, node.inputs[0], *values)


@emit("MaxPool")
def max_pool(node: Node) -> Call:
    return _pool(node, "MaxPool2d", "nn.max_pool2d")


@emit("AveragePool")
def average_pool(node: Node) -> Call:
    mode = "average" if node.attrs.get("count_include_pad", 0) else "average_count_exclude_padding"
    return _pool(node, "AvgPool2d", "nn.avg_pool2d", ("mode", mode))


@emit("GlobalAveragePool")
def global_average_pool(node: Node) -> Call:
    module = module_kind(node, "AdaptiveAvgPool2d", {"oshp": 1}, node.inputs[0])
    return module or function("nn.adaptive_avg_pool2d", node.inputs[0], (1, 1))


@emit("GlobalMaxPool")
def global_max_pool(node: Node) -> Call:
    module = module_kind(node, "AdaptiveMaxPool2d", {"oshp": 1}, node.inputs[0])
    return module or function("nn.adaptive_max_pool2d", node.inputs[0], (1, 1))


@emit("Softmax")
def softmax(node: Node) -> Call:
    axis = integer(node, "axis", -1) % max(rank(node.inputs[0]), 1)
    return module_kind(node, "Softmax", {"axis": axis}, node.inputs[0]) or function("nn.softmax", node.inputs[0], axis)


@emit("LogSoftmax")
def log_softmax(node: Node) -> Call:
    axis = integer(node, "axis", -1) % max(rank(node.inputs[0]), 1)
    return function("nn.logsoftmax", node.inputs[0], axis)
