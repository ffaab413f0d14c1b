"""Picking elements by constant positions: slices where they are neighbours, pooling with a stride where they are evenly
spaced, else a product with a matrix of zeros and ones, which is exact for finite values."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mgeconvert.ir import table_size
from mgeconvert.ir.table_size import check_table

from .along_axes import along
from .net import Blob, Net, Shape

MATRIX = 1 << 24
"""The most elements of a selection matrix (64 MB)."""


def mix(net: Net, x: Blob, axis: int, matrix: np.ndarray) -> Blob:
    """The product of `matrix` [new, old] with `x` along `axis`."""
    count, size = matrix.shape
    shape = (*x.shape[:axis], count, *x.shape[axis + 1 :])
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
    even = range(first, first + count * stride, stride or 1)
    if stride > 0 and (isinstance(positions, range) or list(positions) == list(even)):
        part = net.keep(x, axis, first, first + (count - 1) * stride + 1)
        if stride == 1:
            return part
        view = along(net, part, axis, axis + 1)
        y = net.layer(
            "Pooling", view, shape=(*view.shape[:2], count, view.shape[3]), pool="MAX", kernel_size=1, stride_h=stride,
            stride_w=1,
        )  # fmt: skip
        return net.reshape(y, (*x.shape[:axis], count, *x.shape[axis + 1 :]))
    check_table(count, size)
    matrix = table_size.zeros((count, size), np.float32)
    matrix[table_size.arange(count), positions] = 1
    return mix(net, x, axis, matrix)
