"""Elements chosen by value: the largest, one-hot rows, those that are not zero, triangles."""

from __future__ import annotations

import numpy as np

from mgeconvert.ir import table_size
from mgeconvert.ir.table_size import check_table

from ..layout.view import Stored, plain
from ..layout.wants import FOLLOW, PLAIN, VIEW
from ..model import Tensor, permuted
from .emission import Emission
from .indexing.gathering import wrapped
from .table import emit


@emit("TopK", wants=VIEW)
def top_k(c: Emission) -> list[Stored]:
    """TOPK_V2 finds the largest along the last axis; the smallest are the largest of the negated."""
    dims, stored = c.input_dims(), c.stored()
    axis = c.attr("axis", -1) % len(dims)
    natural = stored.view.natural([]) or tuple(range(len(dims)))
    layout = (*(index for index in natural if index != axis), axis)
    x = c.tensor(0, layout)
    wanted = c.value(1)
    assert wanted is not None
    known = c.constant(wanted)
    count = c.reshape(c.tensor(1), ()) if known is None else c.const(int(known.reshape(())), np.int32)
    shape = permuted(c.dims(), layout)
    smallest = not c.attr("largest", 1)
    if smallest:
        x = c.op("NEG", x)
    types = [x.dtype, np.int32]
    values, indices = c.ops("TOPK_V2", 2, x, count, shape=[shape, shape], dtype=types)
    if smallest:
        values = c.op("NEG", values)
    results = [Stored(values, plain(c.dims(), layout)), Stored(indices, plain(c.dims(), layout))]
    return results[: len(c.node.outputs)]


@emit("Where", wants=FOLLOW)
def where(c: Emission, condition: Tensor, x: Tensor, y: Tensor) -> Tensor:
    return c.op("SELECT_V2", condition, x, y, dtype=x.dtype)


@emit("OneHot", wants=PLAIN, data=1)
def one_hot(c: Emission, indices: Tensor) -> Tensor:
    depth, values = c.ints(1, "depth"), c.array(2, "values")
    assert depth is not None
    assert values is not None
    off, on = (c.const(number, c.dtype()) for number in values)
    axis = c.attr("axis", -1)
    axis = axis if axis >= 0 else axis + indices.rank + 1
    where = -1 if axis == indices.rank else axis
    if indices.dtype.kind == "f":
        indices = c.cast(indices, np.int32)
    operands = (wrapped(c, indices, depth[0]), c.const(depth[0], np.int32), on, off)
    return c.op("ONE_HOT", *operands, shape=c.dims(), dtype=c.dtype(), Axis=where)


@emit("NonZero", wants=PLAIN)
def non_zero(c: Emission, x: Tensor) -> Tensor:
    """WHERE gives one row per element; ONNX one row per axis."""
    count = c.dims()[1]
    rows = c.cast(c.op("WHERE", x, shape=(count, x.rank), dtype=np.int64), np.int32)
    return c.transpose(rows, (1, 0))


@emit("Trilu", wants=PLAIN, data=1)
def trilu(c: Emission, x: Tensor) -> Tensor:
    k = (c.ints(1, "diagonal") or [0])[0]
    rows, columns = c.known(x.shape[-2:], "a triangle")
    check_table(rows, columns)
    ones = table_size.ones((rows, columns), bool)
    mask = np.triu(ones, k) if c.attr("upper", 1) else np.tril(ones, k)
    return c.op("SELECT_V2", c.const(mask, name="mask"), x, c.like(0, x), dtype=x.dtype)


@emit("Compress", wants=PLAIN, data=1)
def compress(c: Emission, x: Tensor) -> Tensor:
    condition = c.array(1, "condition")
    assert condition is not None
    axis = c.attr("axis")
    if axis is None:
        x, axis = c.reshape(x, (int(np.prod(c.static(x, "Compress"))),)), 0
    picks = np.flatnonzero(condition)
    return c.op("GATHER", x, c.const(picks, np.int32), shape=c.dims(), dtype=x.dtype, Axis=axis % x.rank)
