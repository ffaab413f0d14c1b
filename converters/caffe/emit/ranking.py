"""The largest elements along an axis, by Caffe's ArgMax. Of equal elements it gives the last, ONNX wants the first: an
axis of whole numbers, where equal elements are common, is turned around for it; real numbers are left as they are."""

from __future__ import annotations

from .constant_positions import pick
from .net import Blob, Net, Params


def ranked(net: Net, x: Blob, axis: int, k: int, *, values: bool, whole: bool) -> Blob:
    """The k largest along an axis, or where they are."""
    axis %= x.rank
    size = x.shape[axis]
    if whole:
        x = pick(net, x, axis, range(size - 1, -1, -1))
    params: Params = {"axis": axis} | ({"top_k": k} if k != 1 else {}) | ({"out_max_val": True} if values else {})
    y = net.layer("ArgMax", x, shape=(*x.shape[:axis], k, *x.shape[axis + 1 :]), **params)
    return net.power(y, scale=-1.0, shift=size - 1) if whole and not values else y
