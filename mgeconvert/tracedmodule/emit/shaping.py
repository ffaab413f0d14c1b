"""Operators that move, join, cut and pick data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Node, Value

from .attributes import integer, numbers, rank
from .calls import Call, Opdef, function, ints, method, scalar, sole
from .elemwise import number
from .table import emit

FAR = 1 << 31
"""Bounds of slices beyond this mean the end."""


def needed(value: Value | None, what: str) -> list[int]:
    """The integers of an operand that must be constant."""
    found = ints(value)
    if found is None:
        refuse(f"{what} that are only known at run time")
    return found


def getitem(x: Value | None, index: Sequence[Any]) -> Call:
    """``x[...]``, with a lone index as it is."""
    return method("__getitem__", x, index[0] if len(index) == 1 else tuple(index))


def axis_of(node: Node, default: int = 0, extra: int = 0) -> int:
    """The node's axis, not negative; `extra` for operators whose result has more axes."""
    return integer(node, "axis", default) % max(rank(node.inputs[0]) + extra, 1)


@emit("Reshape")
def reshape(node: Node) -> Call:
    """A 0 keeps the size of the input's axis, which is a number here."""
    x, shape = node.inputs
    assert x is not None
    target = needed(shape, "sizes")
    if not node.attrs.get("allowzero"):
        target = [_known_size(x, index) if size == 0 else size for index, size in enumerate(target)]
    return method("reshape", x, *target)


@emit("Transpose")
def transpose(node: Node) -> Call:
    x = node.inputs[0]
    return method("transpose", x, *numbers(node, "perm", range(rank(x))[::-1]))


@emit("Unsqueeze")
def unsqueeze(node: Node) -> Call:
    axes = needed(node.inputs[1], "axes")
    count = rank(node.inputs[0]) + len(axes)
    places = sorted(axis % count for axis in axes)
    return function("tensor.expand_dims", node.inputs[0], places[0] if len(places) == 1 else places)


@emit("Squeeze")
def squeeze(node: Node) -> Call:
    x = node.inputs[0]
    axes = needed(node.inputs[1], "axes") if len(node.inputs) > 1 and node.inputs[1] is not None else None
    if axes is None:
        return function("tensor.squeeze", x, None)
    places = sorted(axis % rank(x) for axis in axes)
    return function("tensor.squeeze", x, places[0] if len(places) == 1 else places)


@emit("Expand")
def expand(node: Node) -> Call:
    return function("tensor.broadcast_to", node.inputs[0], node.output.static_shape)


@emit("Tile")
def tile(node: Node) -> Call:
    x, repeats = node.inputs
    counts = ints(repeats)
    return function("tensor.tile", x, repeats if counts is None else tuple(counts))


@emit("Concat")
def concat(node: Node) -> Call:
    return function("tensor.concat", list(node.inputs), axis_of(node), None)


@emit("Split")
def split(node: Node) -> Call:
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


@emit("Slice")
def slice_(node: Node) -> Call:
    """Bounds that are only known at run time have been rewritten."""
    x, starts, stops, axes, steps = [*node.inputs, None, None][:5]
    firsts, lasts = needed(starts, "bounds of a slice"), needed(stops, "bounds of a slice")
    places = list(range(len(firsts))) if axes is None else needed(axes, "axes of a slice")
    paces = [1] * len(firsts) if steps is None else needed(steps, "steps of a slice")
    index: list[Any] = [slice(None)] * rank(x)
    for place, pace, first, last in zip(places, paces, firsts, lasts, strict=True):
        size = _known_size(x, place)
        start, stop = _near(first, size, pace, stop=False), _near(last, size, pace, stop=True)
        index[place % rank(x)] = slice(start, stop, None if pace == 1 else pace)
    while index and index[-1] == slice(None):
        index.pop()
    return getitem(x, index or [slice(None)])


def _known_size(x: Value | None, axis: int) -> int:
    """The size of an axis; as far as slices go where it is not known."""
    size = x.shape[axis] if x is not None and x.shape is not None else None
    return size if isinstance(size, int) else FAR - 1


def _near(bound: Any, size: int, pace: int, *, stop: bool) -> Any:
    """None for a bound at or beyond the end it is there for; MegEngine takes no bounds outside of the axis."""
    if not isinstance(bound, int):
        return bound
    if pace > 0:
        beyond = bound >= size if stop else bound <= -size
        return None if beyond else max(min(bound, size), -size)
    beyond = bound < -size if stop else bound >= size - 1
    return None if beyond else bound


@emit("Gather")
def gather(node: Node) -> Call:
    """One index is an int, several an index tensor; both may count from the end."""
    x, index = node.inputs
    axis = axis_of(node)
    assert index is not None
    item: Any = int(sole(index)) if index.array is not None and index.shape == () else index
    return getitem(x, [*[slice(None)] * axis, item])


@emit("megengine.TakeAt")
def take_at(node: Node) -> Call:
    """inputs: the tensor and an index tensor for each of its first axes."""
    x, *index = node.inputs
    return getitem(x, index)


@emit("megengine.TakeWhere")
def take_where(node: Node) -> Call:
    """inputs: the tensor and a mask of one of its axes; attrs: axis."""
    x, mask = node.inputs
    return getitem(x, [*[slice(None)] * integer(node, "axis"), mask])


@emit("megengine.Copy")
def copy(node: Node) -> Call:
    return function("tensor.copy", node.inputs[0], None)


@emit("megengine.PutAt")
def put_at(node: Node) -> Call:
    """inputs: a tensor that nothing else reads, what is put, and an index tensor for each of its first axes."""
    x, updates, *index = node.inputs
    return method("__setitem__", x, tuple(index), updates)


@emit("megengine.AddAt")
def add_at(node: Node) -> Call:
    """inputs: the tensor, what is added, and an index tensor for each of its first axes."""
    items = [(axis, False, False, False, True) for axis in range(len(node.inputs) - 2)]
    return Opdef("IndexingIncrMultiAxisVec", tuple(node.inputs), {"items": items})


@emit("megengine.SliceAt")
def slice_at(node: Node) -> Call:
    """inputs: the tensor, the starts and the stops as scalars; attrs: axes and steps."""
    x, *bounds = node.inputs
    axes, steps = numbers(node, "axes", ()), numbers(node, "steps", ())
    index: list[Any] = [slice(None)] * (max(axes) + 1)
    for axis, pace, start, stop in zip(axes, steps, bounds[: len(axes)], bounds[len(axes) :], strict=True):
        size = _known_size(x, axis)
        first, last = _near(scalar(start), size, pace, stop=False), _near(scalar(stop), size, pace, stop=True)
        index[axis] = slice(first, last, None if pace == 1 else pace)
    return getitem(x, index)


@emit("megengine.BroadcastTo")
def broadcast_to(node: Node) -> Call:
    """inputs: the tensor and the sizes as scalars."""
    x, *shape = node.inputs
    return function("tensor.broadcast_to", x, tuple(map(scalar, shape)))


@emit("megengine.ReshapeTo")
def reshape_to(node: Node) -> Call:
    """inputs: the tensor and the sizes as scalars."""
    x, *shape = node.inputs
    return method("reshape", x, *map(scalar, shape))


@emit("GatherElements")
def gather_elements(node: Node) -> Call:
    x, index = node.inputs
    return function("tensor.gather", x, axis_of(node), index)


@emit("ScatterElements")
def scatter_elements(node: Node) -> Call:
    x, index, updates = node.inputs
    if node.attrs.get("reduction", "none") != "none":
        refuse("ScatterElements with a reduction")
    return function("tensor.scatter", x, axis_of(node), index, updates)


@emit("Pad")
def pad(node: Node) -> Call:
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
def shape_(node: Node) -> Call:
    """`start` and `end` have been rewritten; axis 7 is MegEngine's way to say all."""
    return Opdef("GetVarShape", (node.inputs[0],), {"axis": 7})


@emit("OneHot")
def one_hot(node: Node) -> Call:
    """Other values than 0 and 1, and other axes than the last, have been rewritten."""
    return function("nn.one_hot", node.inputs[0], needed(node.inputs[1], "numbers of classes")[0])


@emit("megengine.CondTake")
def non_zero_of_vector(node: Node) -> Call:
    """inputs: a mask of one axis; the second result of cond_take are the positions."""
    return function("tensor.cond_take", node.inputs[0], node.inputs[0])


@emit("Range")
def range_(node: Node) -> Call:
    dtype = np.dtype(node.output.dtype).name if node.output.dtype is not None else "float32"
    kind = "int32" if dtype == "int64" else dtype
    return function("tensor.arange", *(number(value) for value in node.inputs), dtype=kind, device=None)


@emit("CumSum")
def cumsum(node: Node) -> Call:
    x, axis = node.inputs
    if axis is None or axis.array is None or node.attrs.get("exclusive") or node.attrs.get("reverse"):
        refuse("a cumulative sum that is exclusive, reversed or along an axis that is only known at run time")
    return function("tensor.cumsum", x, int(sole(axis)) % rank(x))
