"""Reductions, TopK and the extremes of several tensors."""

from __future__ import annotations

import functools

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Node, Value

from .elementwise import choose
from .table import Result, Rewriter, axis_of, constant, data, downgrade, dtype_of, shape_of, size, without_attribute

OF_ONE_ELEMENT = {"ReduceL1": "Abs", "ReduceL2": "Abs", "ReduceLogSum": "Log", "ReduceSumSquare": "Mul"}
"""What is left of a reduction over no axis; Identity for the others."""


def reduce_axes_as_attribute(r: Rewriter, node: Node) -> Result:
    """No axes means all of them, or none at all where `noop_with_empty_axes` says so."""
    axes = constant(node, 1, "axes")
    if axes is None or not axes.size:
        if node.attrs.get("noop_with_empty_axes"):
            op = OF_ONE_ELEMENT.get(node.op, "Identity")
            return r.become(op, *[data(node)] * (2 if op == "Mul" else 1))
        return r.form(data(node), keepdims=node.attrs.get("keepdims"))
    return r.form(data(node), axes=tuple(axes.ravel().tolist()), keepdims=node.attrs.get("keepdims"))


downgrade("ReduceSum", since=13)(reduce_axes_as_attribute)
downgrade(
    "ReduceL1",
    "ReduceL2",
    "ReduceLogSum",
    "ReduceLogSumExp",
    "ReduceMax",
    "ReduceMean",
    "ReduceMin",
    "ReduceProd",
    "ReduceSumSquare",
    since=18,
)(reduce_axes_as_attribute)


without_attribute("select_last_index", "ArgMax", "ArgMin", since=12, only=0)


@downgrade("TopK", since=11)
def topk_largest(r: Rewriter, node: Node) -> Result:
    """Before 11 always the largest: the smallest are the largest of the negated values."""
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
def topk_k_as_attribute(r: Rewriter, node: Node) -> Result:
    k = constant(node, 1, "k")
    assert k is not None
    return r.form(data(node), axis=node.attrs.get("axis"), k=int(k.item()))


@downgrade("Max", "Min", since=12)
def integer_extremes(r: Rewriter, node: Node) -> Result:
    """Floats only before 12. 64-bit integers, which no float type holds, are compared and chosen."""
    dtype = dtype_of(data(node))
    if dtype.kind not in "iu" or dtype.itemsize < 8:
        return r.form(*node.inputs)
    values = [value for value in node.inputs if value is not None]
    return functools.reduce(lambda first, second: choose(r, node.op, first, second), values)


@downgrade("Max", "Min", since=8)
def extremes_of_one_shape(r: Rewriter, node: Node) -> Result:
    """Before 8 all inputs had the output's shape."""
    shape = shape_of(node.outputs[0])
    return r.form(*(_expanded(r, value, shape) for value in node.inputs if value is not None))


@downgrade("Sum", "Mean", since=8)
def sum_by_adding(r: Rewriter, node: Node) -> Result:
    values = [value for value in node.inputs if value is not None]
    total = functools.reduce(lambda first, second: r.op("Add", first, second), values)
    if node.op == "Sum":
        return total
    return r.op("Div", total, np.array(len(values), dtype_of(total)))


def _expanded(r: Rewriter, value: Value, shape: tuple[int | str, ...]) -> Value:
    if value.shape == shape:
        return value
    target = np.array([size(dim, "a dimension to broadcast to") for dim in shape], np.int64)
    return r.op("Expand", value, target, shape=shape)
