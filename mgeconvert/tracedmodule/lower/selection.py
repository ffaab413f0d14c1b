"""Picking elements: one-hot, gather, scatter, masks, diagonals. Source: megengine/functional/{nn,tensor}.py (1.13)."""

from __future__ import annotations

from typing import Any

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder

from .operands import FLOAT32, INT32, as_indices, cast, exactly, rank, tensor
from .shapes import reshape
from .table import lower

NN = "megengine.functional.nn."
F = "megengine.functional.tensor."
OP = "megengine.core.ops.builtin."


@lower(NN + "one_hot")
def one_hot(b: Builder, inp: Value, num_classes: int) -> Value:
    """Has the dtype of the indices; made in float32, which every runtime has a OneHot for."""
    hot = b.op("OneHot", cast(b, inp, INT32), b.constant(num_classes, INT32), b.constant([0, 1], FLOAT32), axis=-1)
    return exactly(b, hot, inp.dtype) if inp.dtype != FLOAT32 else hot


@lower(NN + "indexing_one_hot")
def indexing_one_hot(b: Builder, src: Value, index: Any, axis: int = 1, keepdims: bool = False) -> Value:
    picked = indexing_one_hot_opdef(b, src, tensor(b, index, INT32), axis=axis, ndim=rank(src))
    return picked if keepdims else b.op("Squeeze", picked, [axis])


@lower(OP + "IndexingOneHot")
def indexing_one_hot_opdef(b: Builder, src: Value, index: Value, *, axis: int, ndim: int) -> Value:
    """`index` has the shape of `src` without the axis; the result keeps the axis with size 1."""
    return b.op("GatherElements", src, b.op("Unsqueeze", as_indices(b, index), [axis]), axis=axis)


@lower(OP + "IndexingSetOneHot")
def indexing_set_one_hot(b: Builder, src: Value, index: Value, value: Value, *, axis: int, ndim: int) -> Value:
    return b.op("ScatterElements", src, b.op("Unsqueeze", as_indices(b, index), [axis]), value, axis=axis)


@lower(F + "gather")
def gather(b: Builder, inp: Value, axis: int, index: Value) -> Value:
    return b.op("GatherElements", inp, as_indices(b, index), axis=axis)


@lower(F + "scatter")
def scatter(b: Builder, inp: Value, axis: int, index: Value, source: Value) -> Value:
    return b.op("ScatterElements", inp, as_indices(b, index), cast(b, source, inp.dtype), axis=axis)


@lower(F + "cond_take")
def cond_take(b: Builder, mask: Value, x: Value) -> tuple[Value, Value]:
    """The elements under the mask, and their positions in the flattened tensor."""
    flat = reshape(b, mask, -1)
    positions = b.op("Squeeze", b.op("NonZero", flat), [0])
    return b.op("Gather", reshape(b, x, -1), positions, axis=0), cast(b, positions, INT32)


@lower(OP + "CondTake")
def cond_take_opdef(b: Builder, x: Value, mask: Value) -> tuple[Value, Value]:
    return cond_take(b, mask, x)


@lower(F + "diag", OP + "Diag")
def diag(b: Builder, inp: Value, k: int = 0) -> Value:
    """A vector becomes the k-th diagonal of a square matrix, of a matrix the k-th diagonal is taken."""
    shape = inp.static_shape
    if shape is None:
        refuse("diag of a tensor whose shape is only known at run time")
    if len(shape) == 2:
        positions = np.diagonal(np.arange(shape[0] * shape[1]).reshape(shape), k).copy()
        return b.op("Gather", reshape(b, inp, -1), positions, axis=0)
    size = shape[0] + abs(k)
    square = b.op("Where", np.eye(shape[0], dtype=bool), inp, b.constant(0, inp.dtype))
    before = [max(-k, 0), max(k, 0)]
    return b.op("Pad", square, [*before, size - shape[0] - before[0], size - shape[0] - before[1]]) if k else square
