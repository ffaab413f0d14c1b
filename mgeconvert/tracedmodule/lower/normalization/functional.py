"""Normalization by computed or stored statistics. Source: megengine/functional/nn.py (MegEngine 1.13)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mgeconvert.errors import refuse
from mgeconvert.ir import Value, table_size
from mgeconvert.ir.builder import Builder

from ..elementwise.modes import elemwise
from ..names import MATH, NN
from ..operands import rank, tensor
from ..reduction import norm
from ..shapes import as_shape_operand, dimension, reshape
from ..table import lower


@lower(MATH + "normalize")
def normalize(b: Builder, inp: Value, ord: float | None = None, axis: int | None = None, eps: float = 1e-12) -> Value:
    return elemwise(b, "TRUE_DIV", inp, elemwise(b, "MAX", norm(b, inp, ord, axis, axis is not None), eps))


def _per_channel(b: Builder, x: Value | None, channels: int, default: float, dtype: Any) -> Value:
    if x is None:
        return b.constant(table_size.full(channels, default, dtype))
    return reshape(b, tensor(b, x, dtype), [channels])


def _channels(x: Value) -> int:
    if x.shape is None or not isinstance(x.shape[1], int):
        refuse("normalization over channels whose number is only known at run time")
    return x.shape[1]


@lower(NN + "batch_norm")
def batch_norm(
    b: Builder,
    inp: Value,
    running_mean: Value | None = None,
    running_var: Value | None = None,
    weight: Value | None = None,
    bias: Value | None = None,
    *,
    training: bool = False,
    momentum: float = 0.9,
    eps: float = 1e-5,
    inplace: bool = True,
    compute_mode: str = "default",
    param_dim: str = "dim_1c11",
) -> Value:
    """Always the inference form; statistics of the batch are used only where none were kept."""
    channels = _channels(inp)
    if running_mean is None or running_var is None:
        shape = [1, channels, *[1] * (rank(inp) - 2)]
        weight, bias = (None if x is None else reshape(b, x, shape) for x in (weight, bias))
        return normalize_axes(b, inp, [0, *range(2, rank(inp))], weight, bias, eps)
    scale, shift, mean, variance = (
        _per_channel(b, x, channels, default, inp.dtype)
        for x, default in ((weight, 1), (bias, 0), (running_mean, 0), (running_var, 1))
    )
    return b.op("BatchNormalization", inp, scale, shift, mean, variance, epsilon=eps)


@lower(NN + "sync_batch_norm")
def sync_batch_norm(
    b: Builder,
    inp: Value,
    running_mean: Value | None,
    running_var: Value | None,
    weight: Value | None = None,
    bias: Value | None = None,
    training: bool = False,
    momentum: Any = 0.9,
    eps: float = 1e-5,
    eps_mode: str = "additive",
    group: Any = None,
) -> Value:
    """The `max` form bounds the variance from below instead of adding to it."""
    if eps_mode.lower() == "max" and running_var is not None:
        return batch_norm(b, inp, running_mean, b.op("Max", running_var, eps), weight, bias, eps=0.0)
    return batch_norm(b, inp, running_mean, running_var, weight, bias, eps=eps)


def normalize_axes(
    b: Builder, inp: Value, axes: Sequence[int], weight: Value | None, bias: Value | None, eps: float
) -> Value:
    """(x - mean) / sqrt(var + eps) over `axes`, then weight and bias as they broadcast."""
    centred = b.op("Sub", inp, b.op("ReduceMean", inp, list(axes), keepdims=1))
    variance = b.op("ReduceMean", b.op("Mul", centred, centred), list(axes), keepdims=1)
    output = b.op("Div", centred, b.op("Sqrt", b.op("Add", variance, eps)))
    output = output if weight is None else b.op("Mul", output, weight)
    return output if bias is None else b.op("Add", output, bias)


@lower(NN + "layer_norm")
def layer_norm(
    b: Builder,
    inp: Value,
    normalized_shape: int | Sequence[int],
    affine: bool,
    weight: Value | None = None,
    bias: Value | None = None,
    eps: float = 1e-5,
) -> Value:
    """Over the last axes, as many as `normalized_shape` has."""
    shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
    scale = (
        reshape(b, weight, shape) if affine and weight is not None else b.constant(table_size.ones(shape, inp.dtype))
    )
    shift = reshape(b, bias, shape) if affine and bias is not None else None
    return b.op("LayerNormalization", inp, scale, shift, axis=-len(shape), epsilon=eps)


@lower(NN + "group_norm")
def group_norm(
    b: Builder,
    inp: Value,
    num_groups: int,
    affine: bool,
    weight: Value | None = None,
    bias: Value | None = None,
    eps: float = 1e-5,
) -> Value:
    channels = _channels(inp)
    scale = _per_channel(b, weight if affine else None, channels, 1, inp.dtype)
    shift = _per_channel(b, bias if affine else None, channels, 0, inp.dtype)
    return b.op("GroupNormalization", inp, scale, shift, num_groups=num_groups, epsilon=eps)


@lower(NN + "instance_norm")
def instance_norm(
    b: Builder,
    inp: Value,
    affine: bool,
    weight: Value | None = None,
    bias: Value | None = None,
    eps: float = 1e-5,
) -> Value:
    channels = _channels(inp)
    scale = _per_channel(b, weight if affine else None, channels, 1, inp.dtype)
    shift = _per_channel(b, bias if affine else None, channels, 0, inp.dtype)
    return b.op("InstanceNormalization", inp, scale, shift, epsilon=eps)


@lower(NN + "general_norm")
def general_norm(
    b: Builder,
    inp: Value,
    normalized_axis: int | Sequence[int],
    affine: bool = True,
    weight: Value | None = None,
    bias: Value | None = None,
    eps: float = 1e-5,
) -> Value:
    """Over any axes; weight and bias have the sizes of those axes."""
    axes = sorted(
        axis % rank(inp) for axis in ([normalized_axis] if isinstance(normalized_axis, int) else normalized_axis)
    )
    sizes = [dimension(b, inp, axis) if axis in axes else 1 for axis in range(rank(inp))]
    if not affine:
        weight = bias = None
    scale, shift = (None if x is None else b.op("Reshape", x, as_shape_operand(b, sizes)) for x in (weight, bias))
    return normalize_axes(b, inp, axes, scale, shift, eps)


@lower(NN + "local_response_norm")
def local_response_norm(
    b: Builder, inp: Value, kernel_size: int = 5, k: float = 2.0, alpha: float = 1e-4, beta: float = 0.75
) -> Value:
    """MegEngine's alpha is not divided by the window, ONNX's is."""
    return b.op("LRN", inp, size=kernel_size, bias=k, alpha=alpha * kernel_size, beta=beta)


@lower(NN + "dropout")
def dropout(b: Builder, inp: Value, drop_prob: float, training: bool = True) -> Value:
    return inp
