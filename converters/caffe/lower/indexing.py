"""Embed, Slice, Crop, Reverse.

Source: embed_layer, slice_layer, crop_layer, batch_reindex_layer (src/caffe/layers of BVLC Caffe 1.0).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder

from .table import INT64, Layer, lower, shape_of


@lower("Embed", param="embed_param")
def embed(b: Builder, layer: Layer, x: Value) -> Value:
    p = layer.param
    table = b.constant(layer.blob(0, p.input_dim, p.num_output))
    y = b.op("Gather", table, b.op("Cast", x, to=INT64), axis=0)
    return b.op("Add", y, layer.blob(1, p.num_output)) if p.bias_term else y


@lower("Slice", param="slice_param")
def slice_(b: Builder, layer: Layer, x: Value) -> Sequence[Value]:
    p = layer.param
    axis = layer.axis(p.slice_dim if p.HasField("slice_dim") else p.axis, x)
    size, count = shape_of(x)[axis], len(layer.message.top)
    points = [0, *p.slice_point, size] if p.slice_point else [size * at // count for at in range(count + 1)]
    sizes = np.diff(points).tolist()
    if len(sizes) != count or min(sizes) <= 0 or (not p.slice_point and size % count):
        raise layer.invalid(f"{count} tops cannot be cut from {size} at {list(p.slice_point)}")
    return b.ops("Split", count, x, sizes, axis=axis) if count > 1 else [x]


@lower("Crop", param="crop_param")
def crop(b: Builder, layer: Layer, x: Value, like: Value) -> Value:
    first = layer.axis(layer.param.axis, x)
    axes = list(range(first, len(shape_of(x))))
    offsets = list(layer.param.offset) or [0]
    offsets = offsets * len(axes) if len(offsets) == 1 else offsets
    if len(offsets) != len(axes) or len(shape_of(like)) != len(shape_of(x)):
        raise layer.invalid(f"{len(offsets)} offsets for {len(axes)} axes of {x.type_text} like {like.type_text}")
    ends = [offset + shape_of(like)[axis] for offset, axis in zip(offsets, axes, strict=True)]
    over = [axis for axis, end in zip(axes, ends, strict=True) if end > shape_of(x)[axis]]
    if over:
        raise layer.invalid(
            f"crops {list(shape_of(x))} at {offsets} like {list(shape_of(like))}, which is outside along axis {over[0]}"
        )
    return b.op("Slice", x, offsets, ends, axes)


@lower("Reverse")
def reverse(b: Builder, layer: Layer, x: Value) -> Value:
    return b.op("Slice", x, [-1], [-(1 << 31)], [0], [-1])


@lower("BatchReindex", note="positions as Caffe wants them: whole numbers from 0")
def batch_reindex(b: Builder, layer: Layer, x: Value, positions: Value) -> Value:
    """The rows at `positions`, which may repeat."""
    return b.op("Gather", x, b.op("Cast", positions, to=INT64), axis=0)
