"""Comparisons: truth is 1, falsehood 0, made from the sign of a difference."""

from __future__ import annotations

from ..broadcasting import difference
from ..net import Blob, Net
from ..table import Operand, emit
from ..thresholds import complement, sign, step


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
