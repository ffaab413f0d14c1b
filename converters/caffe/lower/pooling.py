"""Pooling and the pyramid of poolings.

Source: pooling_layer, spp_layer (src/caffe/layers of BVLC Caffe 1.0).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Value, table_size
from mgeconvert.ir.builder import Builder
from mgeconvert.ir.table_size import check_table

from ..pooling_windows import caffe_count
from .table import Layer, lower, shape_of
from .windows import spatial

MAX, AVE = 0, 1
LONGEST = 1 << 20
"""The largest window, stride and number of windows along an axis: no image is larger."""
FLOOR = 1


@lower("Pooling", param="pooling_param", axes=4)
def pooling(b: Builder, layer: Layer, x: Value) -> Value:
    p = layer.param
    if p.pool not in (MAX, AVE):
        refuse("stochastic pooling")
    if len(layer.message.top) > 1:
        refuse("its second top, the mask, is used for unpooling")
    if p.global_pooling:
        return b.op("GlobalMaxPool" if p.pool == MAX else "GlobalAveragePool", x)
    kernel, pad = spatial(layer, "kernel_size", "kernel", 2, 0), spatial(layer, "pad", "pad", 2, 0)
    strides = spatial(layer, "stride", "stride", 2, 1)
    if 0 in kernel:
        raise layer.invalid("no kernel_size")
    return pool(b, x, p.pool, kernel, strides, pad, floor=p.round_mode == FLOOR)


@lower("SPP", param="spp_param", axes=4)
def spatial_pyramid(b: Builder, layer: Layer, x: Value) -> Value:
    """Poolings into 1, 2 x 2, 4 x 4 ... bins, joined as one vector."""
    p = layer.param
    if p.pool not in (MAX, AVE):
        refuse("stochastic pooling")
    if p.pyramid_height < 1:
        raise layer.invalid("no pyramid_height")
    parts = []
    for bins in (2**level for level in range(p.pyramid_height)):
        kernel = [-(-size // bins) for size in shape_of(x)[2:]]
        pad = [(k * bins - size + 1) // 2 for k, size in zip(kernel, shape_of(x)[2:], strict=True)]
        parts.append(pool(b, x, p.pool, kernel, kernel, pad))
    if len(parts) == 1:
        return parts[0]
    return b.op("Concat", *(b.op("Flatten", part, axis=1) for part in parts), axis=1)


def pool(
    b: Builder,
    x: Value,
    kind: int,
    kernel: Sequence[int],
    strides: Sequence[int],
    pad: Sequence[int],
    floor: bool = False,
) -> Value:
    """Caffe's windows with explicit padding; its divisors by a constant factor where ONNX has no name for them."""
    sizes = shape_of(x)[2:]
    counts, ends = [], []
    for size, k, s, p in zip(sizes, kernel, strides, pad, strict=True):
        count = (size + 2 * p - k) // s + 1 if floor else caffe_count(size, k, s, p)
        if count < 1 or (count - 1) * s >= size + p:
            refuse(f"a window of {k} with stride {s} lies outside an input of {size}")
        if max(k, s, count) > LONGEST:
            refuse(f"windows of {k} with stride {s} on an input of {size}: more than {LONGEST:,} along one axis")
        counts.append(count)
        ends.append(max(0, (count - 1) * s + k - size - p))
    attrs: dict[str, Any] = {"kernel_shape": kernel, "strides": strides, "pads": [*pad, *ends]}
    plain = not any(pad)  # then Caffe counts what lies inside the input, like ONNX
    y = (
        b.op("MaxPool", x, **attrs)
        if kind == MAX
        else b.op("AveragePool", x, count_include_pad=int(not plain), **attrs)
    )
    if shape_of(y)[2:] != tuple(counts):
        y = b.op("Slice", y, [0, 0], counts, [2, 3])
    if kind == MAX or plain:
        return y
    factors = []
    for size, k, s, p, count in zip(sizes, kernel, strides, pad, counts, strict=True):
        check_table(*counts)
        starts = table_size.arange(count) * s - p
        factors.append(k / (np.minimum(starts + k, size + p) - starts))
    correction = np.outer(*factors).astype(np.float32)
    return y if np.all(correction == 1) else b.op("Mul", y, correction)
