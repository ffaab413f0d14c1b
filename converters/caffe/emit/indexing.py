"""Slice, Gather and Scatter. Positions that are written must be distinct."""

from __future__ import annotations

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import table_size

from .along_axes import total
from .broadcasting import add, as_blob, multiply
from .computed_positions import axis_back, axis_last, flat_positions, gather_computed, one_hot_rows
from .constant_positions import pick
from .matmul import mat_mul
from .net import Blob, Net, Shape
from .table import Array, Operand, emit
from .thresholds import complement
from .transposition import transpose


@emit("Slice")
def slice_(
    net: Net, x: Blob, starts: Array, ends: Array, axes: Array | None = None, steps: Array | None = None
) -> Blob:
    count = starts.size
    axes = table_size.arange(count) if axes is None else axes
    steps = table_size.ones(count, np.int64) if steps is None else steps
    for start, end, axis, step in zip(starts.tolist(), ends.tolist(), axes.tolist(), steps.tolist(), strict=True):
        size = x.shape[axis]
        low, high = (0, size) if step > 0 else (-1, size - 1)
        first = min(max(start + size if start < 0 else start, 0), high)
        last = min(max(end + size if end < 0 else end, low), size)
        x = pick(net, x, axis % x.rank, range(first, last, step))
    return x


@emit("Gather", note="computed positions from a constant table (Embed), or by products, up to 16 million")
def gather(net: Net, data: Operand, indices: Operand, *, axis: int = 0, out: Shape) -> Blob:
    if isinstance(indices, np.ndarray):
        blob = net.constant(data) if isinstance(data, np.ndarray) else data
        axis %= blob.rank
        size = blob.shape[axis]
        return net.reshape(pick(net, blob, axis, [int(index) % size for index in indices.reshape(-1)]), out or (1,))
    if isinstance(data, np.ndarray):
        table = np.moveaxis(data, axis, 0).reshape(data.shape[axis], -1)
        if axis % data.ndim:
            refuse("Caffe's Embed looks rows up; here the positions are along another axis")
        y = net.layer(
            "Embed", indices, shape=(*indices.shape, table.shape[1]), blobs=[table], num_output=table.shape[1],
            input_dim=table.shape[0], bias_term=False,
        )  # fmt: skip
        return net.reshape(y, out or (1,))
    return gather_computed(net, data, indices, axis % data.rank, out)


@emit("GatherElements", note="computed positions by products, up to 16 million")
def gather_elements(net: Net, data: Operand, indices: Operand, *, axis: int = 0) -> Blob:
    axis %= len(data.shape)
    x = as_blob(net, data)
    for at, size in enumerate(indices.shape):
        if at != axis:
            x = net.keep(x, at, 0, size)
    x = axis_last(net, x, axis)
    moved = np.moveaxis(indices, axis, -1) if isinstance(indices, np.ndarray) else axis_last(net, indices, axis)
    chosen = one_hot_rows(net, moved, x.shape[-1])
    products = multiply(net, chosen, net.reshape(x, (*x.shape[:-1], 1, x.shape[-1])))
    sums = total(net, products, [products.rank - 1])
    return axis_back(net, net.reshape(sums, sums.shape[:-1]), axis)


@emit("GatherND", note="computed positions by products, up to 16 million")
def gather_nd(net: Net, data: Operand, indices: Operand, *, batch_dims: int = 0, out: Shape) -> Blob:
    if batch_dims:
        refuse("Caffe has no layer that picks at computed positions; batch_dims is not composed")
    axes = indices.shape[-1]
    count, rest = int(np.prod(data.shape[:axes])), int(np.prod(data.shape[axes:]))
    table = net.reshape(as_blob(net, data), (count, rest))
    chosen = as_blob(net, one_hot_rows(net, flat_positions(net, indices, data.shape[:axes]), count))
    return net.reshape(mat_mul(net, chosen, table, out=(chosen.shape[0], rest)), out or (1,))


@emit("ScatterElements", note="at distinct positions; by products, up to 16 million")
def scatter_elements(
    net: Net, data: Operand, indices: Operand, updates: Operand, *, axis: int = 0, reduction: str = "none"
) -> Blob:
    axis %= len(data.shape)
    same = [at for at in range(len(data.shape)) if at != axis]
    if reduction not in ("none", "add") or any(data.shape[at] != indices.shape[at] for at in same):
        refuse("Caffe has no layer that writes at computed positions; this form is not composed")
    x = axis_last(net, data, axis)
    moved = np.moveaxis(indices, axis, -1) if isinstance(indices, np.ndarray) else axis_last(net, indices, axis)
    chosen = as_blob(net, one_hot_rows(net, moved, x.shape[-1]))
    values = axis_last(net, updates, axis)
    written = total(net, multiply(net, chosen, net.reshape(values, (*values.shape, 1))), [x.rank - 1])
    return axis_back(net, _written(net, x, total(net, chosen, [x.rank - 1]), written, reduction), axis)


def _written(net: Net, x: Blob, mask: Blob, values: Blob, reduction: str) -> Blob:
    kept = x if reduction == "add" else multiply(net, x, complement(net, net.reshape(mask, x.shape)))
    return add(net, kept, net.reshape(values, x.shape))


@emit("ScatterND", note="at distinct positions; by products, up to 16 million")
def scatter_nd(net: Net, data: Operand, indices: Operand, updates: Operand, *, reduction: str = "none") -> Blob:
    if reduction not in ("none", "add"):
        refuse("Caffe has no layer that writes at computed positions; this reduction is not composed")
    axes = indices.shape[-1]
    count, rest = int(np.prod(data.shape[:axes])), int(np.prod(data.shape[axes:]))
    table = net.reshape(as_blob(net, data), (count, rest))
    chosen = as_blob(net, one_hot_rows(net, flat_positions(net, indices, data.shape[:axes]), count))
    columns = transpose(net, chosen, (1, 0))
    values = net.reshape(as_blob(net, updates), (chosen.shape[0], rest))
    written = mat_mul(net, columns, values, out=(count, rest))
    mask = net.reshape(total(net, columns, [1]), (count, 1))
    kept = table if reduction == "add" else multiply(net, table, complement(net, mask))
    return net.reshape(add(net, kept, written), data.shape)
