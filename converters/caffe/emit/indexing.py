"""Picking elements by constant positions: slices where they are neighbours, pooling with a stride where they are evenly
spaced, else a product with a matrix of zeros and ones, which is exact for finite values."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mgeconvert.errors import refuse

from ..net import Blob, Net, Shape
from .arithmetic import multiply
from .lookup import gather_computed
from .reduction import along
from .table import Array, Operand, emit
from .window import conv

MATRIX = 1 << 24
"""The most elements of a selection matrix (64 MB)."""


def mix(net: Net, x: Blob, axis: int, matrix: np.ndarray) -> Blob:
    """The product of `matrix` [new, old] with `x` along `axis`."""
    count, size = matrix.shape
    shape = (*x.shape[:axis], count, *x.shape[axis + 1 :])
    if matrix.size > MATRIX:
        refuse(f"Caffe has no layer that picks {count} of {size} elements; their matrix is too large")
    matrix = matrix.astype(np.float32)
    if axis == x.rank - 1:
        rows = net.reshape(x, (int(np.prod(x.shape[:-1])), size))
        y = net.layer(
            "InnerProduct", rows, shape=(rows.shape[0], count), blobs=[matrix], num_output=count, bias_term=False
        )
        return net.reshape(y, shape)
    _, outer, _, inner = along_shape(x, axis)
    view = net.reshape(x, (outer, size, inner, 1))
    y = net.layer(
        "Convolution", view, shape=(outer, count, inner, 1), blobs=[matrix[:, :, None, None]], num_output=count,
        bias_term=False, kernel_size=[1],
    )  # fmt: skip
    return net.reshape(y, shape)


def along_shape(x: Blob, axis: int) -> Shape:
    return 1, int(np.prod(x.shape[:axis])), x.shape[axis], int(np.prod(x.shape[axis + 1 :]))


def pick(net: Net, x: Blob, axis: int, positions: Sequence[int]) -> Blob:
    """The elements at `positions` along `axis`."""
    count, size, first = len(positions), x.shape[axis], positions[0]
    stride = positions[1] - first if count > 1 else 1
    if list(positions) == list(range(first, first + count * stride, stride or 1)) and stride > 0:
        part = net.keep(x, axis, first, first + (count - 1) * stride + 1)
        if stride == 1:
            return part
        view = along(net, part, axis, axis + 1)
        y = net.layer(
            "Pooling", view, shape=(*view.shape[:2], count, view.shape[3]), pool="MAX", kernel_size=1, stride_h=stride,
            stride_w=1,
        )  # fmt: skip
        return net.reshape(y, (*x.shape[:axis], count, *x.shape[axis + 1 :]))
    matrix = np.zeros((count, size), np.float32)
    matrix[np.arange(count), positions] = 1
    return mix(net, x, axis, matrix)


@emit("Slice")
def slice_(
    net: Net, x: Blob, starts: Array, ends: Array, axes: Array | None = None, steps: Array | None = None
) -> Blob:
    count = len(starts)
    axes = np.arange(count) if axes is None else axes
    steps = np.ones(count, np.int64) if steps is None else steps
    for start, end, axis, step in zip(starts.tolist(), ends.tolist(), axes.tolist(), steps.tolist(), strict=True):
        size = x.shape[axis]
        low, high = (0, size) if step > 0 else (-1, size - 1)
        first = min(max(start + size if start < 0 else start, 0), high)
        last = min(max(end + size if end < 0 else end, low), size)
        positions = range(first, last, step)
        if not positions:
            refuse("a Caffe blob cannot be empty")
        x = pick(net, x, axis % x.rank, positions)
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
        return net.reshape(y, out)
    return gather_computed(net, data, indices, axis % data.rank, out)


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


@emit("CumSum")
def cum_sum(net: Net, x: Blob, axis: Array, *, exclusive: int = 0, reverse: int = 0) -> Blob:
    at = int(axis.reshape(())) % x.rank
    ones = np.ones((x.shape[at], x.shape[at]), np.float32)
    lower = np.tril(ones, -1 if exclusive else 0)
    return mix(net, x, at, lower.T if reverse else lower)


@emit("Pad")
def pad(
    net: Net, x: Blob, pads: Array, value: Array | None = None, axes: Array | None = None,
    *, mode: str = "constant", out: Shape,
) -> Blob:  # fmt: skip
    chosen = [int(axis) % x.rank for axis in (range(x.rank) if axes is None else axes)]
    widths = dict(zip(chosen, pads.reshape(2, -1).T.tolist(), strict=True))
    for axis, (begin, end) in widths.items():
        if min(begin, end) < 0:
            x = net.keep(x, axis, max(0, -begin), x.shape[axis] - max(0, -end))
    widths = {axis: (max(0, b), max(0, e)) for axis, (b, e) in widths.items() if max(b, e) > 0}
    if mode != "constant":
        for axis, width in widths.items():
            kind = {"edge": "edge", "reflect": "reflect", "wrap": "wrap"}[mode]
            positions = np.pad(np.arange(x.shape[axis]), width, mode=kind)  # type: ignore[call-overload]
            x = pick(net, x, axis, positions.tolist())
        return x
    filling = 0.0 if value is None else float(value.reshape(()))
    x = net.power(x, shift=-filling)
    if set(widths) <= {2, 3} and x.rank == 4:
        x = _zeros_around(net, x, widths.get(2, (0, 0)), widths.get(3, (0, 0)))
    else:
        for axis, width in widths.items():
            shape = (*x.shape[:axis], x.shape[axis] + sum(width), *x.shape[axis + 1 :])
            view = net.reshape(x, along_shape(x, axis)[1:])
            view = net.reshape(view, (view.shape[0], 1, *view.shape[1:]))
            x = net.reshape(_zeros_around(net, view, width, (0, 0)), shape)
    return net.power(x, shift=filling)


def _zeros_around(net: Net, x: Blob, rows: tuple[int, int], columns: tuple[int, int]) -> Blob:
    """Zeros around the last two of four axes: a convolution of each channel with a single 1."""
    shape = (*x.shape[:2], x.shape[2] + sum(rows), x.shape[3] + sum(columns))
    one = np.ones((x.shape[1], 1, 1, 1), np.float32)
    return conv(net, x, one, group=x.shape[1], pads=(rows[0], columns[0], rows[1], columns[1]), out=shape)
