"""Parts without elements: joining them adds nothing, splitting them off gives a constant. Blocks by channels.

Targets of a Reshape that a user gives at run time."""

from __future__ import annotations

from typing import cast

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Graph, Node, Value, table_size
from mgeconvert.ir.builder import Builder
from mgeconvert.ir.table_size import check_table

from .table import Result, array_of, compose, compose_form, data, integer, scalar, shape_of


def _has_empty_part(node: Node) -> bool:
    values = node.inputs if node.op == "Concat" else node.outputs
    axis = integer(node, "axis", 0)
    return any(value is not None and value.shape is not None and value.shape[axis] == 0 for value in values)


@compose_form("Concat", _has_empty_part)
def concat_of_empty_parts(b: Builder, node: Node) -> Result:
    """Concat(x, empty) -> x"""
    axis = integer(node, "axis", 0)
    parts = [value for value in node.inputs if value is not None and shape_of(value)[axis] != 0]
    return b.op("Concat", *(parts or node.inputs[:1]), axis=axis) if len(parts) != 1 else b.op("Identity", parts[0])


def _takes_columns_first(node: Node) -> bool:
    return node.attrs.get("mode") == "CRD"


@compose_form("SpaceToDepth", _takes_columns_first)
def space_to_depth_by_channels(b: Builder, node: Node) -> Result:
    """SpaceToDepth(x, CRD) -> Reshape(Transpose(Reshape(x, N C H/b b W/b b))), channels before the place in a block"""
    x, block = data(node), integer(node, "blocksize", 1)
    shape = x.static_shape
    if shape is None:
        refuse("blocks of an image whose size is known only at run time")
    n, channels, height, width = shape
    split = b.op("Reshape", x, [n, channels, height // block, block, width // block, block])
    moved = b.op("Transpose", split, perm=[0, 1, 3, 5, 2, 4])
    return b.op("Reshape", moved, [n, channels * block**2, height // block, width // block])


@compose_form("Split", _has_empty_part)
def split_into_empty_parts(b: Builder, node: Node) -> Result:
    """Split(x, (n, 0)) -> Identity(x), constant without elements"""
    axis, source = integer(node, "axis", 0), node.inputs[0]
    lengths = [shape_of(value)[axis] for value in node.outputs]
    if any(isinstance(length, str) for length in lengths):
        sizes = array_of(node, 1, "sizes")
        lengths = lengths if sizes is None else sizes.tolist()
    kept = [int(length) for length in lengths if length]
    if not kept:
        return [_empty(b, value) for value in node.outputs]
    parts = iter([b.op("Identity", source)] if len(kept) == 1 else b.ops("Split", len(kept), source, kept, axis=axis))
    return [next(parts) if length else _empty(b, value) for length, value in zip(lengths, node.outputs, strict=True)]


def _empty(b: Builder, like: Value) -> Value:
    check_table(*(dim if isinstance(dim, int) else 1 for dim in shape_of(like)))
    return b.constant(table_size.zeros([dim if isinstance(dim, int) else 1 for dim in shape_of(like)], like.dtype))


def keeping_sizes(graph: Graph) -> set[Node]:
    """Reshapes with a target that comes from outside the graph, so that it may hold a 0: the size of that axis."""
    producers = graph.producers()

    def may_hold_zero(target: Value) -> bool:
        pending, seen = [target], set[Value]()
        while pending:
            value = pending.pop()
            if value in seen or value.array is not None:
                continue
            seen.add(value)
            made = producers.get(value)
            if made is None:
                return True
            if made.op in _CARRIES:
                pending += [each for each in made.inputs[: _CARRIES[made.op]] if each is not None]
        return False

    return {
        node
        for node in graph.nodes
        if node.op == "Reshape" and not node.domain and not node.attrs.get("allowzero")
        and node.inputs[1] is not None and node.output.static_shape is None and may_hold_zero(node.inputs[1])
    }  # fmt: skip


_CARRIES: dict[str, int | None] = {
    "Cast": 1,
    "Concat": None,
    "Gather": 1,
    "Identity": 1,
    "Reshape": 1,
    "Slice": 1,
    "Squeeze": 1,
    "Unsqueeze": 1,
}
"""Operators that carry numbers of a target on, and how many of their inputs hold some (None: all)."""


def reshape_keeping_sizes(b: Builder, node: Node) -> Result:
    """Reshape(x, target) -> Reshape(x, Where(target = 0, Shape(x), target), allowzero=1)"""
    x, target = data(node), data(node, 1)
    (count,) = shape_of(target)
    rank = len(shape_of(x))
    if not isinstance(count, int):
        refuse("a Reshape to a rank known only at run time")
    sizes = b.op("Shape", x)
    if count < rank:
        sizes = b.op("Slice", sizes, [0], [count], [0])
    elif count > rank:
        sizes = b.op("Concat", sizes, [1] * (count - rank), axis=0)
    return b.op("Reshape", x, b.op("Where", b.op("Equal", target, np.int64(0)), sizes, target), allowzero=1)


@compose("CenterCropPad")
def center_crop_pad(b: Builder, node: Node) -> Result:
    """CenterCropPad(x, sizes) -> Pad(Slice(x)) with zeros; of an odd difference the end has one more."""
    x, sizes = data(node), array_of(node, 1, "sizes")
    shape = x.static_shape
    assert sizes is not None
    if shape is None:
        refuse("a centre of a tensor whose size is known only at run time")
    axes = [int(axis) % len(shape) for axis in cast("tuple[int, ...]", node.attrs.get("axes", range(len(shape))))]
    differences = [int(size) - shape[axis] for size, axis in zip(sizes, axes, strict=True)]
    cropped = [(axis, -by) for axis, by in zip(axes, differences, strict=True) if by < 0]
    if cropped:
        starts = [by // 2 for _, by in cropped]
        ends = [shape[axis] - (by - by // 2) for axis, by in cropped]
        x = b.op("Slice", x, starts, ends, [axis for axis, _ in cropped])
    pads = [0] * 2 * len(shape)
    for axis, by in zip(axes, differences, strict=True):
        pads[axis], pads[axis + len(shape)] = max(by, 0) // 2, max(by, 0) - max(by, 0) // 2
    return b.op("Pad", x, pads, scalar(x, 0)) if any(pads) else b.op("Identity", x)


@compose("EyeLike")
def eye_like(b: Builder, node: Node) -> Result:
    """EyeLike(x, k) -> the constant matrix of x's size with ones on its diagonal k."""
    shape = data(node).static_shape
    if shape is None:
        refuse("a matrix whose size is known only at run time")
    rows, columns = shape
    check_table(rows, columns)
    return b.constant(table_size.eye(rows, columns, integer(node, "k", 0)), node.output.dtype)
