"""Layers that move elements.

Source: reshape_layer, flatten_layer, concat_layer, tile_layer (src/caffe/layers of BVLC Caffe 1.0).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder

from .table import Layer, lower, shape_of


@lower("Concat", param="concat_param")
def concat(b: Builder, layer: Layer, x: Value, *others: Value) -> Value:
    p = layer.param
    axis = p.concat_dim if p.HasField("concat_dim") else p.axis
    axis, xs = layer.axis(axis, x), (x, *others)
    if len({(*shape_of(x)[:axis], *shape_of(x)[axis + 1 :]) for x in xs}) != 1:
        shapes = ", ".join(str(list(shape_of(x))) for x in xs)
        raise layer.invalid(f"cannot concatenate {shapes} along axis {axis}")
    return b.op("Concat", *xs, axis=axis) if len(xs) > 1 else xs[0]


@lower("Reshape", param="reshape_param")
def reshape(b: Builder, layer: Layer, x: Value) -> Value:
    p = layer.param
    shape = shape_of(x)
    first = p.axis if p.axis >= 0 else len(shape) + p.axis + 1
    end = len(shape) if p.num_axes == -1 else first + p.num_axes
    if any(size == 0 and not 0 <= first + at < len(shape) for at, size in enumerate(p.shape.dim)):
        raise layer.invalid(f"a dim of 0 copies a size, and the bottom has only {len(shape)} axes")
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


@lower("ShuffleChannel", param="shuffle_channel_param", axes=4)
def shuffle_channel(b: Builder, layer: Layer, x: Value) -> Value:
    n, c, h, w = shape_of(x)
    groups = layer.param.group
    if not groups or c % groups:
        raise layer.invalid(f"group {groups} does not divide {c} channels")
    y = b.op("Transpose", b.op("Reshape", x, copied((n,), [n, groups, c // groups, h, w])), perm=[0, 2, 1, 3, 4])
    return b.op("Reshape", y, copied((n, c // groups), [n, c, h, w]))


@lower("Parameter", param="parameter_param")
def parameter(b: Builder, layer: Layer) -> Value:
    return b.constant(layer.blob(0, *layer.param.shape.dim), name=layer.name)


@lower("Split")
def split(b: Builder, layer: Layer, x: Value) -> list[Value]:
    """Caffe's Split copies; what cuts is Slice."""
    return [x] * len(layer.message.top)
