"""Where, OneHot, TopK, Trilu: elements chosen by value."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import table_size
from mgeconvert.ir.table_size import check_table

from .broadcasting import add, broadcast_shape, expand, multiply
from .infinities import infinity, split_infinities
from .net import Blob, Net
from .ranking import best_positions, best_values
from .table import Array, Operand, emit
from .thresholds import complement


@emit("OneHot")
def one_hot(net: Net, indices: Blob, depth: Array, values: Array, *, axis: int = -1) -> Blob:
    if axis not in (-1, indices.rank):
        refuse("Caffe's Embed appends the new axis last")
    count, (off, on) = int(depth.reshape(())), values.astype(np.float32)
    check_table(count, count)
    table = table_size.full((count, count), off, np.float32)
    np.fill_diagonal(table, on)
    shape = (*indices.shape, count)
    return net.layer("Embed", indices, shape=shape, blobs=[table], num_output=count, input_dim=count, bias_term=False)


@emit("Trilu")
def trilu(net: Net, x: Blob, k: Array | None = None, *, upper: int = 1) -> Blob:
    diagonal = 0 if k is None else int(k.reshape(()))
    check_table(*x.shape[-2:])
    ones = table_size.ones(x.shape[-2:], np.float32)
    return multiply(net, x, np.triu(ones, diagonal) if upper else np.tril(ones, diagonal))


@emit("Where", note="of what may be infinite by infinite constants, with more layers")
def where(net: Net, condition: Blob, x: Operand, y: Operand, *, infinite: Sequence[bool]) -> Blob:
    shape = tuple(np.broadcast_shapes(condition.shape, broadcast_shape(x, y)))
    condition = expand(net, condition, shape)
    choices = [(condition, x, infinite[1]), (complement(net, condition), y, infinite[2])]
    parts = [split_infinities(net, choice, doubtful) for _, choice, doubtful in choices]
    masks = [mask for mask, _, _ in choices]
    first, second = (multiply(net, mask, part.finite) for mask, part in zip(masks, parts, strict=True))
    result = add(net, first, second)
    for mask, part in zip(masks, parts, strict=True):
        for sign, places in part.infinite.items():
            result = net.eltwise("SUM", result, infinity(net, multiply(net, mask, places)), coeff=(1.0, sign))
    return result


@emit("TopK", note="of equal numbers in an axis of more than 4096 Caffe gives the last")
def top_k(net: Net, x: Blob, k: Array, *, axis: int = -1, largest: int = 1, sorted: int = 1) -> list[Blob]:
    sign, count = 1.0 if largest else -1.0, int(k.reshape(()))
    x = net.power(x, scale=sign)
    values, indices = best_values(net, x, axis % x.rank, count), best_positions(net, x, axis % x.rank, count)
    return [net.power(values, scale=sign), indices]
