"""Reading and writing at computed positions: each position becomes a row of zeros and a one (an Embed layer with the
identity matrix), and picking a product with it. Written positions must be distinct."""

from __future__ import annotations

import numpy as np

from mgeconvert.errors import refuse

from ..net import Blob, Net, Shape
from .activation import step
from .arithmetic import add, multiply
from .linear import PRODUCTS, mat_mul
from .logic import complement
from .reduction import total
from .shaping import transpose
from .table import Operand, emit


def one_hot(net: Net, positions: Operand, count: int) -> Operand:
    """[..., count] from positions [...]; a negative one counts from the end."""
    shape = positions.shape or (1,)
    if np.prod((*shape, count), dtype=np.int64) > PRODUCTS or count * count > PRODUCTS:
        refuse(f"Caffe has no layer that picks at computed positions, and {list(shape)} of {count} are too many")
    eye = np.eye(count, dtype=np.float32)
    if isinstance(positions, np.ndarray):
        return np.asarray(eye[positions.reshape(shape)])
    wrapped = add(
        net, positions, multiply(net, step(net, net.power(positions, scale=-1.0)), np.array([count], np.float32))
    )
    params = {"num_output": count, "input_dim": count, "bias_term": False}
    return net.layer("Embed", wrapped, shape=(*shape, count), blobs=[eye], **params)


def _blob(net: Net, operand: Operand) -> Blob:
    return net.constant(operand) if isinstance(operand, np.ndarray) else operand


def _last(net: Net, operand: Operand, axis: int) -> Blob:
    """The operand with `axis` last."""
    blob = _blob(net, operand)
    return transpose(net, blob, [at for at in range(blob.rank) if at != axis] + [axis])


def _back(net: Net, x: Blob, axis: int) -> Blob:
    """The last axis at `axis` again."""
    order = list(range(x.rank - 1))
    order.insert(axis, x.rank - 1)
    return transpose(net, x, order)


@emit("GatherElements", note="computed positions by products, up to 16 million")
def gather_elements(net: Net, data: Operand, indices: Operand, *, axis: int = 0) -> Blob:
    axis %= len(data.shape)
    x = _blob(net, data)
    for at, size in enumerate(indices.shape):
        if at != axis:
            x = net.keep(x, at, 0, size)
    x = _last(net, x, axis)
    places = np.moveaxis(indices, axis, -1) if isinstance(indices, np.ndarray) else _last(net, indices, axis)
    chosen = one_hot(net, places, x.shape[-1])
    products = multiply(net, chosen, net.reshape(x, (*x.shape[:-1], 1, x.shape[-1])))
    sums = total(net, products, [products.rank - 1])
    return _back(net, net.reshape(sums, sums.shape[:-1]), axis)


def gather_computed(net: Net, data: Blob, indices: Blob, axis: int, out: Shape) -> Blob:
    """Gather at computed positions."""
    count = data.shape[axis]
    first = transpose(net, data, [axis, *(at for at in range(data.rank) if at != axis)])
    rest = first.shape[1:]
    table = net.reshape(first, (count, int(np.prod(rest))))
    chosen = _blob(net, one_hot(net, net.reshape(indices, (int(np.prod(indices.shape)),)), count))
    rows = mat_mul(net, chosen, table, out=(chosen.shape[0], table.shape[1]))
    y = net.reshape(rows, (*indices.shape, *rest))
    places = range(indices.rank)
    order = [*range(indices.rank, indices.rank + axis), *places, *range(indices.rank + axis, y.rank)]
    return net.reshape(transpose(net, y, order), out or (1,))


def _flat_positions(net: Net, indices: Operand, sizes: Shape) -> Operand:
    """Positions [count] in the flattened leading axes of `sizes` from indices [..., axes]."""
    strides = np.array([np.prod(sizes[at + 1 :], dtype=np.int64) for at in range(len(sizes))])
    if isinstance(indices, np.ndarray):
        return np.asarray(((indices % np.array(sizes)) * strides).sum(-1).reshape(-1))
    rows = net.reshape(indices, (int(np.prod(indices.shape[:-1])), len(sizes)))
    negative = step(net, net.power(rows, scale=-1.0))
    rows = add(net, rows, multiply(net, negative, np.array([sizes], np.float32)))
    sums = total(net, multiply(net, rows, strides.astype(np.float32)[None]), [1])
    return net.reshape(sums, (rows.shape[0],))


@emit("GatherND", note="computed positions by products, up to 16 million")
def gather_nd(net: Net, data: Operand, indices: Operand, *, batch_dims: int = 0, out: Shape) -> Blob:
    if batch_dims:
        refuse("Caffe has no layer that picks at computed positions; batch_dims is not composed")
    axes = indices.shape[-1]
    count, rest = int(np.prod(data.shape[:axes])), int(np.prod(data.shape[axes:]))
    table = net.reshape(_blob(net, data), (count, rest))
    chosen = _blob(net, one_hot(net, _flat_positions(net, indices, data.shape[:axes]), count))
    return net.reshape(mat_mul(net, chosen, table, out=(chosen.shape[0], rest)), out or (1,))


@emit("ScatterElements", note="at distinct positions; by products, up to 16 million")
def scatter_elements(
    net: Net, data: Operand, indices: Operand, updates: Operand, *, axis: int = 0, reduction: str = "none"
) -> Blob:
    axis %= len(data.shape)
    same = [at for at in range(len(data.shape)) if at != axis]
    if reduction not in ("none", "add") or any(data.shape[at] != indices.shape[at] for at in same):
        refuse("Caffe has no layer that writes at computed positions; this form is not composed")
    x = _last(net, data, axis)
    places = np.moveaxis(indices, axis, -1) if isinstance(indices, np.ndarray) else _last(net, indices, axis)
    chosen = _blob(net, one_hot(net, places, x.shape[-1]))
    values = _last(net, updates, axis)
    written = total(net, multiply(net, chosen, net.reshape(values, (*values.shape, 1))), [x.rank - 1])
    return _back(net, _written(net, x, total(net, chosen, [x.rank - 1]), written, reduction), axis)


def _written(net: Net, x: Blob, mask: Blob, values: Blob, reduction: str) -> Blob:
    kept = x if reduction == "add" else multiply(net, x, complement(net, net.reshape(mask, x.shape)))
    return add(net, kept, net.reshape(values, x.shape))


@emit("ScatterND", note="at distinct positions; by products, up to 16 million")
def scatter_nd(net: Net, data: Operand, indices: Operand, updates: Operand, *, reduction: str = "none") -> Blob:
    if reduction not in ("none", "add"):
        refuse("Caffe has no layer that writes at computed positions; this reduction is not composed")
    axes = indices.shape[-1]
    count, rest = int(np.prod(data.shape[:axes])), int(np.prod(data.shape[axes:]))
    table = net.reshape(_blob(net, data), (count, rest))
    chosen = _blob(net, one_hot(net, _flat_positions(net, indices, data.shape[:axes]), count))
    columns = transpose(net, chosen, (1, 0))
    values = net.reshape(_blob(net, updates), (chosen.shape[0], rest))
    written = mat_mul(net, columns, values, out=(count, rest))
    mask = net.reshape(total(net, columns, [1]), (count, 1))
    kept = table if reduction == "add" else multiply(net, table, complement(net, mask))
    return net.reshape(add(net, kept, written), data.shape)
