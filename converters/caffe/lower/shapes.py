"""Layers that move elements."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder

from .table import Layer, lower, shape_of


@lower("Concat", param="concat_param")
def concat(b: Builder, layer: Layer, *xs: Value) -> Value:
    p = layer.param
    axis = p.concat_dim if p.HasField("concat_dim") else p.axis
    axis = layer.axis(axis, xs[0])
    others = {(*shape_of(x)[:axis], *shape_of(x)[axis + 1 :]) for x in xs}
    if len(others) != 1:
        shapes = ", ".join(str(list(shape_of(x))) for x in xs)
        raise layer.invalid(f"cannot concatenate {shapes} along axis {axis}")
    return b.op("Concat", *xs, axis=axis) if len(xs) > 1 else xs[0]


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


@lower("Reshape", param="reshape_param")
def reshape(b: Builder, layer: Layer, x: Value) -> Value:
    p = layer.param
    shape = shape_of(x)
    first = p.axis if p.axis >= 0 else len(shape) + p.axis + 1
    end = len(shape) if p.num_axes == -1 else first + p.num_axes
    dims = [shape[first + at] if size == 0 else size for at, size in enumerate(p.shape.dim)]
    return b.op("Reshape", x, copied(shape, [*shape[:first], *dims, *shape[end:]]))


def copied(old: Sequence[int], new: Sequence[int]) -> list[int]:
    """`new` with 0, which copies a size, for the first sizes that are those of `old`: the batch may change later."""
    same = next(
        (at for at, pair in enumerate(zip(old, new, strict=False)) if pair[0] != pair[1]), min(len(old), len(new))
    )
    return [0] * same + list(new[same:])


@lower("Flatten", param="flatten_param")
def flatten(b: Builder, layer: Layer, x: Value) -> Value:
    shape = shape_of(x)
    first, last = layer.axis(layer.param.axis, x), layer.axis(layer.param.end_axis, x)
    size = int(np.prod(shape[first : last + 1]))
    return b.op("Reshape", x, copied(shape, [*shape[:first], size, *shape[last + 1 :]]))


@lower("Permute", param="permute_param")
def permute(b: Builder, layer: Layer, x: Value) -> Value:
    order = list(layer.param.order)
    return b.op("Transpose", x, perm=order + [axis for axis in range(len(shape_of(x))) if axis not in order])


@lower("Tile", param="tile_param")
def tile(b: Builder, layer: Layer, x: Value) -> Value:
    repeats = [1] * len(shape_of(x))
    repeats[layer.axis(layer.param.axis, x)] = layer.param.tiles
    if layer.param.tiles < 1:
        raise layer.invalid(f"{layer.param.tiles} tiles")
    return b.op("Tile", x, repeats)


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


@lower("ShuffleChannel", param="shuffle_channel_param", axes=4)
def shuffle_channel(b: Builder, layer: Layer, x: Value) -> Value:
    n, c, h, w = shape_of(x)
    groups = layer.param.group
    if not groups or c % groups:
        raise layer.invalid(f"group {groups} does not divide {c} channels")
    y = b.op("Transpose", b.op("Reshape", x, copied((n,), [n, groups, c // groups, h, w])), perm=[0, 2, 1, 3, 4])
    return b.op("Reshape", y, copied((n, c // groups), [n, c, h, w]))


@lower("Reverse")
def reverse(b: Builder, layer: Layer, x: Value) -> Value:
    return b.op("Slice", x, [-1], [-(1 << 31)], [0], [-1])


@lower("Upsample", param="upsample_param", axes=4, note="nearest, as in the YOLO forks")
def upsample(b: Builder, layer: Layer, x: Value) -> Value:
    p = layer.param
    n, c, h, w = shape_of(x)
    height, width = p.upsample_h or h * (p.scale_h or p.scale), p.upsample_w or w * (p.scale_w or p.scale)
    attrs = {"mode": "nearest", "nearest_mode": "floor", "coordinate_transformation_mode": "asymmetric"}
    return b.op("Resize", x, None, None, [n, c, height, width], **attrs)


@lower("Interp", param="interp_param", axes=4, note="bilinear with aligned corners, as in the DeepLab forks")
def interp(b: Builder, layer: Layer, x: Value) -> Value:
    p = layer.param
    n, c, *sizes = shape_of(x)
    if p.pad_beg or p.pad_end:
        begin, end = min(0, p.pad_beg), min(0, p.pad_end)
        x = b.op("Slice", x, [-begin, -begin], [size + end for size in sizes], [2, 3])
        sizes = [size + begin + end for size in sizes]
    if p.HasField("height") and p.HasField("width"):
        wanted = [p.height, p.width]
    else:
        small = [(size - 1) // p.shrink_factor + 1 for size in sizes]
        wanted = [size + (size - 1) * (p.zoom_factor - 1) for size in small]
    attrs = {"mode": "linear", "coordinate_transformation_mode": "align_corners"}
    return b.op("Resize", x, None, None, [n, c, *wanted], **attrs)


@lower("Silence")
def silence(b: Builder, layer: Layer, *xs: Value) -> Sequence[Value]:
    return []


@lower("Parameter", param="parameter_param")
def parameter(b: Builder, layer: Layer) -> Value:
    return b.constant(layer.blob(0, *layer.param.shape.dim), name=layer.name)
