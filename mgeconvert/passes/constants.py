"""fold-constants: nodes whose results are known while converting."""

from __future__ import annotations

import math

import numpy as np

from mgeconvert.ir import Dim, Node, Shape, Value
from mgeconvert.ir.evaluate import BYTES, EvaluationError, evaluate
from mgeconvert.ir.folding_cost import result_bytes

from .growth import check_growth, freed
from .nodes import data, integer, is_computed
from .outcome import Decline
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
    fact = "the result is larger than what it is computed from"
    bound = result_bytes(node.op, arrays, node.attrs)
    if bound > BYTES:
        check_growth(r, bound, freed(r, node), fact)
    try:
        results = evaluate(node.op, arrays, node.attrs, len(node.outputs), max(bound, BYTES))
    except EvaluationError as error:
        raise Decline(error.message) from error
    if results is None:
        return None
    check_growth(r, sum(array.nbytes for array in results), freed(r, node), fact)
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
    positions = None if r.is_output(node.output) else _picked(node, dims)
    if positions is None or any(isinstance(dims[at], str) for at in positions.ravel()):
        return None
    found = np.array([dims[at] for at in positions.ravel()], np.int64)
    return r.constant(found.reshape(positions.shape), node.output.name)


@rule("fold-constants", "Reshape")
def reshape_by_own_shape(r: Rewriter, node: Node) -> Result:
    """Reshape(x, Concat(Shape(x)[0], 3, 4)) -> Reshape(x, (0, 3, 4)): sizes of x that stay where they are"""
    pieces = r.producer(node.inputs[1], "Concat")
    if pieces is None or integer(node, "allowzero", 0) or r.only_user(data(node, 1)) is None:
        return None
    target: list[int] = []
    for piece in pieces.inputs:
        numbers = None if piece is None else piece.array
        axes = None if piece is None or numbers is not None else _own_axes(r, piece, node)
        if numbers is not None and numbers.all():
            target += numbers.tolist()
        elif axes is not None and axes == list(range(len(target), len(target) + len(axes))):
            target += [0] * len(axes)
        else:
            return None
    return r.op("Reshape", data(node), target)


def _own_axes(r: Rewriter, piece: Value, node: Node) -> list[int] | None:
    """Of which axes of the node's input a vector has the sizes; None where it has others, or that cannot be said."""
    whole = r.producer(piece, "Unsqueeze", "Reshape")
    picked = r.producer(piece if whole is None else whole.inputs[0], "Gather", "Slice", "Shape")
    shape = picked if picked is None or picked.op == "Shape" else r.producer(picked.inputs[0], "Shape")
    if picked is None or shape is None or data(shape) is not data(node) or piece.rank != 1:
        return None
    rank = data(node).rank
    axes = None if rank is None else _dims(shape, tuple(range(rank)))
    if axes is None:
        return None
    positions = np.arange(len(axes)) if picked is shape else _picked(picked, axes)
    return None if positions is None else [int(axes[at]) for at in positions.ravel()]


def _picked(node: Node, numbers: tuple[Dim, ...]) -> np.ndarray | None:
    """The positions that a Gather or Slice of a vector takes, as an array of the result's shape."""
    if any(is_computed(node, index) for index in range(1, len(node.inputs))):
        return None
    picks = [None if value is None else value.array for value in node.inputs[1:]]
    found = evaluate(node.op, [np.arange(len(numbers)), *picks], node.attrs)
    return None if found is None else found[0]


def _dims(node: Node, shape: Shape | None) -> tuple[Dim, ...] | None:
    """What a Shape node returns of the shape."""
    return None if shape is None else shape[integer(node, "start", 0) : integer(node, "end", len(shape))]
