"""Comparisons and choices: truth is 1, falsehood 0, made from the sign of a difference."""

from __future__ import annotations

import numpy as np

from ..net import Blob, Net
from .activation import sign, step
from .arithmetic import add, broadcast_shape, expand, multiply
from .table import Operand, emit


def complement(net: Net, x: Blob) -> Blob:
    """1 - x."""
    return net.power(x, scale=-1.0, shift=1.0)


def difference(net: Net, x: Operand, y: Operand) -> Blob:
    return add(net, x, y, factors=(1.0, -1.0))


@emit("Greater")
def greater(net: Net, x: Operand, y: Operand) -> Blob:
    return step(net, difference(net, x, y))


@emit("Less")
def less(net: Net, x: Operand, y: Operand) -> Blob:
    return step(net, difference(net, y, x))


@emit("GreaterOrEqual")
def greater_or_equal(net: Net, x: Operand, y: Operand) -> Blob:
    return complement(net, less(net, x, y))


@emit("LessOrEqual")
def less_or_equal(net: Net, x: Operand, y: Operand) -> Blob:
    return complement(net, greater(net, x, y))


@emit("Equal")
def equal(net: Net, x: Operand, y: Operand) -> Blob:
    return complement(net, xor(net, x, y))


@emit("Xor")
def xor(net: Net, x: Operand, y: Operand) -> Blob:
    """Whether two numbers differ."""
    return net.layer("AbsVal", sign(net, difference(net, x, y)))


@emit("Not")
def not_(net: Net, x: Blob) -> Blob:
    return complement(net, x)


@emit("Where", note="both choices must be finite")
def where(net: Net, condition: Blob, x: Operand, y: Operand) -> Blob:
    shape = tuple(np.broadcast_shapes(condition.shape, broadcast_shape(x, y)))
    condition = expand(net, condition, shape)
    return add(net, multiply(net, condition, x), multiply(net, complement(net, condition), y))
