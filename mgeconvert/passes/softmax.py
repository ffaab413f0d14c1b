"""fuse-softmax: Softmax, LogSoftmax and ReduceLogSumExp written as formulas, with the largest element taken away first
so that no exponential is too large.
"""

from __future__ import annotations

from mgeconvert.ir import Node, Value

from .nodes import array, data, integer
from .rewriter import Rewriter
from .table import Result, rule


@rule("fuse-softmax", "Div", rounds=True)
def softmax(r: Rewriter, node: Node) -> Result:
    """e / ReduceSum(e, a) -> Softmax(x, a), with e = Exp(x - ReduceMax(x, a))"""
    exp, total = r.producer(data(node), "Exp"), r.producer(data(node, 1), "ReduceSum")
    if exp is None or total is None or data(total) is not data(node):
        return None
    axis = _only_axis(total)
    x = None if axis is None else _lowered(r, data(exp), axis)
    return None if x is None or x.shape != node.output.shape else r.op("Softmax", x, axis=axis)


@rule("fuse-softmax", "Sub", rounds=True)
def log_softmax(r: Rewriter, node: Node) -> Result:
    """x - (m + Log(ReduceSum(Exp(x - m), a))) -> LogSoftmax(x, a), (x - m) - Log(ReduceSum(Exp(x - m), a)) ->
    LogSoftmax(x, a), with m = ReduceMax(x, a)"""
    logarithm = r.producer(data(node, 1), "Log")
    if logarithm is not None:
        axis, lowered = _log_of_sum(r, logarithm)
        x = None if axis is None or lowered is not data(node) else _lowered(r, lowered, axis)
    else:
        axis, x = _log_sum_exp(r, data(node, 1))
    if axis is None or x is None or x.shape != node.output.shape:
        return None
    return r.op("LogSoftmax", x, axis=axis) if logarithm is not None or x is data(node) else None


@rule("fuse-softmax", "Add", rounds=True)
def log_sum_exp(r: Rewriter, node: Node) -> Result:
    """m + Log(ReduceSum(Exp(x - m), a)) -> ReduceLogSumExp(x, a), with m = ReduceMax(x, a)"""
    axis, x = _log_sum_exp(r, node.output)
    if axis is None or x is None or node.output.shape is None or len(node.output.shape) != x.rank:
        return None
    if r.only_user(node.output) is not None and _is_log_softmax(r, node.output, x):
        return None
    return r.op("ReduceLogSumExp", x, [axis], keepdims=1)


@rule("fuse-softmax", "Add", rounds=True)
def log_sum_exp_without_axis(r: Rewriter, node: Node) -> Result:
    """Squeeze(m, a) + Log(ReduceSum(Exp(x - m), a, keepdims=0)) -> ReduceLogSumExp(x, a, keepdims=0), with
    m = ReduceMax(x, a)"""
    for largest, other in ((data(node), data(node, 1)), (data(node, 1), data(node))):
        squeeze, logarithm = r.producer(largest, "Squeeze", "Reshape"), r.producer(other, "Log")
        total = None if logarithm is None else r.producer(data(logarithm), "ReduceSum")
        exp = None if total is None else r.producer(data(total), "Exp")
        most = None if squeeze is None else r.producer(data(squeeze), "ReduceMax")
        axis = None if most is None else _only_axis(most)
        if total is None or exp is None or most is None or axis is None:
            continue
        x = _lowered(r, data(exp), axis)
        if x is data(most) and _dropped_axis(total) == axis and largest.shape == node.output.shape == other.shape:
            return r.op("ReduceLogSumExp", x, [axis], keepdims=0)
    return None


@rule("fuse-softmax", "Add", rounds=True)
def log_sum_exp_of_axes(r: Rewriter, node: Node) -> Result:
    """Reshape(m) + Log(ReduceSum(Exp(x - m), axes, keepdims=0)) -> ReduceLogSumExp(x, axes, keepdims=0), with m the
    largest along all these axes"""
    for largest, other in ((data(node), data(node, 1)), (data(node, 1), data(node))):
        squeeze, logarithm = r.producer(largest, "Squeeze", "Reshape"), r.producer(other, "Log")
        total = None if logarithm is None else r.producer(data(logarithm), "ReduceSum")
        exp = None if total is None else r.producer(data(total), "Exp")
        lowered = None if exp is None else r.producer(data(exp), "Sub")
        axes = None if total is None or integer(total, "keepdims", 1) else array(total, 1)
        if squeeze is None or lowered is None or axes is None or data(lowered, 1) is not data(squeeze):
            continue
        x, most = data(lowered), data(squeeze)
        if x.shape is None or not _is_largest(r, most, x) or not largest.shape == node.output.shape == other.shape:
            continue
        reduced = {int(axis) % len(x.shape) for axis in axes}
        if most.shape == tuple(1 if axis in reduced else dim for axis, dim in enumerate(x.shape)):
            return r.op("ReduceLogSumExp", x, axes, keepdims=0)
    return None


def _is_largest(r: Rewriter, value: Value, x: Value) -> bool:
    """Whether a value is made of x by ReduceMax alone, which keeps the axes."""
    while value is not x:
        most = r.producer(value, "ReduceMax")
        if most is None or not integer(most, "keepdims", 1):
            return False
        value = data(most)
    return True


def _is_log_softmax(r: Rewriter, value: Value, x: Value) -> bool:
    reader = r.only_user(value)
    return reader is not None and reader.op == "Sub" and reader.inputs == [x, value]


def _log_sum_exp(r: Rewriter, value: Value) -> tuple[int | None, Value | None]:
    """The axis and x where a value is m + Log(ReduceSum(Exp(x - m), axis)) with m = ReduceMax(x, axis)."""
    addition = r.producer(value, "Add")
    if addition is None:
        return None, None
    for largest, other in ((data(addition), data(addition, 1)), (data(addition, 1), data(addition))):
        logarithm, most = r.producer(other, "Log"), r.producer(largest, "ReduceMax")
        axis, lowered = (None, None) if logarithm is None else _log_of_sum(r, logarithm)
        if axis is None or lowered is None or most is None:
            continue
        x = _lowered(r, lowered, axis)
        if x is data(most) and _only_axis(most) == axis:
            return axis, x
    return None, None


def _log_of_sum(r: Rewriter, logarithm: Node) -> tuple[int | None, Value | None]:
    """The axis and y where a Log is of ReduceSum(Exp(y), axis)."""
    total = r.producer(data(logarithm), "ReduceSum")
    exp = None if total is None else r.producer(data(total), "Exp")
    return (None, None) if total is None or exp is None else (_only_axis(total), data(exp))


def _lowered(r: Rewriter, value: Value, axis: int) -> Value | None:
    """x where a value is x - ReduceMax(x, axis)."""
    difference = r.producer(value, "Sub")
    most = None if difference is None else r.producer(data(difference, 1), "ReduceMax")
    if difference is None or most is None or data(most) is not data(difference) or _only_axis(most) != axis:
        return None
    return data(most)


def _only_axis(node: Node) -> int | None:
    """The one axis, from the front, that a reduction keeps with size 1; None for other reductions."""
    return _reduced_axis(node) if integer(node, "keepdims", 1) else None


def _dropped_axis(node: Node) -> int | None:
    """The one axis, from the front, that a reduction takes away; None for other reductions."""
    return None if integer(node, "keepdims", 1) else _reduced_axis(node)


def _reduced_axis(node: Node) -> int | None:
    axes, rank = array(node, 1), data(node).rank
    return None if axes is None or rank is None or axes.size != 1 else int(axes.item()) % rank
