"""Gather and Scatter: indices below zero came with opset 11, batches with 12."""

from __future__ import annotations

import numpy as np

from mgeconvert.ir import Node, Value

from .table import Result, Rewriter, axis_of, data, downgrade, dtype_of, shape_of, size, without_attribute


@downgrade("Gather", since=11)
def gather_from_the_front(r: Rewriter, node: Node) -> Result:
    axis = axis_of(node, 0)
    return r.form(data(node), _from_the_front(r, node, axis), axis=axis)


@downgrade("ScatterElements", since=11)
def scatter(r: Rewriter, node: Node) -> Result:
    """The same operator under its older name."""
    axis = axis_of(node, 0)
    return r.become("Scatter", data(node), _from_the_front(r, node, axis), data(node, 2), axis=axis)


def _from_the_front(r: Rewriter, node: Node, axis: int) -> Value | np.ndarray:
    """The second input with what is below zero counted from the front; at run time by adding the size times (i < 0)."""
    indices = data(node, 1)
    if indices.array is not None and (indices.array >= 0).all():
        return indices
    length = np.array(size(shape_of(data(node))[axis], "an axis indexed from the back"), dtype_of(indices))
    if indices.array is not None:
        return np.where(indices.array < 0, indices.array + length, indices.array)
    below = r.op("Less", r.cast(indices, np.float32), np.zeros((), np.float32), dtype=bool)
    return r.op("Add", indices, r.op("Mul", r.cast(below, indices.dtype), length))


without_attribute("batch_dims", "GatherND", since=12, only=0)
