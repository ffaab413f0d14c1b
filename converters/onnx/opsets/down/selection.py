"""Where, TopK, OneHot, Compress and Trilu: elements chosen by value."""

from __future__ import annotations

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Node, table_size
from mgeconvert.ir.table_size import check_table

from .operands import axis_of, constant, data, dtype_of, shape_of, size
from .replacement import Replacement
from .table import Result, downgrade


@downgrade("Where", since=9)
def where_by_arithmetic(r: Replacement, node: Node) -> Result:
    """Where(c, a, b) -> c a + (1 - c) b for integers, (c and a) or (not c and b) for bool.

    For floats infinity times 0 would be NaN: refused.
    """
    condition, first, second = data(node), data(node, 1), data(node, 2)
    dtype = dtype_of(first)
    if dtype.kind == "b":
        chosen = r.op("And", condition, first)
        return r.op("Or", chosen, r.op("And", r.op("Not", condition), second))
    if dtype.kind not in "iu":
        refuse("a choice between floats")
    chosen = r.op("Mul", r.cast(condition, dtype), first)
    return r.op("Add", chosen, r.op("Mul", r.cast(r.op("Not", condition), dtype), second))


@downgrade("TopK", since=11)
def topk_largest(r: Replacement, node: Node) -> Result:
    """TopK(x, k, largest=0) -> -TopK(-x, k); before 11 always the largest."""
    k = r.node.inputs[1]
    axis = axis_of(node, -1)
    if node.attrs.get("largest", 1):
        return r.form(data(node), k, axis=axis)
    if dtype_of(data(node)).kind != "f":
        refuse("the smallest of integers")
    negated = r.op("Neg", data(node))
    outputs = r.ops("TopK", 2, negated, k, axis=axis)
    outputs[0].shape = outputs[1].shape = node.outputs[0].shape
    outputs[1].dtype = np.dtype(np.int64)
    return [r.op("Neg", outputs[0]), outputs[1]][: len(node.outputs)]


@downgrade("TopK", since=10)
def topk_k_as_attribute(r: Replacement, node: Node) -> Result:
    """TopK(x, k) -> TopK(x, k=)"""
    k = constant(node, 1, "k")
    assert k is not None
    return r.form(data(node), axis=node.attrs.get("axis"), k=int(k.item()))


@downgrade("Compress", since=11)
def compress_from_the_front(r: Replacement, node: Node) -> Result:
    """Compress(x, condition, axis) -> Compress(x, condition, axis + rank) where it is below zero."""
    return r.form(*node.inputs, axis=axis_of(node, 0) if "axis" in node.attrs else None)


@downgrade("OneHot", since=11)
def one_hot_from_the_front(r: Replacement, node: Node) -> Result:
    """OneHot(i, depth, values, axis) -> OneHot(i, depth, values, axis + rank + 1) where it is below zero.

    The new axis may also be the last, which is -1 by default. Indices below zero count from the back since 11.
    """
    axis = node.attrs.get("axis", -1)
    assert isinstance(axis, int)
    indices = constant(node, 0, "indices")
    if indices is not None and indices.size and indices.min() < 0:
        refuse("indices below zero")
    return r.form(*node.inputs, axis=axis if axis >= 0 else axis + len(shape_of(data(node))) + 1)


@downgrade("Trilu", since=14)
def triangle(r: Replacement, node: Node) -> Result:
    """Trilu(x, k) -> Where(mask above diagonal k, x, 0)"""
    x, k = data(node), constant(node, 1, "k")
    rows, columns = (size(dim, "a matrix") for dim in shape_of(x)[-2:])
    check_table(rows, columns)
    offset = table_size.arange(columns) - table_size.arange(rows)[:, None] - (0 if k is None else int(k.item()))
    mask = offset >= 0 if node.attrs.get("upper", 1) else offset <= 0
    zero = np.zeros((), dtype_of(x))
    return r.op("Where", mask, x, zero, dtype=x.dtype, shape=x.shape)
