"""Operators that move, join and split data."""

from __future__ import annotations

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Node, Value

from ..attributes import numbers
from ..calls import EmittedCall, OpdefCall, function, method
from ..operands import axis_of, ints, known_size, needed, number, rank, scalar, sole
from ..table import emit


@emit("Reshape")
def reshape(node: Node) -> EmittedCall:
    """A 0 keeps the size of the input's axis, which is a number here."""
    x, shape = node.inputs
    assert x is not None
    target = needed(shape, "sizes")
    if not node.attrs.get("allowzero"):
        target = [known_size(x, index) if size == 0 else size for index, size in enumerate(target)]
    return method("reshape", x, *target)


@emit("Transpose")
def transpose(node: Node) -> EmittedCall:
    x = node.inputs[0]
    return method("transpose", x, *numbers(node, "perm", range(rank(x))[::-1]))


@emit("Unsqueeze")
def unsqueeze(node: Node) -> EmittedCall:
    axes = needed(node.inputs[1], "axes")
    count = rank(node.inputs[0]) + len(axes)
    positive = sorted(axis % count for axis in axes)
    return function("tensor.expand_dims", node.inputs[0], positive[0] if len(positive) == 1 else positive)


@emit("Squeeze")
def squeeze(node: Node) -> EmittedCall:
    x = node.inputs[0]
    axes = needed(node.inputs[1], "axes") if len(node.inputs) > 1 and node.inputs[1] is not None else None
    if axes is None:
        return function("tensor.squeeze", x, None)
    positive = sorted(axis % rank(x) for axis in axes)
    return function("tensor.squeeze", x, positive[0] if len(positive) == 1 else positive)


@emit("Expand")
def expand(node: Node) -> EmittedCall:
    return function("tensor.broadcast_to", node.inputs[0], node.output.static_shape)


@emit("Tile")
def tile(node: Node) -> EmittedCall:
    x, repeats = node.inputs
    counts = ints(repeats)
    return function("tensor.tile", x, repeats if counts is None else tuple(counts))


@emit("Concat")
def concat(node: Node) -> EmittedCall:
    return function("tensor.concat", list(node.inputs), axis_of(node), None)


@emit("Split")
def split(node: Node) -> EmittedCall:
    """Equal parts by their number, others by the positions between them."""
    x = node.inputs[0]
    sizes = ints(node.inputs[1]) if len(node.inputs) > 1 else None
    axis = axis_of(node)
    if sizes is None:
        sizes = [_size(value, axis) for value in node.outputs]
        if len(set(sizes)) == 1:
            return function("tensor.split", x, len(sizes), axis)
    return function("tensor.split", x, [int(cut) for cut in np.cumsum(sizes)[:-1]], axis)


def _size(value: Value, axis: int) -> int:
    size = value.shape[axis] if value.shape is not None else None
    if not isinstance(size, int):
        refuse("a split into parts whose sizes are only known at run time")
    return size


@emit("megengine.BroadcastTo")
def broadcast_to(node: Node) -> EmittedCall:
    """inputs: the tensor and the sizes as scalars."""
    x, *shape = node.inputs
    return function("tensor.broadcast_to", x, tuple(map(scalar, shape)))


@emit("megengine.ReshapeTo")
def reshape_to(node: Node) -> EmittedCall:
    """inputs: the tensor and the sizes as scalars."""
    x, *shape = node.inputs
    return method("reshape", x, *map(scalar, shape))


@emit("Pad")
def pad(node: Node) -> EmittedCall:
    """Axes given apart, negative widths and the mode wrap have been rewritten or refused."""
    x, widths, value = [*node.inputs, None][:3]
    pads = needed(widths, "paddings")
    count = rank(x)
    mode = node.attrs.get("mode", "constant")
    fill = sole(value) if value is not None and value.array is not None else 0.0
    pairs = tuple((pads[axis], pads[axis + count]) for axis in range(count))
    name = {"constant": "constant", "edge": "replicate", "reflect": "reflect"}.get(str(mode))
    if name is None:
        refuse(f"Pad of mode {mode}")
    return function("nn.pad", x, pairs, name, float(fill) if mode == "constant" else 0.0)


@emit("Shape")
def shape_(node: Node) -> EmittedCall:
    """`start` and `end` have been rewritten; axis 7 is MegEngine's way to say all."""
    return OpdefCall("GetVarShape", (node.inputs[0],), {"axis": 7})


@emit("Range")
def range_(node: Node) -> EmittedCall:
    dtype = np.dtype(node.output.dtype).name if node.output.dtype is not None else "float32"
    kind = "int32" if dtype == "int64" else dtype
    return function("tensor.arange", *(number(value) for value in node.inputs), dtype=kind, device=None)
