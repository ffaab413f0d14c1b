"""Reductions, products, sorting and image operators."""

from __future__ import annotations

from typing import Any

from mgeconvert.errors import refuse
from mgeconvert.ir import Node

from .attributes import rank
from .calls import Call, Function, function, ints
from .shaping import axis_of
from .table import Emitter, emit

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
    places = sorted(axis % count for axis in axes)
    if not places:
        return None
    return places[0] if len(places) == 1 else places


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
def log_sum_exp(node: Node) -> Call:
    """All axes are named, None is not taken."""
    axes = axes_of(node)
    places = list(range(rank(node.inputs[0]))) if axes is None else axes
    return function("nn.logsumexp", node.inputs[0], places, _keeps(node))


def _arg(name: str) -> Emitter:
    def emitter(node: Node) -> Call:
        if node.attrs.get("select_last_index"):
            refuse("the last of several equal extremes; MegEngine gives the first")
        return function(name, node.inputs[0], axis_of(node), _keeps(node))

    return emitter


emit("ArgMax")(_arg("math.argmax"))
emit("ArgMin")(_arg("math.argmin"))


@emit("TopK")
def topk(node: Node) -> Call:
    """Along the last axis of a vector or matrix; others are rewritten."""
    count = ints(node.inputs[1])
    k: Any = node.inputs[1] if count is None else count[0]
    return function("math.topk", node.inputs[0], k, bool(node.attrs.get("largest", 1)), False, False)


@emit("MatMul")
def matmul(node: Node) -> Call:
    return function("math.matmul", *node.inputs, False, False, "default")


@emit("megengine.Interpolate")
def interpolate(node: Node) -> Call:
    """attrs: MegEngine's mode, and align_corners as 0 or 1 (left out: None); the size is that of the result."""
    assert node.output.static_shape is not None
    size = node.output.static_shape[2:]
    corners = node.attrs.get("align_corners")
    aligned = None if corners is None else bool(corners)
    return Function("vision.interpolate", (node.inputs[0], size, None, node.attrs["mode"], aligned))
