"""Shifts of bits by products and by numbers of bits that every processor takes."""

from __future__ import annotations

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Node, Value
from mgeconvert.ir.builder import Builder

from .table import Result, attributes, compose_form, compose_where_lacking, data, scalar


def _bits(x: Value) -> int:
    return 0 if x.dtype is None else x.dtype.itemsize * 8


def _leaves_nothing(node: Node) -> bool:
    """Whether a known count lies outside the type's bits: processors shift by its lowest bits then."""
    x, count = node.inputs
    if x is None or count is None or x.dtype is None or count.array is None:
        return False
    return bool(((count.array < 0) | (count.array >= _bits(x))).any())


@compose_form("BitShift", _leaves_nothing)
def shift_by_more_bits(b: Builder, node: Node) -> Result:
    """BitShift(x, n) -> Where(n is within the type's bits, BitShift(x, n), 0); a negative x shifted right leaves -1."""
    x, count = data(node), data(node, 1)
    assert count.array is not None
    inside = (count.array >= 0) & (count.array < _bits(x))
    shifted = b.op("BitShift", x, np.where(inside, count.array, 0).astype(count.array.dtype), **attributes(node))
    rest: Value | np.ndarray = scalar(x, 0)
    if node.attrs.get("direction") == "RIGHT" and x.dtype is not None and x.dtype.kind == "i":
        rest = b.op("Where", b.op("Less", x, scalar(x, 0)), scalar(x, -1), scalar(x, 0))
    return b.op("Where", inside, shifted, rest)


def _is_to_the_left(node: Node) -> bool:
    return node.attrs.get("direction") == "LEFT"


@compose_where_lacking("BitShift", _is_to_the_left)
def shift_left(b: Builder, node: Node) -> Result:
    """BitShift(x, n, LEFT) -> x * (1, 2, 4, ..., 0)[n]; 0 where n is no number of the type's bits."""
    x, count = data(node), data(node, 1)
    bits = _bits(x)
    if x.dtype is None:
        refuse("numbers of unknown type")
    powers = np.array([1 << bit for bit in range(bits)] + [0], f"u{bits // 8}").view(x.dtype)
    whole = b.op("Cast", count, to=7)
    outside = b.op("Or", b.op("Less", whole, np.int64(0)), b.op("Greater", whole, np.int64(bits - 1)))
    return b.op("Mul", x, b.op("Gather", b.constant(powers), b.op("Where", outside, np.int64(bits), whole), axis=0))
