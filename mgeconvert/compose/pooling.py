"""Pools of other norms than the mean and the largest."""

from __future__ import annotations

import math
from typing import cast

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Node, Value
from mgeconvert.ir.builder import Builder

from .table import Result, attributes, compose, data, integer, scalar, shape_of


@compose("LpPool")
def lp_pool(b: Builder, node: Node) -> Result:
    """LpPool(x, p) -> (AveragePool(|x|^p, count_include_pad) * size of the window)^(1/p)"""
    x, p = data(node), integer(node, "p", 2)
    if integer(node, "ceil_mode", 0):
        refuse("LpPool whose last window may stand beyond the image")
    kernel = cast("tuple[int, ...]", node.attrs["kernel_shape"])
    mean = b.op("AveragePool", _power(b, x, p), count_include_pad=1, **attributes(node, "p"))
    return _root(b, b.op("Mul", mean, scalar(x, math.prod(kernel))), p)


@compose("GlobalLpPool")
def global_lp_pool(b: Builder, node: Node) -> Result:
    """GlobalLpPool(x, p) -> ReduceSum(|x|^p)^(1/p) over all axes behind the channels."""
    x, p = data(node), integer(node, "p", 2)
    axes = list(range(2, len(shape_of(x))))
    return _root(b, b.op("ReduceSum", _power(b, x, p), axes, keepdims=1), p)


def _power(b: Builder, x: Value, p: int) -> Value:
    if p == 2:
        return b.op("Mul", x, x)
    magnitude = b.op("Abs", x)
    return magnitude if p == 1 else b.op("Pow", magnitude, scalar(x, p))


def _root(b: Builder, x: Value, p: int) -> Value:
    if p == 1:
        return x
    return b.op("Sqrt", x) if p == 2 else b.op("Pow", x, np.array(1 / p, x.dtype))
