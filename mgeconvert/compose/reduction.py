"""Sums and products over no element are constants; the last of equal elements is the first from behind."""

from __future__ import annotations

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Node, table_size
from mgeconvert.ir.builder import Builder
from mgeconvert.ir.table_size import check_table

from .table import Result, attributes, compose_form, compose_where_lacking, data, integer, shape_of

NEUTRAL = {"ReduceProd": 1, "ReduceSum": 0, "ReduceSumSquare": 0, "ReduceL1": 0, "ReduceL2": 0}
"""What each is of nothing."""


def _is_of_nothing(node: Node) -> bool:
    x = node.inputs[0]
    return x is not None and x.shape is not None and 0 in x.shape and node.output.static_shape is not None


def reduction_of_nothing(b: Builder, node: Node) -> Result:
    """ReduceSum(empty) -> 0, ReduceProd(empty) -> 1"""
    check_table(*(max(size, 1) for size in node.output.static_shape or ()))
    return b.constant(table_size.full(node.output.static_shape or (), NEUTRAL[node.op], data(node).dtype))


for _op in NEUTRAL:
    compose_form(_op, _is_of_nothing)(reduction_of_nothing)


def _takes_the_last(node: Node) -> bool:
    return bool(node.attrs.get("select_last_index"))


def last_of_equals(b: Builder, node: Node) -> Result:
    """ArgMax(x, select_last_index=1) -> size - 1 - ArgMax(x backwards)"""
    x = data(node)
    axis = integer(node, "axis", 0) % len(shape_of(x))
    size = shape_of(x)[axis]
    if isinstance(size, str):
        refuse(f"the last of equals along a size known only at run time ({size})")
    backwards = b.op("Slice", x, [-1], [np.iinfo(np.int64).min], [axis], [-1])
    first = b.op(node.op, backwards, **attributes(node, "select_last_index"))
    return b.op("Sub", np.int64(size - 1), first)


for _op in ("ArgMax", "ArgMin"):
    compose_where_lacking(_op, _takes_the_last)(last_of_equals)
