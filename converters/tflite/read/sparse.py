"""Sparse weights to dense ones: the format of tensorflow/lite/kernels/internal/utils/sparsity_format_converter.

A tensor is traversed dimension by dimension in `order`, the dimensions of blocks last. A dense dimension has all its
indices; a compressed one lists, for each position of the dimensions before it, the indices that are there.
"""

from __future__ import annotations

import math

import numpy as np

from ..model import Array
from .fields import DimensionFields, SparsityFields
from .tables import Table

_VECTORS = {1: np.int32, 2: np.uint16, 3: np.uint8}
LARGEST_GROWTH = 1 << 26
"""Bytes a sparse tensor may always have when dense; a larger one at most this many times fewer than ...DENSEST."""
DENSEST = 4096
"""Dense bytes for each stored byte."""


def indices_of(sparsity: Table, shape: tuple[int, ...], stored: int) -> tuple[Array, ...]:
    """For each stored number its index in the dense tensor, one array per axis."""
    content = sparsity.bytes
    order = sparsity.vector(SparsityFields.ORDER, np.int32).tolist()
    blocks = sparsity.vector(SparsityFields.BLOCK_MAP, np.int32).tolist()
    rank = len(shape)
    levels = list(sparsity.tables(SparsityFields.DIMENSIONS))
    if sorted(order) != list(range(rank + len(blocks))) or len(levels) != len(order):
        content.damaged("a sparse tensor whose traversal is no permutation of its dimensions")
    if any(not 0 <= block < rank for block in blocks):
        content.damaged("a sparse tensor with blocks along a dimension that it does not have")
    sizes = [1] * rank
    found: dict[int, Array] = {}
    count = 1
    for dimension, level in zip(order, levels, strict=True):
        if level.scalar(DimensionFields.FORMAT, "b") == 0:
            size = level.scalar(DimensionFields.DENSE_SIZE, "i")
            if size < 1 or count * size > stored:
                content.damaged("a sparse tensor with more places than numbers")
            picks, parents = np.tile(np.arange(size), count), np.repeat(np.arange(count), size)
        else:
            segments = _vector(level, DimensionFields.SEGMENTS_TYPE, DimensionFields.SEGMENTS)
            picks = _vector(level, DimensionFields.INDICES_TYPE, DimensionFields.INDICES)
            lengths = np.diff(segments)
            if len(segments) != count + 1 or segments[0] or (lengths < 0).any() or segments[-1] != len(picks):
                content.damaged("a sparse tensor whose segments do not fit its indices")
            parents = np.repeat(np.arange(count), lengths)
            size = int(picks.max(initial=0)) + 1
        found = {key: value[parents] for key, value in found.items()}
        found[dimension] = picks
        count = len(picks)
        if dimension >= rank:
            sizes[blocks[dimension - rank]] = size
    if count != stored:
        content.damaged(f"a sparse tensor of {count} places with {stored} numbers")
    axes = []
    for axis in range(rank):
        index = found[axis] * sizes[axis]
        if axis in blocks:
            index = index + found[rank + blocks.index(axis)]
        if count and (index.min() < 0 or index.max() >= shape[axis]):
            content.damaged("a sparse tensor with a number outside its shape")
        axes.append(index)
    return tuple(axes)


def dense(sparsity: Table, shape: tuple[int, ...], numbers: Array) -> Array:
    """The tensor with zeros where nothing is stored."""
    size = math.prod(shape) * numbers.dtype.itemsize
    if size > max(LARGEST_GROWTH, DENSEST * numbers.nbytes):
        sparsity.bytes.damaged(f"a sparse tensor of {numbers.nbytes} bytes that would have {size} when dense")
    result = np.zeros(shape, numbers.dtype)
    result[indices_of(sparsity, shape, numbers.size)] = numbers
    return result


def _vector(level: Table, kind: int, field: int) -> Array:
    dtype = _VECTORS.get(level.scalar(kind, "B"))
    table = level.table(field)
    if dtype is None or table is None:
        level.bytes.damaged("a sparse tensor without the indices of a compressed dimension")
    return table.vector(0, dtype).astype(np.int64)
