"""Sorting, masks and one-hot codes."""

from __future__ import annotations

from typing import Any

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Node, Value, table_size
from mgeconvert.ir.inference import elem_type
from mgeconvert.ir.table_size import check_table

from .attributes import integer
from .builder import EmitBuilder, like
from .calls import EmittedCall, function
from .indexing.coordinates import only_indexes
from .operands import ints, needed, rank, sole, tensor_of
from .table import emit, rewrite


@emit("TopK", "megengine.TopK")
def topk(node: Node) -> EmittedCall:
    """Along the last axis of a vector or matrix; others are rewritten."""
    count = ints(node.inputs[1])
    k: Any = node.inputs[1] if count is None else count[0]
    return function("math.topk", node.inputs[0], k, bool(node.attrs.get("largest", 1)), False, False)


@emit("OneHot")
def one_hot(node: Node) -> EmittedCall:
    """Other values than 0 and 1, and other axes than the last, have been rewritten."""
    return function("nn.one_hot", node.inputs[0], needed(node.inputs[1], "numbers of classes")[0])


@emit("megengine.CondTake")
def non_zero_of_vector(node: Node) -> EmittedCall:
    """inputs: a mask of one axis; the second result of cond_take are the positions."""
    return function("tensor.cond_take", node.inputs[0], node.inputs[0])


@emit("Where")
def where(node: Node) -> EmittedCall:
    return function("tensor.where", *node.inputs)


@rewrite("Squeeze", about="NonZero")
def positions_of_mask(b: EmitBuilder, node: Node) -> Value | None:
    """``Squeeze(NonZero(vector)) -> CondTake(vector)``, the positions."""
    found = b.producer(node.inputs[0], "NonZero")
    if found is None or rank(found.inputs[0]) != 1:
        return None
    return _positions(b, found.inputs[0], node.output)


def _positions(b: EmitBuilder, mask: Value | None, like_value: Value) -> Value:
    """Where a vector is not zero; `like_value` has the type of that."""
    assert mask is not None
    mask = mask if mask.dtype == bool else b.op("Not", b.op("Equal", mask, like(b, mask, 0)))
    taken = Value(b.name_value("taken"), np.dtype(bool), like_value.shape)
    return b.call("CondTake", [taken, b.typed(like_value, "cond_take_out")], mask)[1]


@rewrite("NonZero")
def coordinates_of_mask(b: EmitBuilder, node: Node) -> Value | None:
    """``NonZero(x) -> Concat(p // (b c), p // c mod b, p mod c)`` with the positions p in the flattened x of shape (a,
    b, c).

    NonZero is left alone where `positions_of_mask` takes it."""
    x = tensor_of(node)
    users = b.users.get(node.output, [])
    if rank(x) == 1 and all(user.op == "Squeeze" for user in users):
        return None
    if x.dtype == bool and only_indexes(b, node.output):
        return None
    shape = x.static_shape
    if not shape:
        refuse("NonZero of a tensor whose shape is only known at run time")
    found = node.output.shape[1] if node.output.shape is not None else None
    vector = Value("", np.dtype(np.int32), None if found is None else (found,))
    position = _positions(b, x if len(shape) == 1 else b.op("Reshape", x, [-1]), vector)
    rows: list[Value] = []
    for size in shape[:0:-1]:
        rest = b.op("Mod", position, b.constant(size, np.int32))
        rows.append(rest)
        position = b.op("Div", b.op("Sub", position, rest), b.constant(size, np.int32))
    rows.append(position)
    parts = [b.op("Unsqueeze", row, [0]) for row in reversed(rows)]
    return parts[0] if len(parts) == 1 else b.op("Concat", *parts, axis=0)


FEWEST = 46340
"""The largest number whose square is an int32."""


@rewrite("TopK")
def topk_of_rows(b: EmitBuilder, node: Node) -> list[Value] | None:
    """``TopK(x, k, axis) -> Transpose(Reshape(TopK(rows, k)))``: MegEngine sorts the rows of a matrix.

    Positions that are read in a foreign graph are those of `equals_in_order`; axes of more than 46340 elements keep
    MegEngine's order of equal elements."""
    x, k = node.inputs
    assert x is not None
    count, axis = rank(x), integer(node, "axis", -1) % rank(x)
    size = x.shape[axis] if x.shape is not None else None
    ordered = b.foreign and b.uses.get(node.outputs[1], 0) > 0 and isinstance(size, int) and size <= FEWEST
    if axis == count - 1 and count <= 2:
        if not ordered or not isinstance(size, int):
            return None
        rows = x if count == 2 else b.op("Unsqueeze", x, [0])
        found = equals_in_order(b, rows, k, size, integer(node, "largest", 1))
        return found if count == 2 else [b.op("Squeeze", value, [0]) for value in found]
    shape = x.static_shape
    if shape is None or k is None or k.array is None:
        refuse("the largest elements along an axis that is not the last, of a shape that is only known at run time")
    order = [*(index for index in range(count) if index != axis), axis]
    moved = b.op("Transpose", x, perm=order)
    rows = b.op("Reshape", moved, [-1, shape[axis]])
    largest = integer(node, "largest", 1)
    back = [int(place) for place in np.argsort(order)]
    sizes = [*(shape[index] for index in order[:-1]), int(sole(k))]
    if ordered:
        found = equals_in_order(b, rows, k, shape[axis], largest)
    else:
        found = b.ops("TopK", 2, rows, k, axis=-1, largest=largest)
    return [b.op("Transpose", b.op("Reshape", value, sizes), perm=back) for value in found]


def equals_in_order(b: EmitBuilder, rows: Value, k: Value | None, size: int, largest: int) -> list[Value]:
    """``TopK(x, k) -> v[:k], (sort(g * n + i) mod n)[:k]`` with ``v, i = sort(x)`` and g the number of changes in v so
    far: of equal elements ONNX takes the first, MegEngine any."""
    positions = Value(b.name_value("positions"), np.dtype(np.int64), rows.shape)
    values, chosen = b.call("TopK", [b.typed(rows), positions], rows, b.constant([size], np.int64), largest=largest)
    step = b.op("Not", b.op("Equal", b.op("Slice", values, [1], [size], [1]), b.op("Slice", values, [0], [-1], [1])))
    changes = b.op("CumSum", b.op("Cast", step, to=elem_type(np.int64)), b.constant(1, np.int64))
    group = b.op("Pad", changes, [0, 1, 0, 0]) if size > 1 else b.op("Mul", chosen, b.constant(0, np.int64))
    key = b.op("Add", b.op("Mul", group, b.constant(size, np.int64)), chosen)
    ends = [b.typed(key), b.typed(chosen)]
    ordered = b.call("TopK", ends, key, b.constant([size], np.int64), largest=0)[0]
    first = b.op("Mod", ordered, b.constant(size, np.int64))
    count = b.op("Reshape", k, [1])
    return [b.op("Slice", value, [0], count, [1]) for value in (values, first)]


@rewrite("OneHot")
def one_hot_by_comparison(b: EmitBuilder, node: Node) -> Value | None:
    """``OneHot(i, n, (off, on)) -> Where(i = arange(n), on, off)``, i + n in place of a negative i.

    MegEngine's is of int32, along the last axis, and takes no i outside of 0 to n - 1."""
    index, depth, values = node.inputs
    if depth is None or depth.array is None or values is None or index is None:
        refuse("OneHot of a number of classes that is only known at run time")
    axis = integer(node, "axis", -1) % (rank(index) + 1)
    plain = values.array is not None and values.array.tolist() == [0, 1] and values.array.dtype.kind == "i"
    if plain and axis == rank(index) and index.dtype == values.dtype and not b.foreign:
        return None
    classes = table_size.arange(int(sole(depth)), dtype=np.int32).reshape(
        [-1 if place == axis else 1 for place in range(rank(index) + 1)]
    )
    wide = b.op("Cast", b.op("Unsqueeze", index, [axis]), to=elem_type(np.int32))
    below = b.op("Equal", b.op("Add", wide, b.constant(classes.size, np.int32)), classes)
    hot = b.op("Or", b.op("Equal", wide, classes), below)
    off, on = (b.op("Gather", values, np.array(place), axis=0) for place in (0, 1))
    return b.op("Where", hot, on, off)


@rewrite("Trilu")
def triangle(b: EmitBuilder, node: Node) -> Value:
    """``Trilu(x, k) -> Where(constant triangle, x, 0)``"""
    x, k = [*node.inputs, None][:2]
    assert x is not None
    if x.static_shape is None or (k is not None and k.array is None):
        refuse("Trilu of a shape that is only known at run time")
    check_table(*x.static_shape[-2:])
    ones = table_size.ones(x.static_shape[-2:], bool)
    offset = 0 if k is None else int(sole(k))
    mask = np.triu(ones, offset) if node.attrs.get("upper", 1) else np.tril(ones, offset)
    shaped = mask.reshape([1] * (rank(x) - 2) + list(mask.shape))
    return b.op("Where", shaped, x, b.constant(0, x.dtype))


@rewrite("Where")
def where_of_booleans(b: EmitBuilder, node: Node) -> Value | None:
    """``Where(mask, x, y) -> mask and x or not mask and y`` of booleans: MegEngine chooses between numbers only."""
    mask, x, y = node.inputs
    if x is None or x.dtype is None or x.dtype.kind != "b":
        return None
    chosen = b.op("And", mask, x)
    return b.op("Or", chosen, b.op("And", b.op("Not", mask), y))
