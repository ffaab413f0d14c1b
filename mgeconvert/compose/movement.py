"""Parts without elements: joining them adds nothing, splitting them off gives a constant. Blocks by channels."""

from __future__ import annotations

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Node, Value
from mgeconvert.ir.builder import Builder
from mgeconvert.ir.table_size import check_table

from .table import Result, array_of, compose_form, data, integer, shape_of


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
    return b.constant(np.zeros([dim if isinstance(dim, int) else 1 for dim in shape_of(like)], like.dtype))
