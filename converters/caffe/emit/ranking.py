"""The largest elements along an axis. Of equal elements Caffe's ArgMax gives the last, ONNX wants the first: so the
axis is turned around for it, and one element is found without ArgMax."""

from __future__ import annotations

import numpy as np

from mgeconvert.ir import table_size
from mgeconvert.ir.table_size import check_table

from .along_axes import maximum
from .broadcasting import add, multiply
from .constant_positions import MATRIX, pick
from .net import PIECES, Blob, Net, Params
from .thresholds import complement, step_of_difference


def best_position(net: Net, x: Blob, axis: int, *, last: bool) -> Blob:
    """[..., 1, ...]: where the largest element is, the first or the last of equal ones.

    Each element that equals the largest gets a number that falls (or rises) along the axis; the largest number wins.
    """
    size = x.shape[axis]
    is_best = complement(net, step_of_difference(net, add(net, maximum(net, x, [axis]), x, factors=(1.0, -1.0))))
    check_table(size)
    numbers = np.arange(1, size + 1) if last else table_size.arange(size, 0, -1)
    shape = [size if at == axis else 1 for at in range(x.rank)]
    best = maximum(net, multiply(net, is_best, numbers.reshape(shape).astype(np.float32)), [axis])
    return net.power(best, shift=-1.0) if last else net.power(best, scale=-1.0, shift=size)


def best_values(net: Net, x: Blob, axis: int, count: int) -> Blob:
    """The `count` largest elements, largest first."""
    return _arg_max(net, x, axis, count, out_max_val=True)


def best_positions(net: Net, x: Blob, axis: int, count: int) -> Blob:
    """Where the `count` largest elements are; of equal ones the first comes first, unless the axis is too long to turn
    around."""
    size = x.shape[axis]
    if size > PIECES and size * size > MATRIX:
        return _arg_max(net, x, axis, count)
    found = _arg_max(net, _reversed(net, x, axis), axis, count)
    return net.power(found, scale=-1.0, shift=size - 1)


def _reversed(net: Net, x: Blob, axis: int) -> Blob:
    size = x.shape[axis]
    if not 1 < size <= PIECES:
        return pick(net, x, axis, range(size - 1, -1, -1))
    one = (*x.shape[:axis], 1, *x.shape[axis + 1 :])
    parts = net.layer_n("Slice", [x], [one] * size, axis=axis)
    return net.along("Concat", axis, *reversed(parts), shape=x.shape)


def _arg_max(net: Net, x: Blob, axis: int, count: int, **params: bool) -> Blob:
    fields: Params = {"axis": axis} | ({"top_k": count} if count != 1 else {}) | params
    return net.layer("ArgMax", x, shape=(*x.shape[:axis], count, *x.shape[axis + 1 :]), **fields)
