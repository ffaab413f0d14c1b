"""ArgMax and TopK. Of equal elements Caffe's ArgMax gives the last, ONNX wants the first: an axis of whole numbers,
where equal elements are common, is turned around for it; real numbers are left as they are."""

from __future__ import annotations

import numpy as np

from ..net import Blob, Net, Params, Shape
from .indexing import pick
from .table import Array, emit


def ranked(net: Net, x: Blob, axis: int, k: int, *, values: bool, whole: bool) -> Blob:
    """The k largest along an axis, or where they are."""
    axis %= x.rank
    size = x.shape[axis]
    if whole:
        x = pick(net, x, axis, range(size - 1, -1, -1))
    params: Params = {"axis": axis} | ({"top_k": k} if k != 1 else {}) | ({"out_max_val": True} if values else {})
    y = net.layer("ArgMax", x, shape=(*x.shape[:axis], k, *x.shape[axis + 1 :]), **params)
    return net.power(y, scale=-1.0, shift=size - 1) if whole and not values else y


@emit("ArgMax", note="of equal real numbers Caffe gives the last")
def arg_max(
    net: Net, x: Blob, *, axis: int = 0, keepdims: int = 1, select_last_index: int = 0, out: Shape, in_dtype: np.dtype
) -> Blob:
    whole = in_dtype.kind != "f" and not select_last_index
    return net.reshape(ranked(net, x, axis, 1, values=False, whole=whole), out or (1,))


@emit("ArgMin", note="of equal real numbers Caffe gives the last")
def arg_min(
    net: Net, x: Blob, *, axis: int = 0, keepdims: int = 1, select_last_index: int = 0, out: Shape, in_dtype: np.dtype
) -> Blob:
    negative = net.power(x, scale=-1.0)
    return arg_max(net, negative, axis=axis, select_last_index=select_last_index, out=out, in_dtype=in_dtype)


@emit("TopK", note="of equal real numbers Caffe gives the last")
def top_k(
    net: Net, x: Blob, k: Array, *, axis: int = -1, largest: int = 1, sorted: int = 1, in_dtype: np.dtype
) -> list[Blob]:
    sign, whole, count = 1.0 if largest else -1.0, in_dtype.kind != "f", int(k.reshape(()))
    x = net.power(x, scale=sign)
    values, indices = (ranked(net, x, axis, count, values=wanted, whole=whole) for wanted in (True, False))
    return [net.power(values, scale=sign), indices]
