"""Elements that each batch has in an order of its own, where the orders are known: one Gather; positions in batches."""

from __future__ import annotations

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Node, Value, table_size
from mgeconvert.ir.builder import Builder
from mgeconvert.ir.table_size import check_table

from .table import Result, array_of, compose, compose_where_lacking, data, integer, reshape_target, shape_of


@compose("ReverseSequence")
def reverse_sequence(b: Builder, node: Node) -> Result:
    """ReverseSequence(x, lengths) -> Gather(x, (length - 1, ..., 0, length, ...)) of each batch"""
    x, lengths = data(node), array_of(node, 1, "lengths of sequences")
    time, batch = integer(node, "time_axis", 0), integer(node, "batch_axis", 1)
    size = _size(x, time)
    assert lengths is not None
    check_table(len(lengths), size)
    steps, ends = table_size.arange(size, dtype=np.int64), lengths.reshape(-1, 1)
    return _ordered(b, x, batch, time, np.where(steps < ends, ends - 1 - steps, steps))


@compose("TensorScatter")
def tensor_scatter(b: Builder, node: Node) -> Result:
    """TensorScatter(past, update, indices) -> Gather(Concat(past, update), (0, size, size + 1, 3, ...)) of each batch

    The update stands from the batch's index on; its end stands at the cache's start where `mode` is circular.
    """
    past, update, indices = data(node), data(node, 1), array_of(node, 2, "places of an update")
    axis = integer(node, "axis", -2) % len(shape_of(past))
    size, length = _size(past, axis), _size(update, axis)
    starts = np.zeros(1, np.int64) if indices is None else indices.astype(np.int64)
    steps = table_size.arange(length, dtype=np.int64)
    places = starts[:, None] + steps
    if node.attrs.get("mode") == "circular":
        places %= size
    if (places < 0).any() or (places >= size).any():
        refuse("an update that ends behind the cache")
    check_table(len(starts), size)
    order = np.broadcast_to(table_size.arange(size, dtype=np.int64), (len(starts), size)).copy()
    np.put_along_axis(order, places, np.broadcast_to(size + steps, places.shape), axis=1)
    return _ordered(b, b.op("Concat", past, update, axis=axis), 0, axis, order)


@compose_where_lacking("GatherND", lambda node: bool(node.attrs.get("batch_dims")))
def gather_nd_in_batches(b: Builder, node: Node) -> Result:
    """GatherND(x, i, batch_dims=k) -> GatherND(x, Concat(the k numbers of the batch, i))"""
    x, indices, batches = data(node), data(node, 1), integer(node, "batch_dims", 0)
    sizes = [_size(indices, axis, "positions whose number is") for axis in range(len(shape_of(indices)) - 1)]
    places = np.moveaxis(table_size.indices(sizes)[:batches], 0, -1)
    whole = b.op("Concat", places.astype(indices.dtype or np.int64), indices, axis=-1)
    return b.op("GatherND", x, whole)


def _size(x: Value, axis: int, what: str = "a sequence whose length is") -> int:
    size = shape_of(x)[axis]
    if not isinstance(size, int):
        refuse(f"{what} known only at run time ({size})")
    return size


def _ordered(b: Builder, x: Value, batch: int, axis: int, order: np.ndarray) -> Value:
    """Element `order[i, j]` along the axis as the j-th of batch i."""
    if (order == order[0]).all():
        return b.op("Gather", x, order[0], axis=axis)
    rank = len(shape_of(x))
    perm = [batch, axis, *(other for other in range(rank) if other not in (batch, axis))]
    x = b.op("Transpose", x, perm=perm)
    size, *rest = shape_of(x)[1:]
    rows = b.op("Reshape", x, reshape_target([len(order) * int(size), *rest]))
    taken = b.op("Gather", rows, (order + table_size.arange(len(order))[:, None] * int(size)).reshape(-1), axis=0)
    y = b.op("Reshape", taken, reshape_target([len(order), order.shape[1], *rest]))
    return b.op("Transpose", y, perm=[perm.index(place) for place in range(rank)])
