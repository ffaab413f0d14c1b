"""BatchNorm, LRN, MVN and SSD's Normalize; Dropout.

Source: batch_norm_layer, lrn_layer, mvn_layer; normalize_layer of the SSD fork.
"""

from __future__ import annotations

import numpy as np

from mgeconvert.ir import Value, table_size
from mgeconvert.ir.builder import Builder

from .affine import affine
from .pooling import AVE, pool
from .table import Layer, lower, shape_of

WITHIN_CHANNEL = 1


@lower("BatchNorm", param="batch_norm_param")
def batch_norm(b: Builder, layer: Layer, x: Value) -> Value:
    """Caffe stores running sums and, as a third blob, what they are to be divided by (0: nothing learned yet)."""
    p = layer.param
    channels = shape_of(x)[1] if len(shape_of(x)) > 1 else 1
    ones, zeros = table_size.ones(channels, np.float32), table_size.zeros(channels, np.float32)
    weights = (
        [layer.blob(3, channels), layer.blob(4, channels)] if p.scale_bias and len(layer.blobs) > 3 else [ones, zeros]
    )
    if p.HasField("use_global_stats") and not p.use_global_stats:
        axes = [axis for axis in range(len(shape_of(x))) if axis != 1]
        y = standardized(b, x, axes, p.eps)
        shape = (-1, *(1,) * (len(shape_of(x)) - 2))
        return (
            y
            if weights[0] is ones
            else b.op("Add", b.op("Mul", y, weights[0].reshape(shape)), weights[1].reshape(shape))
        )
    divisor = float(layer.blob(2, 1)[0])
    factor = np.float32(1 / divisor if divisor else 0)
    mean, variance = (
        blob if factor == 1 else blob * factor for blob in (layer.blob(0, channels), layer.blob(1, channels))
    )
    return b.op("BatchNormalization", x, *weights, mean, variance, epsilon=p.eps)


def standardized(b: Builder, x: Value, axes: list[int], epsilon: float) -> Value:
    """(x - mean) / sqrt(variance + epsilon)."""
    centred = b.op("Sub", x, b.op("ReduceMean", x, axes))
    variance = b.op("ReduceMean", b.op("Mul", centred, centred), axes)
    return b.op("Div", centred, b.op("Sqrt", b.op("Add", variance, float(epsilon))))


@lower("LRN", param="lrn_param", axes=4)
def lrn(b: Builder, layer: Layer, x: Value) -> Value:
    p = layer.param
    if p.norm_region != WITHIN_CHANNEL:
        return b.op("LRN", x, size=p.local_size, alpha=p.alpha, beta=p.beta, bias=p.k)
    size = [p.local_size] * 2
    squares = pool(b, b.op("Mul", x, x), AVE, size, [1, 1], [(p.local_size - 1) // 2] * 2)
    return b.op("Mul", x, b.op("Pow", affine(b, squares, p.alpha, 1.0), float(-p.beta)))


@lower("MVN", param="mvn_param")
def mvn(b: Builder, layer: Layer, x: Value) -> Value:
    """The deviation plus epsilon divides, not the root of variance plus epsilon."""
    p = layer.param
    axes = list(range(1 if p.across_channels else 2, len(shape_of(x))))
    centred = b.op("Sub", x, b.op("ReduceMean", x, axes))
    if not p.normalize_variance:
        return centred
    deviation = b.op("Sqrt", b.op("ReduceMean", b.op("Mul", centred, centred), axes))
    return b.op("Div", centred, b.op("Add", deviation, float(p.eps)))


@lower("Normalize", param="norm_param", axes=4)
def normalize(b: Builder, layer: Layer, x: Value) -> Value:
    """SSD's: by the root of the sum of squares over the channels, or over the whole image."""
    p = layer.param
    axes = [1, 2, 3] if p.across_spatial else [1]
    norm = b.op("Sqrt", b.op("Add", b.op("ReduceSumSquare", x, axes), float(p.eps)))
    channels = 1 if p.channel_shared else shape_of(x)[1]
    return b.op("Mul", b.op("Div", x, norm), layer.blob(0, channels).reshape(-1, 1, 1))


@lower("Dropout", note="nothing happens at inference")
def dropout(b: Builder, layer: Layer, x: Value) -> Value:
    return x
