"""Sums and products of operands of different shapes. Caffe's Eltwise does not broadcast; Scale and Bias do, along
adjacent axes."""

from __future__ import annotations

from typing import Any

import numpy as np

from mgeconvert.ir import table_size
from mgeconvert.ir.table_size import check_table

from .net import Blob, Net, Shape
from .table import Operand

CONCAT_UP_TO = 8
"""A blob is repeated by Concat up to so many times, which every tool chain has."""


def repeat(net: Net, x: Blob, axis: int, times: int) -> Blob:
    """`x` repeated along `axis`: by Concat, by a convolution with ones from size 1, else by Tile."""
    if times == 1:
        return x
    shape = (*x.shape[:axis], x.shape[axis] * times, *x.shape[axis + 1 :])
    if times <= CONCAT_UP_TO:
        return net.layer("Concat", *[x] * times, shape=shape, axis=axis)
    if x.shape[axis] == 1:
        outer, inner = int(np.prod(x.shape[:axis])), int(np.prod(x.shape[axis + 1 :]))
        view = net.reshape(x, (outer, 1, inner, 1))
        ones = table_size.ones((times, 1, 1, 1), np.float32)
        params: dict[str, Any] = {"num_output": times, "bias_term": False, "kernel_size": [1]}
        return net.reshape(
            net.layer("Convolution", view, shape=(outer, times, inner, 1), blobs=[ones], **params), shape
        )
    return net.layer("Tile", x, shape=shape, axis=axis, tiles=times)


def expand(net: Net, x: Blob, shape: Shape) -> Blob:
    """`x` broadcast to `shape`."""
    x = net.reshape(x, (1,) * (len(shape) - x.rank) + x.shape)
    for axis, (size, wanted) in enumerate(zip(x.shape, shape, strict=True)):
        if size != wanted:
            x = repeat(net, x, axis, wanted)
    return x


def broadcast_shape(x: Operand, y: Operand) -> Shape:
    return tuple(int(size) for size in np.broadcast_shapes(x.shape or (1,), y.shape or (1,)))


def add(net: Net, x: Operand, y: Operand, factors: tuple[float, float] = (1.0, 1.0)) -> Blob:
    """factors[0] * x + factors[1] * y; at least one operand is a blob."""
    if isinstance(x, np.ndarray):
        return add(net, y, x, factors[::-1])
    if isinstance(y, np.ndarray):
        if y.size == 1:
            x = expand(net, x, broadcast_shape(x, y))
            return net.power(x, scale=factors[0], shift=factors[1] * float(y.reshape(())))
        return per_axes(net, x, np.asarray(factors[0], np.float32), y * np.float32(factors[1]))
    shape = broadcast_shape(x, y)
    return net.eltwise("SUM", expand(net, x, shape), expand(net, y, shape), coeff=factors)


def multiply(net: Net, x: Operand, y: Operand) -> Blob:
    if isinstance(x, np.ndarray):
        return multiply(net, y, x)
    if isinstance(y, np.ndarray):
        if y.size == 1:
            return net.power(expand(net, x, broadcast_shape(x, y)), scale=float(y.reshape(())))
        return per_axes(net, x, y)
    shape = broadcast_shape(x, y)
    if x.shape != y.shape:
        for large, small in ((x, y), (y, x)):
            padded = (1,) * (len(shape) - small.rank) + small.shape
            first, end = covered(padded)
            if large.shape == shape and padded[first:end] == shape[first:end]:
                return net.layer("Scale", large, net.reshape(small, shape[first:end]), axis=first)
    return net.eltwise("PROD", expand(net, x, shape), expand(net, y, shape))


def covered(shape: Shape) -> tuple[int, int]:
    """The range of axes outside which all sizes are 1."""
    axes = [axis for axis, size in enumerate(shape) if size != 1] or [0]
    return axes[0], axes[-1] + 1


def per_axes(net: Net, x: Blob, factor: np.ndarray, bias: np.ndarray | None = None) -> Blob:
    """factor * x + bias by one Scale layer, whose weights cover the axes from the first to the last that differ."""
    shape = tuple(np.broadcast_shapes(x.shape, factor.shape, () if bias is None else bias.shape))
    x = expand(net, x, shape)
    arrays = [array for array in (factor, bias) if array is not None]
    first, end = covered(tuple(np.broadcast_shapes((1,) * len(shape), *(array.shape for array in arrays))))
    flat = [array.reshape((1,) * (len(shape) - array.ndim) + array.shape) for array in arrays]
    check_table(*shape[first:end])
    blobs = [np.broadcast_to(array.reshape(array.shape[first:end]), shape[first:end]) for array in flat]
    params: dict[str, Any] = {key: at for key, at in (("axis", first), ("num_axes", end - first)) if at != 1}
    return net.layer("Scale", x, blobs=blobs, **params | ({} if bias is None else {"bias_term": True}))


def as_blob(net: Net, operand: Operand) -> Blob:
    return net.constant(operand) if isinstance(operand, np.ndarray) else operand


def difference(net: Net, x: Operand, y: Operand) -> Blob:
    return add(net, x, y, factors=(1.0, -1.0))


def filled(net: Net, like: Blob, value: float) -> Blob:
    """A blob of the shape of `like` that holds one number; it does not read `like`, which may hold NaN."""
    return expand(net, net.constant(np.asarray(value, np.float32).reshape((1,) * like.rank)), like.shape)
