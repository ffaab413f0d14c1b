"""Normalizations, composed of means, squares and reciprocal roots."""

from __future__ import annotations

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import table_size

from ..layout.view import Stored, plain
from ..layout.wants import CHANNELS_LAST, FOLLOW, VIEW
from ..model import Array, Tensor, merged
from .emission import Emission
from .table import emit


@emit("BatchNormalization", wants=FOLLOW, data=1)
def batch_normalization(c: Emission, x: Tensor) -> Tensor:
    """x * scale + shift with both computed at conversion time."""
    parameters = [c.array(index, what) for index, what in enumerate(("", "scale", "bias", "mean", "variance")) if what]
    scale, bias, mean, variance = (array.astype(np.float64) for array in parameters if array is not None)
    factor = scale / np.sqrt(variance + c.attr("epsilon", 1e-5))
    product = c.op("MUL", x, per_channel(c, factor, x.rank))
    return c.op("ADD", product, per_channel(c, bias - mean * factor, x.rank))


def per_channel(c: Emission, numbers: Array, rank: int) -> Tensor:
    """A constant along the IR's axis 1."""
    where = c.axis(1) if rank > 1 else 0
    shape = [1] * (rank - where)
    shape[0] = -1
    return c.const(numbers.reshape(shape), np.float32)


def normalized(c: Emission, x: Tensor, axes: list[int], epsilon: float) -> Tensor:
    """(x - mean) / sqrt(variance + epsilon) along stored axes."""
    where = c.const(axes, np.int32, "axes")
    shape = tuple(1 if axis in axes else dim for axis, dim in enumerate(x.shape))
    centred = c.op("SUB", x, c.op("MEAN", x, where, shape=shape, KeepDims=True))
    variance = c.op("MEAN", c.op("SQUARE", centred), where, shape=shape, KeepDims=True)
    return c.op("MUL", centred, c.op("RSQRT", c.op("ADD", variance, c.like(epsilon, x))))


@emit("LayerNormalization", wants=FOLLOW, data=1)
def layer_normalization(c: Emission, x: Tensor) -> Tensor:
    if len(c.node.outputs) > 1:
        refuse("LayerNormalization with its mean as an output")
    first = c.attr("axis", -1) % x.rank
    axes = sorted(c.axis(axis) for axis in range(first, x.rank))
    x = normalized(c, x, axes, c.attr("epsilon", 1e-5))
    for op, index in (("MUL", 1), ("ADD", 2)):
        value = c.value(index)
        if value is not None:
            x = c.op(op, x, c.storage.aligned(value, c.layout))
    return x


@emit("InstanceNormalization", wants=FOLLOW, data=1)
def instance_normalization(c: Emission, x: Tensor) -> Tensor:
    axes = sorted(c.axis(axis) for axis in range(2, x.rank))
    return affine(c, normalized(c, x, axes, c.attr("epsilon", 1e-5)))


def affine(c: Emission, x: Tensor) -> Tensor:
    """Times input 1 plus input 2, per channel."""
    scale, bias = c.array(1, "scale"), c.array(2, "bias")
    assert scale is not None
    assert bias is not None
    return c.op("ADD", c.op("MUL", x, per_channel(c, scale, x.rank)), per_channel(c, bias, x.rank))


@emit("GroupNormalization", wants=VIEW)
def group_normalization(c: Emission) -> Stored:
    """The channel axis split into groups, in whatever order the tensor is stored."""
    dims, groups = c.dims(), c.attr("num_groups")
    channels = dims[1]
    if not isinstance(channels, int):
        refuse("a channel count that is known only at run time")
    stored = c.stored()
    layout = stored.view.natural([]) or tuple(range(len(dims)))
    x = c.tensor(0, layout)
    if layout[0] != 0:
        layout = tuple(range(len(dims)))
        x = c.tensor(0, layout)
    where = layout.index(1)
    # at most 4 axes, so that one reshape is enough: with two of one tensor VQGAN was wrong in LiteRT 2.3's builtin
    # kernels (right when all tensors are kept: memory was shared)
    between, behind = x.shape[1:where], x.shape[where + 1 :]
    split = [x.shape[0], groups, channels // groups]
    if between:
        split.insert(1, merged(between))
    if behind:
        split.append(merged(behind))
    reduced = [axis for axis in range(1, len(split)) if axis != 1 + bool(between)]
    c.layout = layout
    x = c.reshape(normalized(c, c.reshape(x, tuple(split)), reduced, c.attr("epsilon", 1e-5)), x.shape)
    return Stored(affine(c, x), plain(dims, layout))


@emit("LpNormalization", wants=FOLLOW)
def lp_normalization(c: Emission, x: Tensor) -> Tensor:
    axis = c.axis(c.attr("axis", -1))
    shape = tuple(1 if index == axis else dim for index, dim in enumerate(x.shape))
    where = c.const([axis], np.int32, "axes")
    if c.attr("p", 2) == 1:
        norm = c.op("SUM", c.op("ABS", x), where, shape=shape, KeepDims=True)
    else:
        norm = c.op("SQRT", c.op("SUM", c.op("SQUARE", x), where, shape=shape, KeepDims=True))
    # zeros stay zeros
    return c.op("DIV", x, c.op("MAXIMUM", norm, c.like(float(np.finfo(np.float32).tiny), x)))


@emit("LRN", wants=CHANNELS_LAST)
def lrn(c: Emission, x: Tensor) -> Tensor:
    size = c.attr("size")
    if size % 2 == 0 or x.rank != 4:
        refuse(f"LRN over {size} channels of {x.rank}-D data: TFLite has odd sizes and 4-D")
    return c.op(
        "LOCAL_RESPONSE_NORMALIZATION", x, Radius=size // 2, Bias=c.attr("bias", 1.0),
        Alpha=c.attr("alpha", 1e-4) / size, Beta=c.attr("beta", 0.75),
    )  # fmt: skip


@emit("MeanVarianceNormalization", wants=FOLLOW)
def mean_variance_normalization(c: Emission, x: Tensor) -> Tensor:
    axes = sorted(c.axis(axis) for axis in c.attr("axes", (0, 2, 3)))
    return normalized(c, x, axes, 1e-9)


@emit("Dropout", wants=VIEW)
def dropout(c: Emission) -> Stored | list[Stored]:
    """Nothing, in evaluation; the mask is all true."""
    training = c.array(2, "training mode")
    if training is not None and training.any():
        refuse("Dropout in training mode draws random numbers; trace the model in evaluation mode")
    stored = c.stored()
    if len(c.node.outputs) == 1:
        return stored
    mask = c.const(table_size.ones(c.known(c.dims(1), "a mask"), bool))
    return [stored, Stored(mask, plain(c.dims(1), tuple(range(mask.rank))))]
