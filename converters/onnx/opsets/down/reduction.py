"""Reductions: axes were an attribute before they were an input, and counted from the front before opset 11."""

from __future__ import annotations

from mgeconvert.ir import Node

from .axes_from_the_front import axes_from_the_front, axis_from_the_front
from .operands import constant, data
from .replacement import Replacement
from .table import Result, downgrade, without_attribute

OF_ONE_ELEMENT = {"ReduceL1": "Abs", "ReduceL2": "Abs", "ReduceLogSum": "Log", "ReduceSumSquare": "Mul"}
"""What is left of a reduction over no axis; Identity for the others."""


def reduce_axes_as_attribute(r: Replacement, node: Node) -> Result:
    """ReduceSum(x, axes) -> ReduceSum(x, axes=).

    No axes means all of them, or none at all where `noop_with_empty_axes` says so.
    """
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


downgrade("ArgMax", "ArgMin", since=12)(without_attribute("select_last_index", only=0))


@downgrade(
    "ReduceL1",
    "ReduceL2",
    "ReduceLogSum",
    "ReduceLogSumExp",
    "ReduceMax",
    "ReduceMean",
    "ReduceMin",
    "ReduceProd",
    "ReduceSum",
    "ReduceSumSquare",
    since=11,
)
def reduce_from_the_front(r: Replacement, node: Node) -> Result:
    """ReduceSum(x, axes) -> ReduceSum(x, axes mod rank)"""
    return axes_from_the_front(r, node, 0)


downgrade("ArgMax", "ArgMin", since=11)(axis_from_the_front)
