"""Rewrites of operators that move data, and of those that change nothing."""

from __future__ import annotations

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Node, Value

from ..attributes import integer, numbers
from ..builder import EmitBuilder
from ..operands import ints, keeps_shape, rank, sole, tensor_of
from ..table import rewrite
from ..vectors import elements, size_at_run_time


@rewrite("Reshape", "Expand", "Transpose", "Unsqueeze", "Squeeze", "Pad")
def unmoved(_: EmitBuilder, node: Node) -> Value | None:
    """``Reshape(x, shape of x) -> x``, and so on: what changes neither shape nor order."""
    x = tensor_of(node)
    if not keeps_shape(node) or (node.op == "Transpose" and not _in_order(node, rank(x))):
        return None
    widths = ints(node.inputs[1]) if node.op == "Pad" else []
    if widths is None or any(widths):
        return None
    return x


@rewrite("Squeeze", "Transpose", "Reshape")
def back_again(b: EmitBuilder, node: Node) -> Value | None:
    """``Transpose(Transpose(x, p), q) -> x``, and so on: what takes back the step before it."""
    before = {"Squeeze": "Unsqueeze"}.get(node.op, node.op)
    step = b.producer(node.inputs[0], before)
    x = None if step is None else step.inputs[0]
    if step is None or x is None or x.static_shape is None or x.static_shape != node.output.static_shape:
        return None
    if node.op == "Transpose":
        first, second = (numbers(item, "perm", range(rank(x))[::-1]) for item in (step, node))
        return x if [first[axis] for axis in second] == list(range(rank(x))) else None
    if node.op == "Squeeze" and (len(node.inputs) < 2 or ints(node.inputs[1]) != ints(step.inputs[1])):
        return None
    return x


def _in_order(node: Node, count: int) -> bool:
    return numbers(node, "perm", range(count)[::-1]) == tuple(range(count))


@rewrite("Pad")
def pad(b: EmitBuilder, node: Node) -> Value | None:
    """``Pad(x, w, axes) -> Pad(x, w of every axis)``; ``Pad(x, w) -> Pad(Slice(x, -w), max(w, 0))`` where a w is
    negative.

    Booleans are padded as int32."""
    x, widths, value, axes = [*node.inputs, None, None][:4]
    assert x is not None
    given, count = ints(widths), rank(x)
    if given is None:
        refuse("padding by widths that are only known at run time")
    padded_axes = [axis % count for axis in ints(axes) or []] if axes is not None else list(range(count))
    pads = [0] * 2 * count
    for index, place in enumerate(padded_axes):
        pads[place], pads[place + count] = given[index], given[index + len(padded_axes)]
    if axes is None and min(pads, default=0) >= 0:
        return _bool_pad(b, node, x, pads) if x.dtype == bool else None
    if min(pads) < 0:
        cuts = [axis for axis in range(count) if min(pads[axis], pads[axis + count]) < 0]
        stops = [min(pads[axis + count], 0) or (1 << 62) for axis in cuts]
        x = b.op("Slice", x, [max(-pads[axis], 0) for axis in cuts], stops, cuts, [1] * len(cuts))
    return b.op("Pad", x, [max(width, 0) for width in pads], value, mode=node.attrs.get("mode", "constant"))


def _bool_pad(b: EmitBuilder, node: Node, x: Value, pads: list[int]) -> Value:
    value = node.inputs[2] if len(node.inputs) > 2 else None
    fill = b.constant(0 if value is None or value.array is None else int(sole(value)), np.int32)
    wide = b.op("Pad", b.op("Cast", x, to=6), pads, fill, mode=node.attrs.get("mode", "constant"))
    return b.op("Cast", wide, to=9)


@rewrite("Flatten")
def flatten(b: EmitBuilder, node: Node) -> Value:
    """``Flatten(x, axis) -> Reshape(x, (product before axis, product from it))``"""
    shape = node.output.static_shape
    x = node.inputs[0]
    if shape is not None:
        return b.op("Reshape", x, list(shape))
    if integer(node, "axis", 1) != 1:
        refuse("Flatten at another axis than 1 of a shape that is only known at run time")
    return b.op("Reshape", x, [0, -1])


@rewrite("DepthToSpace", "SpaceToDepth")
def block_moves(b: EmitBuilder, node: Node) -> Value:
    """``DepthToSpace(x) -> Reshape(Transpose(Reshape(x, blocks apart)), blocks together)``, and the other way round."""
    x = node.inputs[0]
    shape = None if x is None else x.static_shape
    if shape is None:
        refuse(f"{node.op} of a shape that is only known at run time")
    n, c, h, w = shape
    size = integer(node, "blocksize")
    if node.op == "SpaceToDepth":
        split, order = [n, c, h // size, size, w // size, size], [0, 3, 5, 1, 2, 4]
        final = [n, c * size * size, h // size, w // size]
    else:
        crd = node.attrs.get("mode", "DCR") == "CRD"
        inner = c // (size * size)
        split = [n, inner, size, size, h, w] if crd else [n, size, size, inner, h, w]
        order = [0, 1, 4, 2, 5, 3] if crd else [0, 3, 4, 1, 5, 2]
        final = [n, inner, h * size, w * size]
    return b.op("Reshape", b.op("Transpose", b.op("Reshape", x, split), perm=order), final)


@rewrite("Shape")
def part_of_shape(b: EmitBuilder, node: Node) -> Value | None:
    """``Shape(x, start, end) -> Slice(Shape(x), start, end)``"""
    x = node.inputs[0]
    start, last = integer(node, "start"), integer(node, "end", rank(x))
    if not start and last == rank(x):
        return None
    return b.op("Slice", b.op("Shape", x), [start], [last], [0])


@rewrite("Size")
def size(b: EmitBuilder, node: Node) -> Value:
    """``Size(x) -> product of Shape(x)``"""
    return b.op("ReduceProd", b.op("Shape", node.inputs[0]), None, keepdims=0)


@rewrite("ConstantOfShape")
def constant_of_shape(b: EmitBuilder, node: Node) -> Value:
    """``ConstantOfShape(shape, c) -> Expand(c, shape)``"""
    value = node.attrs.get("value")
    number = np.zeros(1, np.float32) if not isinstance(value, np.ndarray) else value
    return b.op("Expand", b.constant(number.reshape(())), node.inputs[0])


@rewrite("Constant")
def constant(b: EmitBuilder, node: Node) -> Value | None:
    """``Constant(c) -> c``, which is no call."""
    value = node.attrs.get("value")
    return b.constant(value) if isinstance(value, np.ndarray) else None


@rewrite("Expand")
def expand_at_run_time(b: EmitBuilder, node: Node) -> Value | None:
    """``Expand(x, shape) -> BroadcastTo(x, n, ...)`` with sizes that are numbers at run time.

    A wanted size of 1 keeps that of the tensor in ONNX and not in MegEngine: it becomes the tensor's. So does any size
    of an axis that is known not to be 1."""
    x, shape = node.inputs
    assert x is not None
    if shape is None:
        refuse("a tensor whose sizes are not known")
    if node.output.static_shape is not None:
        return None if shape.array is not None else b.op("Expand", x, list(node.output.static_shape))
    sizes = elements(b, shape, "a broadcast")
    own = [None] * (len(sizes) - rank(x)) + list(x.shape or ())
    kept = [_broadcast(b, x, place, size) if has not in (None, 1) else size
            for place, (size, has) in enumerate(zip(sizes, own, strict=True), start=rank(x) - len(sizes))]  # fmt: skip
    return b.call("BroadcastTo", [b.typed(node.output)], x, *kept)[0]


def _broadcast(b: EmitBuilder, x: Value, axis: int, wanted: Value) -> Value:
    """The size of an axis of `x`, which is not 1 as far as is known, after a broadcast."""
    if wanted.array is not None:
        return size_at_run_time(b, x, axis) if sole(wanted) == 1 else wanted
    if not b.foreign:
        return wanted
    own = size_at_run_time(b, x, axis)
    return own if own.array is not None else b.op("Max", wanted, own)


@rewrite("Reshape")
def reshape_at_run_time(b: EmitBuilder, node: Node) -> Value | None:
    """``Reshape(x, shape) -> ReshapeTo(x, n, ...)`` with sizes that are numbers at run time; a constant 0 keeps a size,
    known or not."""
    x, shape = node.inputs
    assert x is not None
    if shape is None:
        refuse("a tensor whose sizes are not known")
    known = ints(shape)
    if known is None and node.output.static_shape is not None:
        return b.op("Reshape", x, list(node.output.static_shape))
    if known is not None:
        kept = [place for place, size in enumerate(known) if size == 0 and not node.attrs.get("allowzero")]
        if any(place >= rank(x) for place in kept):
            refuse("a reshape that keeps the size of an axis that there is not")
        if all(isinstance((x.shape or ())[place], int) for place in kept):
            return None
        if len(kept) == 1 and -1 not in known:
            return b.op("Reshape", x, [-1 if size == 0 else size for size in known])
        sizes = [
            size_at_run_time(b, x, place) if size == 0 else b.constant(size, np.int32)
            for place, size in enumerate(known)
        ]
    else:
        sizes = elements(b, shape, "a reshape")
    return b.call("ReshapeTo", [b.typed(node.output)], x, *sizes)[0]


@rewrite("Squeeze")
def one_size(b: EmitBuilder, node: Node) -> Value | None:
    """``Squeeze(Slice(Shape(x), n, n + 1)) -> Gather(Shape(x), n)``: what ``x.shape[n]`` was lowered to."""
    part = b.producer(node.inputs[0], "Slice")
    if part is None or node.output.shape != ():
        return None
    whole, start = b.producer(part.inputs[0], "Shape"), ints(part.inputs[1])
    return None if whole is None or start is None else b.op("Gather", part.inputs[0], np.int32(start[0]), axis=0)
