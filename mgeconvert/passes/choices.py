"""fuse-choice: conditions that went through numbers, and choices that are written as sums of their halves.

MegEngine's static graphs have no Where: ``F.where(c, x, y)`` is the sum of ``x where c > 0`` and ``y where 1 - c > 0``,
with `c` as numbers.
"""

from __future__ import annotations

import numpy as np

from mgeconvert.ir import Node, Value

from .nodes import array, data, scalar
from .rewriter import Rewriter
from .table import Result, rule


@rule("fuse-choice", "Greater")
def condition_of_numbers(r: Rewriter, node: Node) -> Result:
    """Cast(c) > 0 -> c, 1 - Cast(c) > 0 -> Not(c), for a condition c"""
    if not _is_zero(data(node, 1), node, data(node)):
        return None
    opposite = r.producer(data(node), "Sub")
    if opposite is None:
        condition = _condition(r, data(node))
        return condition if condition is not None and r.may_become(node, condition) else None
    condition = _condition(r, data(opposite, 1))
    if scalar(data(opposite)) != 1 or condition is None or condition.shape != node.output.shape:
        return None
    return r.op("Not", condition)


def _condition(r: Rewriter, value: Value) -> Value | None:
    """c where a value is Cast(c) of a bool."""
    cast = r.producer(value, "Cast")
    if cast is None or value.dtype is None or value.dtype.kind not in "fiu":
        return None
    return data(cast) if data(cast).dtype == np.dtype(bool) else None


def _is_zero(value: Value, node: Node, like: Value) -> bool:
    """Whether a constant operand is all zeros and does not widen the result beyond `like`."""
    return value.array is not None and not value.array.any() and like.shape == node.output.shape


@rule("fuse-choice", "Where", rounds=True)
def negated_condition(r: Rewriter, node: Node) -> Result:
    """Where(Not(c), x, y) -> Where(c, y, x); which chosen -0.0 becomes 0.0 in onnxruntime depends on the side"""
    inverse = r.producer(node.inputs[0], "Not")
    return None if inverse is None else r.op("Where", data(inverse), data(node, 2), data(node, 1))


@rule("fuse-choice", "Add", rounds=True)
def halves(r: Rewriter, node: Node) -> Result:
    """Where(c, x, 0) + Where(c, 0, y) -> Where(c, x, y); a chosen -0.0 was 0.0"""
    first, second = (r.producer(value, "Where") for value in node.inputs)
    if first is None or second is None or data(first) is not data(second):
        return None
    if r.only_user(first.output) is None or r.only_user(second.output) is None:
        return None
    shape = node.output.shape
    for chosen, other in ((first, second), (second, first)):
        rest, nothing = array(chosen, 2), array(other, 1)
        if rest is None or nothing is None or rest.any() or nothing.any():
            continue
        if chosen.output.shape == other.output.shape == shape:
            result = r.op("Where", data(first), data(chosen, 1), data(other, 2))
            return result if result.shape == shape else None
    return None


@rule("fuse-choice", "Not")
def not_a_number(r: Rewriter, node: Node) -> Result:
    """Not(x == x) -> IsNaN(x) for floats"""
    equal = r.producer(node.inputs[0], "Equal")
    if equal is None or data(equal) is not data(equal, 1):
        return None
    dtype = data(equal).dtype
    return r.op("IsNaN", data(equal)) if dtype is not None and dtype.kind == "f" else None
