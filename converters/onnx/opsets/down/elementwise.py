"""Comparisons, tests for NaN and infinity, and choosing by a condition."""

from __future__ import annotations

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Node, Value

from .table import Result, Rewriter, data, downgrade, dtype_of


def choose(r: Rewriter, op: str, first: Value, second: Value) -> Value:
    """Max or Min of two numbers by comparing them; right where neither is NaN."""
    compare = "Greater" if op == "Max" else "Less"
    return r.op("Where", r.op(compare, first, second, dtype=bool), first, second, dtype=first.dtype)


@downgrade("GreaterOrEqual", "LessOrEqual", since=12)
def or_equal(r: Rewriter, node: Node) -> Result:
    """Not the negation of the opposite, which is true for NaN."""
    operands = data(node), data(node, 1)
    strictly = r.op(node.op.removesuffix("OrEqual"), *operands, dtype=bool)
    return r.op("Or", strictly, r.op("Equal", *operands, dtype=bool))


@downgrade("Equal", since=11)
def equal_floats(r: Rewriter, node: Node) -> Result:
    """Before 11 integers and bool only. Floats are equal where neither is less and both are numbers."""
    first, second = data(node), data(node, 1)
    if dtype_of(first).kind != "f":
        return r.form(first, second)
    differ = r.op("Or", r.op("Less", first, second, dtype=bool), r.op("Greater", first, second, dtype=bool))
    return r.op("And", r.op("Not", differ), is_number(r, r.op("Add", r.op("Abs", first), r.op("Abs", second))))


@downgrade("IsNaN", since=9)
def is_nan(r: Rewriter, node: Node) -> Result:
    return r.op("Not", is_number(r, r.op("Abs", data(node))))


def is_number(r: Rewriter, magnitude: Value) -> Value:
    """True where a value that is not negative is not NaN: NaN alone is not above -1."""
    return r.op("Greater", magnitude, np.array(-1, dtype_of(magnitude)), dtype=bool)


@downgrade("IsInf", since=10)
def is_infinite(r: Rewriter, node: Node) -> Result:
    """Beyond the largest finite number, in the directions that count."""
    x = data(node)
    if node.attrs.get("detect_negative", 1) and node.attrs.get("detect_positive", 1):
        x = r.op("Abs", x)
    elif node.attrs.get("detect_negative", 1):
        x = r.op("Neg", x)
    return r.op("Greater", x, np.array(np.finfo(dtype_of(x)).max, x.dtype), dtype=bool)


@downgrade("Where", since=9)
def where_by_arithmetic(r: Rewriter, node: Node) -> Result:
    """c a + (1 - c) b for integers, (c and a) or (not c and b) for bool; for floats infinity times 0 would be NaN."""
    condition, first, second = data(node), data(node, 1), data(node, 2)
    dtype = dtype_of(first)
    if dtype.kind == "b":
        chosen = r.op("And", condition, first)
        return r.op("Or", chosen, r.op("And", r.op("Not", condition), second))
    if dtype.kind not in "iu":
        refuse("a choice between floats")
    chosen = r.op("Mul", r.cast(condition, dtype), first)
    return r.op("Add", chosen, r.op("Mul", r.cast(r.op("Not", condition), dtype), second))
