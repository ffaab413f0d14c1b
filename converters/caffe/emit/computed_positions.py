"""Picking at computed positions: each position becomes a row of zeros and a one (an Embed layer with the identity
matrix), and picking becomes a product with the matrix of these rows."""

from __future__ import annotations

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import table_size

from .along_axes import total
from .broadcasting import add, as_blob, multiply
from .matmul import PRODUCTS, mat_mul
from .net import Blob, Net, Shape
from .table import Operand
from .thresholds import step
from .transposition import transpose


def one_hot_rows(net: Net, positions: Operand, count: int) -> Operand:
    """[..., count] from positions [...]; a negative one counts from the end."""
    shape = positions.shape or (1,)
    if np.prod((*shape, count), dtype=np.int64) > PRODUCTS or count * count > PRODUCTS:
        refuse(f"Caffe has no layer that picks at computed positions, and {list(shape)} of {count} are too many")
    eye = table_size.eye(count, dtype=np.float32)
    if isinstance(positions, np.ndarray):
        return np.asarray(eye[positions.reshape(shape)])
    wrapped = add(
        net, positions, multiply(net, step(net, net.power(positions, scale=-1.0)), np.array([count], np.float32))
    )
    params = {"num_output": count, "input_dim": count, "bias_term": False}
    return net.layer("Embed", wrapped, shape=(*shape, count), blobs=[eye], **params)


def axis_last(net: Net, operand: Operand, axis: int) -> Blob:
    """The operand with `axis` last."""
    blob = as_blob(net, operand)
    return transpose(net, blob, [at for at in range(blob.rank) if at != axis] + [axis])


def axis_back(net: Net, x: Blob, axis: int) -> Blob:
    """The last axis at `axis` again."""
    order = list(range(x.rank - 1))
    order.insert(axis, x.rank - 1)
    return transpose(net, x, order)


def gather_computed(net: Net, data: Blob, indices: Blob, axis: int, out: Shape) -> Blob:
    """Gather at computed positions."""
    count = data.shape[axis]
    first = transpose(net, data, [axis, *(at for at in range(data.rank) if at != axis)])
    rest = first.shape[1:]
    table = net.reshape(first, (count, int(np.prod(rest))))
    chosen = as_blob(net, one_hot_rows(net, net.reshape(indices, (int(np.prod(indices.shape)),)), count))
    rows = mat_mul(net, chosen, table, out=(chosen.shape[0], table.shape[1]))
    y = net.reshape(rows, (*indices.shape, *rest))
    index_axes = range(indices.rank)
    order = [*range(indices.rank, indices.rank + axis), *index_axes, *range(indices.rank + axis, y.rank)]
    return net.reshape(transpose(net, y, order), out or (1,))


def flat_positions(net: Net, indices: Operand, sizes: Shape) -> Operand:
    """Positions [count] in the flattened leading axes of `sizes` from indices [..., axes]."""
    strides = np.array([np.prod(sizes[at + 1 :], dtype=np.int64) for at in range(len(sizes))])
    if isinstance(indices, np.ndarray):
        return np.asarray(((indices % np.array(sizes)) * strides).sum(-1).reshape(-1))
    rows = net.reshape(indices, (int(np.prod(indices.shape[:-1])), len(sizes)))
    negative = step(net, net.power(rows, scale=-1.0))
    rows = add(net, rows, multiply(net, negative, np.array([sizes], np.float32)))
    sums = total(net, multiply(net, rows, strides.astype(np.float32)[None]), [1])
    return net.reshape(sums, (rows.shape[0],))
