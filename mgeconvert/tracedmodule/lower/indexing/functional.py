"""Elements read and written by position: gather, scatter, embedding, one element per row, diagonals.

Source: megengine/functional/{nn,tensor}.py and the opdefs behind them (MegEngine 1.13).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Value, table_size
from mgeconvert.ir.builder import Builder
from mgeconvert.ir.table_size import check_table

from ..module import Module
from ..names import MODULE, NN, OPDEF, TENSOR
from ..operands import INT32, as_indices, cast, rank, tensor
from ..shapes import reshape
from ..table import lower


@lower(NN + "indexing_one_hot")
def indexing_one_hot(b: Builder, src: Value, index: Any, axis: int = 1, keepdims: bool = False) -> Value:
    picked = indexing_one_hot_opdef(b, src, tensor(b, index, INT32), axis=axis, ndim=rank(src))
    return picked if keepdims else b.op("Squeeze", picked, [axis])


@lower(OPDEF + "IndexingOneHot")
def indexing_one_hot_opdef(b: Builder, src: Value, index: Value, *, axis: int, ndim: int) -> Value:
    """`index` has the shape of `src` without the axis; the result keeps the axis with size 1."""
    return b.op("GatherElements", src, b.op("Unsqueeze", as_indices(b, index), [axis]), axis=axis)


@lower(OPDEF + "IndexingSetOneHot")
def indexing_set_one_hot(b: Builder, src: Value, index: Value, value: Value, *, axis: int, ndim: int) -> Value:
    return b.op("ScatterElements", src, b.op("Unsqueeze", as_indices(b, index), [axis]), value, axis=axis)


@lower(TENSOR + "gather")
def gather(b: Builder, inp: Value, axis: int, index: Value) -> Value:
    return b.op("GatherElements", inp, as_indices(b, index), axis=axis)


@lower(TENSOR + "scatter")
def scatter(b: Builder, inp: Value, axis: int, index: Value, source: Value) -> Value:
    return b.op("ScatterElements", inp, as_indices(b, index), cast(b, source, inp.dtype), axis=axis)


@lower(TENSOR + "diag", OPDEF + "Diag")
def diag(b: Builder, inp: Value, k: int = 0) -> Value:
    """A vector becomes the k-th diagonal of a square matrix, of a matrix the k-th diagonal is taken."""
    shape = inp.static_shape
    if shape is None:
        refuse("diag of a tensor whose shape is only known at run time")
    check_table(*(shape if len(shape) == 2 else shape * 2))
    if len(shape) == 2:
        positions = np.diagonal(table_size.arange(shape[0] * shape[1]).reshape(shape), k).copy()
        return b.op("Gather", reshape(b, inp, -1), positions, axis=0)
    size = shape[0] + abs(k)
    square = b.op("Where", table_size.eye(shape[0], dtype=bool), inp, b.constant(0, inp.dtype))
    before = [max(-k, 0), max(k, 0)]
    return b.op("Pad", square, [*before, size - shape[0] - before[0], size - shape[0] - before[1]]) if k else square


@lower(MODULE + "embedding.Embedding")
def embedding_module(b: Builder, self: Module, inputs: Value) -> Value:
    return embedding(b, inputs, self.weight)


@lower(NN + "embedding")
def embedding(
    b: Builder, inp: Value, weight: Value, padding_idx: Any = None, max_norm: Any = None, norm_type: Any = None
) -> Value:
    return b.op("Gather", weight, as_indices(b, inp), axis=0)
