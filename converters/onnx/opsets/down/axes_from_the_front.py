"""Axes are counted from the front: those below zero came with opset 11."""

from __future__ import annotations

from mgeconvert.ir import Node

from .operands import data, shape_of
from .replacement import Replacement
from .table import Result

DEFAULT_AXIS = {"ArgMax": 0, "ArgMin": 0, "Flatten": 1, "Hardmax": 1, "LogSoftmax": 1, "Softmax": 1, "Split": 0}
"""The axis of an operator that names none."""


def axis_from_the_front(r: Replacement, node: Node) -> Result:
    """Op(x, axis) -> Op(x, axis + rank) where it is below zero."""
    axis = node.attrs.get("axis", DEFAULT_AXIS.get(node.op))
    assert isinstance(axis, int)
    if axis < 0:
        axis += len(shape_of(data(node)))
    return r.form(*node.inputs, **{**node.attrs, "axis": axis})


def axes_from_the_front(r: Replacement, node: Node, more: int) -> Result:
    """Op(x, axes) -> Op(x, axes mod rank); `more` is how many dimensions they count beyond those of the input."""
    axes = node.attrs.get("axes")
    if not isinstance(axes, tuple) or all(int(axis) >= 0 for axis in axes):
        return r.form(*node.inputs, **node.attrs)
    rank = len(shape_of(data(node))) + more
    return r.form(*node.inputs, **{**node.attrs, "axes": tuple(int(axis) % rank for axis in axes)})
