"""Where, OneHot, TopK, Trilu: elements chosen by value."""

from __future__ import annotations

import numpy as np

from mgeconvert.errors import refuse

from .broadcasting import add, broadcast_shape, expand, multiply
from .net import Blob, Net
from .ranking import ranked
from .table import Array, Operand, emit
from .thresholds import complement


@emit("OneHot")
def one_hot(net: Net, indices: Blob, depth: Array, values: Array, *, axis: int = -1) -> Blob:
    if axis not in (-1, indices.rank):
        refuse("Caffe's Embed appends the new axis last")
    count, (off, on) = int(depth.reshape(())), values.astype(np.float32)
    table = np.full((count, count), off, np.float32)
    np.fill_diagonal(table, on)
    shape = (*indices.shape, count)
    return net.layer("Embed", indices, shape=shape, blobs=[table], num_output=count, input_dim=count, bias_term=False)


@emit("Trilu")
def trilu(net: Net, x: Blob, k: Array | None = None, *, upper: int = 1) -> Blob:
    diagonal = 0 if k is None else int(k.reshape(()))
    ones = np.ones(x.shape[-2:], np.float32)
    return multiply(net, x, np.triu(ones, diagonal) if upper else np.tril(ones, diagonal))


@emit("Where", note="both choices must be finite")
def where(net: Net, condition: Blob, x: Operand, y: Operand) -> Blob:
    shape = tuple(np.broadcast_shapes(condition.shape, broadcast_shape(x, y)))
    condition = expand(net, condition, shape)
    return add(net, multiply(net, condition, x), multiply(net, complement(net, condition), y))


@emit("TopK", note="of equal real numbers Caffe gives the last")
def top_k(
    net: Net, x: Blob, k: Array, *, axis: int = -1, largest: int = 1, sorted: int = 1, in_dtype: np.dtype
) -> list[Blob]:
    sign, whole, count = 1.0 if largest else -1.0, in_dtype.kind != "f", int(k.reshape(()))
    x = net.power(x, scale=sign)
    values, indices = (ranked(net, x, axis, count, values=wanted, whole=whole) for wanted in (True, False))
    return [net.power(values, scale=sign), indices]
