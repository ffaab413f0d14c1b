"""Comparisons: truth is 1, falsehood 0, made from the sign of a difference."""

from __future__ import annotations

import math

import numpy as np

from ..broadcasting import broadcast_shape, difference, expand
from ..infinities import LARGEST, reaches
from ..net import Blob, Net
from ..table import Operand, emit
from ..thresholds import complement, step_of_difference


@emit("Greater")
def greater(net: Net, x: Operand, y: Operand) -> Blob:
    return step_of_difference(net, difference(net, x, y))


@emit("Less")
def less(net: Net, x: Operand, y: Operand) -> Blob:
    return step_of_difference(net, difference(net, y, x))


@emit("GreaterOrEqual")
def greater_or_equal(net: Net, x: Operand, y: Operand) -> Blob:
    return complement(net, less(net, x, y))


@emit("LessOrEqual")
def less_or_equal(net: Net, x: Operand, y: Operand) -> Blob:
    return complement(net, greater(net, x, y))


@emit("Equal")
def equal(net: Net, x: Operand, y: Operand) -> Blob:
    if isinstance(x, np.ndarray):
        x, y = y, x
    if isinstance(y, np.ndarray) and isinstance(x, Blob) and np.isinf(y).all() and len(set(y.flat)) == 1:
        return expand(net, reaches(net, x, math.copysign(LARGEST, float(y.flat[0]))), broadcast_shape(x, y))
    return complement(net, xor(net, x, y))


@emit("Xor")
def xor(net: Net, x: Operand, y: Operand) -> Blob:
    """Whether two numbers differ."""
    return net.eltwise("SUM", greater(net, x, y), less(net, x, y))


@emit("Not")
def not_(net: Net, x: Blob) -> Blob:
    return complement(net, x)
