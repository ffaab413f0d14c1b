"""fuse-elements: GatherElements and ScatterElements where the place of every element is written out for all axes.

MegEngine's gather and scatter stand so in static graphs.
"""

from __future__ import annotations

from math import prod

import numpy as np

from mgeconvert.ir import Node, Shape, Value

from .nodes import array, data, integer, text
from .rewriter import Rewriter
from .table import Result, rule

MOVED = ("Reshape", "Squeeze", "Unsqueeze", "Flatten", "Cast")


@rule("fuse-elements", "Reshape")
def gathered_elements(r: Rewriter, node: Node) -> Result:
    """Reshape(GatherND(x, (0 0 .. i .. 0 n)), shape of i) -> GatherElements(x, i), where each row of places has the
    element's own index in every axis but one"""
    gather, shape = r.producer(data(node), "GatherND"), node.output.shape
    if gather is None or shape is None or integer(gather, "batch_dims", 0) or r.only_user(data(node)) is None:
        return None
    found = _varying(r, data(gather, 1), data(gather).shape, shape)
    return None if found is None else r.op("GatherElements", data(gather), found[1], axis=found[0])


@rule("fuse-elements", "ScatterND")
def scattered_elements(r: Rewriter, node: Node) -> Result:
    """ScatterND(x, (0 0 .. i .. 0 n), Reshape(y, -1)) -> ScatterElements(x, i, y), likewise"""
    moved = r.producer(data(node, 2), "Reshape")
    if moved is None or data(moved).shape is None or text(node, "reduction", "none") != "none":
        return None
    shape = data(moved).shape
    assert shape is not None
    found = _varying(r, data(node, 1), data(node).shape, shape)
    if found is None:
        return None
    return r.op("ScatterElements", data(node), found[1], data(moved), axis=found[0])


def _varying(r: Rewriter, places: Value, whole: Shape | None, shape: Shape) -> tuple[int, Value] | None:
    """The axis whose indices are computed, and these in the shape; None where others are not the element's own."""
    rows = r.producer(places, "Concat")
    sizes = [dim for dim in shape if isinstance(dim, int)]
    if rows is None or whole is None or not len(whole) == len(rows.inputs) == len(shape) == len(sizes):
        return None
    if integer(rows, "axis", 0) not in (-1, 1) or places.shape != (prod(sizes), len(sizes)):
        return None
    grid = np.indices(sizes).reshape(len(sizes), -1) if prod(sizes) <= LARGEST else None
    found: tuple[int, Value] | None = None
    for axis in range(len(sizes)):
        own = array(rows, axis)
        if own is None:
            source = _unmoved(r, data(rows, axis), shape)
            if found is not None or source is None:
                return None
            found = axis, source
        elif grid is None or not np.array_equal(own.reshape(-1), grid[axis]):
            return None
    return found


LARGEST = 1 << 20
"""More places than this are not compared."""


def _unmoved(r: Rewriter, column: Value, shape: Shape) -> Value | None:
    """The indices in their own shape, before they became a column of integers of 64 bits."""
    value = column
    while value.shape != shape:
        node = r.producer(value, *MOVED)
        if node is None or data(node).dtype is None or data(node).dtype not in (np.int32, np.int64):
            return None
        value = data(node)
    return value
