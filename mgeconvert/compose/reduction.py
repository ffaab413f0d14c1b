"""Sums and products over no element are constants."""

from __future__ import annotations

import numpy as np

from mgeconvert.ir import Node
from mgeconvert.ir.builder import Builder

from .table import Result, compose_form, data

NEUTRAL = {"ReduceProd": 1, "ReduceSum": 0, "ReduceSumSquare": 0, "ReduceL1": 0, "ReduceL2": 0}
"""What each is of nothing."""


def _is_of_nothing(node: Node) -> bool:
    x = node.inputs[0]
    return x is not None and x.shape is not None and 0 in x.shape and node.output.static_shape is not None


def reduction_of_nothing(b: Builder, node: Node) -> Result:
    """ReduceSum(empty) -> 0, ReduceProd(empty) -> 1"""
    return b.constant(np.full(node.output.static_shape or (), NEUTRAL[node.op], data(node).dtype))


for _op in NEUTRAL:
    compose_form(_op, _is_of_nothing)(reduction_of_nothing)
