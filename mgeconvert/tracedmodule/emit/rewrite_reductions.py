"""Rewrites of reductions and running sums."""

from __future__ import annotations

import numpy as np

from mgeconvert.ir import Node, Value
from mgeconvert.ir.inference import elem_type

from .attributes import rank
from .calls import ints, sole
from .rewriter import Rewriter
from .table import rewrite

_ALONE = {"ReduceSumSquare": ("Mul", 2), "ReduceL2": ("Abs", 1), "ReduceL1": ("Abs", 1), "ReduceLogSum": ("Log", 1)}
"""What is left of a reduction over no axis, and of how many times the tensor."""


@rewrite("ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceLogSumExp", *_ALONE)
def reductions(b: Rewriter, node: Node) -> Value | None:
    """No axes mean all or none; keeping all axes is reducing them all and making them again."""
    x, axes = [*node.inputs, None][:2]
    assert x is not None
    empty = axes is None or (axes.array is not None and not axes.array.size)
    if empty and node.attrs.get("noop_with_empty_axes"):
        step, times = _ALONE.get(node.op, ("", 0))
        return b.op(step, *[x] * times) if step else x
    if node.op == "ReduceMean" and x.dtype != np.float32:
        mean = b.op(
            "ReduceMean", b.op("Cast", x, to=elem_type(np.float32)), axes, keepdims=node.attrs.get("keepdims", 1)
        )
        return b.op("Cast", mean, to=elem_type(node.output.dtype))
    if not rank(x) and node.op not in (*_ALONE, "ReduceLogSumExp"):
        return x
    if empty and node.attrs.get("keepdims", 1) and node.op not in _ALONE:
        return b.op(node.op, x, list(range(rank(x))), keepdims=1)
    return None


@rewrite("ReduceSumSquare", "ReduceLogSum", "ReduceL1", "ReduceL2")
def derived_reductions(b: Rewriter, node: Node) -> Value | None:
    """norm takes one axis or all of them; sums of squares and logarithms are put together."""
    x, axes = [*node.inputs, None][:2]
    keep = node.attrs.get("keepdims", 1)
    if node.op in ("ReduceL1", "ReduceL2"):
        found = ints(axes)
        whole = axes is None and not keep
        if whole or (found is not None and len(found) == 1):
            return None
    if node.op in ("ReduceSumSquare", "ReduceL2"):
        x = b.op("Mul", x, x)
    elif node.op == "ReduceL1":
        x = b.op("Abs", x)
    total = b.op("ReduceSum", x, axes, keepdims=keep)
    return (
        b.op({"ReduceLogSum": "Log", "ReduceL2": "Sqrt"}[node.op], total)
        if node.op in ("ReduceLogSum", "ReduceL2")
        else total
    )


@rewrite("Softmax", "LogSoftmax")
def softmax_of_scalars(b: Rewriter, node: Node) -> Value | None:
    x = node.inputs[0]
    assert x is not None
    return b.constant(float(node.op == "Softmax"), x.dtype) if not rank(x) else None


@rewrite("CumSum")
def reversed_cumsum(b: Rewriter, node: Node) -> Value | None:
    """From the end: the total minus what comes before. Without the element itself: minus that."""
    x, axis = node.inputs
    backwards, exclusive = node.attrs.get("reverse"), node.attrs.get("exclusive")
    if axis is None or axis.array is None or not (backwards or exclusive):
        return None
    total = b.op("CumSum", x, axis)
    if backwards:
        total = b.op("Add", b.op("Sub", b.op("ReduceSum", x, [int(sole(axis))], keepdims=1), total), x)
    return b.op("Sub", total, x) if exclusive else total
