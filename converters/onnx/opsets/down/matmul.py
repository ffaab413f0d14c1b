"""Gemm without a bias, and the axis of DFT."""

from __future__ import annotations

import numpy as np

from mgeconvert.ir import Node

from .operands import constant, data, dtype_of, operand
from .replacement import Replacement
from .table import Result, downgrade


@downgrade("Gemm", since=11)
def gemm_with_bias(r: Replacement, node: Node) -> Result:
    """Gemm(a, b) -> Gemm(a, b, 0); before 11 the third input could not be left out."""
    c = operand(node, 2) or np.zeros(1, dtype_of(data(node)))
    return r.form(data(node), data(node, 1), c, **node.attrs)


@downgrade("DFT", since=20)
def dft_axis_as_attribute(r: Replacement, node: Node) -> Result:
    """DFT(x, length, axis) -> DFT(x, length, axis=)"""
    axis = constant(node, 2, "an axis")
    return r.form(data(node), operand(node, 1), **{**node.attrs, "axis": -2 if axis is None else int(axis)})
