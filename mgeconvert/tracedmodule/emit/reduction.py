"""Reductions, running sums and arg-max."""

from __future__ import annotations

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Node, Value, table_size
from mgeconvert.ir.inference import elem_type
from mgeconvert.ir.table_size import check_table

from .builder import EmitBuilder, like
from .calls import EmittedCall, function
from .infinities import may_be_infinite
from .operands import axis_of, ints, rank, sole, tensor_of
from .table import DOMAIN, Emitter, emit, rewrite

REDUCTIONS = {
    "ReduceMax": "math.max", "ReduceMean": "math.mean", "ReduceMin": "math.min", "ReduceProd": "math.prod",
    "ReduceSum": "math.sum",
}  # fmt: skip


def axes_of(node: Node) -> int | list[int] | None:
    """The reduced axes as MegEngine takes them: one number, a list, or None for all."""
    operand = node.inputs[1] if len(node.inputs) > 1 else None
    if operand is None:
        return None
    axes = ints(operand)
    if axes is None:
        refuse("a reduction over axes that are only known at run time")
    count = rank(node.inputs[0])
    positive = sorted(axis % count for axis in axes)
    if not positive:
        return None
    return positive[0] if len(positive) == 1 else positive


def _keeps(node: Node) -> bool:
    return bool(node.attrs.get("keepdims", 1))


def _reduction(name: str) -> Emitter:
    return lambda node: function(name, node.inputs[0], axes_of(node), _keeps(node))


for _op, _name in REDUCTIONS.items():
    emit(_op)(_reduction(_name))


def _norm(order: float) -> Emitter:
    return lambda node: function("math.norm", node.inputs[0], order, axes_of(node), _keeps(node))


emit("ReduceL1")(_norm(1.0))
emit("ReduceL2")(_norm(2.0))


@emit("ReduceLogSumExp")
def log_sum_exp(node: Node) -> EmittedCall:
    """All axes are named, None is not taken."""
    axes = axes_of(node)
    positive = list(range(rank(node.inputs[0]))) if axes is None else axes
    return function("nn.logsumexp", node.inputs[0], positive, _keeps(node))


def _extreme(name: str) -> Emitter:
    def emitter(node: Node) -> EmittedCall:
        return function(name, node.inputs[0], axis_of(node), _keeps(node))

    return emitter


emit("ArgMax")(_extreme("math.argmax"))
emit("ArgMin")(_extreme("math.argmin"))


@emit("CumSum")
def cumsum(node: Node) -> EmittedCall:
    x, axis = node.inputs
    if axis is None or axis.array is None or node.attrs.get("exclusive") or node.attrs.get("reverse"):
        refuse("a cumulative sum that is exclusive, reversed or along an axis that is only known at run time")
    return function("tensor.cumsum", x, int(sole(axis)) % rank(x))


@rewrite("ArgMax", "ArgMin")
def last_extreme(b: EmitBuilder, node: Node) -> Value | None:
    """``ArgMax(x, select_last_index) -> n - 1 - ArgMax(x[::-1])`` with the size n of the axis: MegEngine gives the
    first of several equal extremes."""
    if not node.attrs.get("select_last_index"):
        return None
    x, axis = tensor_of(node), axis_of(node)
    size = x.shape[axis] if x.shape is not None else None
    if not isinstance(size, int):
        refuse("the last of several equal extremes along an axis of a size that is only known at run time")
    reverse = b.op("Slice", x, [-1], [-size - 1], [axis], [-1])
    first = b.op(node.op, reverse, axis=axis, keepdims=node.attrs.get("keepdims", 1))
    return b.op("Sub", b.constant(size - 1, np.int64), first)


_ALONE = {"ReduceSumSquare": ("Mul", 2), "ReduceL2": ("Abs", 1), "ReduceL1": ("Abs", 1), "ReduceLogSum": ("Log", 1)}
"""What is left of a reduction over no axis, and of how many times the tensor."""


@rewrite("ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceLogSumExp", *_ALONE)
def reductions(b: EmitBuilder, node: Node) -> Value | None:
    """``ReduceSum(x) -> ReduceSum(x, every axis)`` with keepdims, and ``-> x`` where no axes mean none; likewise the
    others.

    The mean of other types than float32 is taken in float32."""
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
    if not rank(x) and node.op not in _ALONE:
        return x
    if empty and node.attrs.get("keepdims", 1) and node.op not in _ALONE:
        return b.op(node.op, x, list(range(rank(x))), keepdims=1)
    return None


_OF_NOTHING = {"ReduceMax": -np.inf, "ReduceLogSumExp": -np.inf, "ReduceMin": np.inf}


@rewrite(*_OF_NOTHING)
def of_no_elements(b: EmitBuilder, node: Node) -> Value | None:
    """``ReduceMax(x) -> -inf`` where x has no elements, ``ReduceMin(x) -> inf``; integers: the least, the largest."""
    x, shape = tensor_of(node), node.output.static_shape
    if x.static_shape is None or shape is None or 0 not in x.static_shape:
        return None
    number, dtype = _OF_NOTHING[node.op], x.dtype
    if dtype is not None and dtype.kind in "iu":
        number = np.iinfo(dtype).min if number < 0 else np.iinfo(dtype).max
    check_table(*shape)
    return b.constant(table_size.full(shape, number, dtype))


for _op in ("ReduceMax", "ReduceMin"):
    emit(f"{DOMAIN}.{_op}")(_reduction(REDUCTIONS[_op]))


@rewrite("ReduceMax", "ReduceMin")
def extreme_of_infinities(b: EmitBuilder, node: Node) -> Value | None:
    """``ReduceMax(x) -> Where(all of x < m, -inf, m)`` with MegEngine's m, which is the lowest finite number where
    all of x is -inf; likewise ``ReduceMin(x) -> Where(all of x > m, inf, m)``."""
    x, axes = [*node.inputs, None][:2]
    if not b.foreign or not may_be_infinite(b, x):
        return None
    assert x is not None
    m, least = b.typed(node.output), node.op == "ReduceMin"
    b.call(node.op, [m], x, axes, keepdims=node.attrs.get("keepdims", 1))
    kept = b.op("Unsqueeze", m, axes) if not _keeps(node) and axes is not None else m
    beyond = b.op("Cast", b.op("Greater" if least else "Less", x, kept), to=elem_type(x.dtype))
    whole = b.op("ReduceMin", beyond, axes, keepdims=node.attrs.get("keepdims", 1))
    return b.op("Where", b.op("Greater", whole, like(b, x, 0)), like(b, x, np.inf if least else -np.inf), m)


@rewrite("ReduceSumSquare", "ReduceLogSum", "ReduceL1", "ReduceL2")
def derived_reductions(b: EmitBuilder, node: Node) -> Value | None:
    """``ReduceSumSquare(x) -> ReduceSum(x * x)``, ``ReduceLogSum(x) -> Log(ReduceSum(x))``; over several axes
    ``ReduceL1(x) -> ReduceSum(abs(x))`` and ``ReduceL2(x) -> Sqrt(ReduceSum(x * x))``: MegEngine's norm takes one
    axis, or all of them."""
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


@rewrite("CumSum")
def reversed_cumsum(b: EmitBuilder, node: Node) -> Value | None:
    """``CumSum(x, reverse) -> ReduceSum(x) - CumSum(x) + x``, ``CumSum(x, exclusive) -> CumSum(x) - x``"""
    x, axis = node.inputs
    backwards, exclusive = node.attrs.get("reverse"), node.attrs.get("exclusive")
    if axis is None or axis.array is None or not (backwards or exclusive):
        return None
    total = b.op("CumSum", x, axis)
    if backwards:
        total = b.op("Add", b.op("Sub", b.op("ReduceSum", x, [int(sole(axis))], keepdims=1), total), x)
    return b.op("Sub", total, x) if exclusive else total
