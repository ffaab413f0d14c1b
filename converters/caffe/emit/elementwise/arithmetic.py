"""Arithmetic of several operands, with broadcasting."""

from __future__ import annotations

import functools

import numpy as np

from mgeconvert.errors import refuse

from ..broadcasting import add, broadcast_shape, expand, multiply
from ..net import Blob, Net
from ..table import Operand, emit
from ..thresholds import LARGE


@emit("Add")
def add_(net: Net, x: Operand, y: Operand) -> Blob:
    return add(net, x, y)


@emit("Sub")
def subtract(net: Net, x: Operand, y: Operand) -> Blob:
    return add(net, x, y, factors=(1.0, -1.0))


@emit("Mul", "And")
def multiply_(net: Net, x: Operand, y: Operand) -> Blob:
    return multiply(net, x, y)


@emit("Div")
def divide(net: Net, x: Operand, y: Operand, *, dtype: np.dtype) -> Blob:
    if dtype.kind in "iu":
        refuse("Caffe has no layer that rounds, so integers cannot be divided")
    if isinstance(y, np.ndarray):
        with np.errstate(divide="ignore"):
            return multiply(net, x, np.asarray(np.float32(1) / y.astype(np.float32)))
    return multiply(net, x, net.power(y, power=-1.0))


@emit("Pow")
def pow_(net: Net, x: Operand, y: Operand, *, dtype: np.dtype) -> Blob:
    if dtype.kind in "iu" and not (isinstance(y, np.ndarray) and np.all((y >= 0) & (y == np.floor(y)))):
        refuse("Caffe has no layer that rounds, and this power of integers is no integer")
    if isinstance(y, np.ndarray) and y.size == 1 and isinstance(x, Blob):
        return net.power(expand(net, x, broadcast_shape(x, y)), power=float(y.reshape(())))
    if isinstance(x, np.ndarray) and x.size == 1 and isinstance(y, Blob) and float(x.reshape(())) > 0:
        return net.layer("Exp", expand(net, y, broadcast_shape(x, y)), base=float(x.reshape(())))
    refuse("Caffe's Power has a constant exponent and its Exp a constant base; neither is one number here")


@emit("Sum")
def sum_(net: Net, *xs: Blob) -> Blob:
    return functools.reduce(lambda x, y: add(net, x, y), xs)


@emit("Mean")
def mean(net: Net, *xs: Blob) -> Blob:
    return net.power(sum_(net, *xs), scale=1 / len(xs))


@emit("Max", "Or")
def maximum(net: Net, *xs: Operand) -> Blob:
    return functools.reduce(lambda x, y: _maximum(net, x, y), xs)  # type: ignore[return-value]


@emit("Min")
def minimum(net: Net, *xs: Operand) -> Blob:
    negated = [np.asarray(-x.astype(np.float32)) if isinstance(x, np.ndarray) else net.power(x, scale=-1.0) for x in xs]
    return net.power(maximum(net, *negated), scale=-1.0)


def _maximum(net: Net, x: Operand, y: Operand) -> Operand:
    """Of a blob and a constant c: relu(x - c) + c where that keeps the digits of x, else a layer that holds c."""
    if isinstance(x, np.ndarray) and isinstance(y, np.ndarray):
        return np.asarray(np.maximum(x, y))
    if isinstance(x, np.ndarray):
        return _maximum(net, y, x)
    if isinstance(y, np.ndarray):
        if np.all(y == -np.inf):
            return expand(net, x, broadcast_shape(x, y))
        if np.all(np.abs(y) <= LARGE):
            return add(net, net.layer("ReLU", add(net, x, y, factors=(1.0, -1.0))), y)
        y = net.constant(y)
    shape = broadcast_shape(x, y)
    return net.eltwise("MAX", expand(net, x, shape), expand(net, y, shape))
