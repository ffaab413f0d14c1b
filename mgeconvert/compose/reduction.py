"""Sums and products over no element are constants; the last of equal elements is the first from behind; running
products."""

from __future__ import annotations

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Node, Value, table_size
from mgeconvert.ir.builder import Builder
from mgeconvert.ir.table_size import check_table

from .table import (
    Result,
    array_of,
    attributes,
    compose,
    compose_form,
    compose_where_lacking,
    data,
    integer,
    scalar,
    shape_of,
)

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


@compose("CumProd")
def cum_prod(b: Builder, node: Node) -> Result:
    """CumProd(x) -> x times x moved by 1, that times itself moved by 2, by 4, ...; what moves in is 1."""
    x, found = data(node), array_of(node, 1, "axis")
    assert found is not None
    axis = int(found) % len(shape_of(x))
    size = shape_of(x)[axis]
    if not isinstance(size, int):
        refuse(f"a running product along a size known only at run time ({size})")
    if integer(node, "exclusive", 0):
        x = _moved(b, node, x, axis, 1)
    step = 1
    while step < size:
        x, step = b.op("Mul", x, _moved(b, node, x, axis, step)), 2 * step
    return b.op("Identity", x) if x is data(node) else x


def _moved(b: Builder, node: Node, x: Value, axis: int, step: int) -> Value:
    """`x` moved along the axis, backwards where the node is reversed, with ones behind it."""
    rank, size = len(shape_of(x)), int(shape_of(x)[axis])
    if size <= step:
        shape = x.static_shape
        return b.op("Expand", scalar(x, 1), b.op("Shape", x) if shape is None else list(shape))
    backwards = integer(node, "reverse", 0)
    kept = b.op("Slice", x, [step if backwards else 0], [size if backwards else size - step], [axis])
    pads = [0] * 2 * rank
    pads[axis + rank if backwards else axis] = step
    return b.op("Pad", kept, pads, scalar(x, 1))
