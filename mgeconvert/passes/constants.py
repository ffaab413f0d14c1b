"""fold-constants: nodes whose results are known while converting."""

from __future__ import annotations

import math

import numpy as np

from mgeconvert.ir import Dim, Node, Shape
from mgeconvert.ir.evaluate import evaluate

from .growth import check_growth, freed
from .nodes import data, integer, is_computed
from .rewriter import Rewriter
from .table import EVERY, Result, rule


@rule("fold-constants", EVERY)
def computed(r: Rewriter, node: Node) -> Result:
    """f(constants) -> constant, where the results are not larger than what they replace. An output of the graph stays a
    node: not every format can return a constant."""
    if any(map(r.is_output, node.outputs)):
        return None
    if not node.inputs or any(is_computed(node, index) for index in range(len(node.inputs))):
        return None
    arrays = [None if value is None else value.array for value in node.inputs]
    results = evaluate(node.op, arrays, node.attrs, len(node.outputs))
    if results is None:
        return None
    stored = sum(array.nbytes for array in results)
    check_growth(r, stored, freed(r, node), "the result is larger than what it is computed from")
    return [r.constant(array, value.name) for array, value in zip(results, node.outputs, strict=True)]


@rule("fold-constants", "Shape")
def shape(r: Rewriter, node: Node) -> Result:
    """Shape(x) -> constant, where the dimensions that are asked for are known, whatever the others are"""
    dims = _dims(node, data(node).shape)
    if dims is None or any(isinstance(dim, str) for dim in dims) or r.is_output(node.output):
        return None
    return r.constant(np.array(dims, np.int64), node.output.name)


@rule("fold-constants", "Size")
def size(r: Rewriter, node: Node) -> Result:
    """Size(x) -> constant, where all dimensions of x are known"""
    dims = data(node).static_shape
    if dims is None or r.is_output(node.output):
        return None
    return r.constant(np.array(math.prod(dims), np.int64), node.output.name)


@rule("fold-constants", "Gather", "Slice")
def part_of_a_shape(r: Rewriter, node: Node) -> Result:
    """Gather(Shape(x), i) -> constant, Slice(Shape(x), a:b) -> constant, where these dimensions are known: computed on
    positions, which then are looked up in the shape"""
    source = r.producer(node.inputs[0], "Shape")
    dims = None if source is None else _dims(source, data(source).shape)
    if dims is None:
        return computed(r, node)
    if r.is_output(node.output) or any(is_computed(node, index) for index in range(1, len(node.inputs))):
        return None
    picks = [None if value is None else value.array for value in node.inputs[1:]]
    positions = evaluate(node.op, [np.arange(len(dims)), *picks], node.attrs)
    if positions is None or any(isinstance(dims[at], str) for at in positions[0].ravel()):
        return None
    found = np.array([dims[at] for at in positions[0].ravel()], np.int64)
    return r.constant(found.reshape(positions[0].shape), node.output.name)


def _dims(node: Node, shape: Shape | None) -> tuple[Dim, ...] | None:
    """What a Shape node returns of the shape."""
    return None if shape is None else shape[integer(node, "start", 0) : integer(node, "end", len(shape))]
