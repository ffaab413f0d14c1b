"""Operators that pick and write elements by position."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mgeconvert.errors import refuse
from mgeconvert.ir import Node, Value

from ..attributes import integer, numbers
from ..calls import EmittedCall, OpdefCall, StoredTensor, function, method
from ..operands import axis_of, known_size, needed, rank, scalar, sole
from ..scopes import was_function, weight_path
from ..table import emit
from ..weights import module_of


def getitem(x: Value | None, index: Sequence[Any]) -> EmittedCall:
    """``x[...]``, with a lone index as it is."""
    return method("__getitem__", x, index[0] if len(index) == 1 else tuple(index))


@emit("Slice")
def slice_(node: Node) -> EmittedCall:
    """Bounds that are only known at run time have been rewritten."""
    x, starts, stops, axes, steps = [*node.inputs, None, None][:5]
    firsts, lasts = needed(starts, "bounds of a slice"), needed(stops, "bounds of a slice")
    sliced = list(range(len(firsts))) if axes is None else needed(axes, "axes of a slice")
    paces = [1] * len(firsts) if steps is None else needed(steps, "steps of a slice")
    index: list[Any] = [slice(None)] * rank(x)
    for place, pace, first, last in zip(sliced, paces, firsts, lasts, strict=True):
        size = known_size(x, place)
        start, stop = _near(first, size, pace, stop=False), _near(last, size, pace, stop=True)
        index[place % rank(x)] = slice(start, stop, None if pace == 1 else pace)
    while index and index[-1] == slice(None):
        index.pop()
    return getitem(x, index or [slice(None)])


def _near(bound: Any, size: int, pace: int, *, stop: bool) -> Any:
    """None for a bound at or beyond the end it is there for; MegEngine takes no bounds outside of the axis."""
    if not isinstance(bound, int):
        return bound
    if pace > 0:
        beyond = bound >= size if stop else bound <= -size
        return None if beyond else max(min(bound, size), -size)
    beyond = bound < -size if stop else bound >= size - 1
    return None if beyond else bound


@emit("megengine.SliceAt")
def slice_at(node: Node) -> EmittedCall:
    """inputs: the tensor, the starts and the stops as scalars; attrs: axes and steps."""
    x, *bounds = node.inputs
    axes, steps = numbers(node, "axes", ()), numbers(node, "steps", ())
    index: list[Any] = [slice(None)] * (max(axes) + 1)
    for axis, pace, start, stop in zip(axes, steps, bounds[: len(axes)], bounds[len(axes) :], strict=True):
        size = known_size(x, axis)
        first, last = _near(scalar(start), size, pace, stop=False), _near(scalar(stop), size, pace, stop=True)
        index[axis] = slice(first, last, None if pace == 1 else pace)
    return getitem(x, index)


@emit("Gather")
def gather(node: Node) -> EmittedCall:
    """One index is an int, several an index tensor; both may count from the end."""
    x, index = node.inputs
    axis = axis_of(node)
    assert index is not None
    item: Any = int(sole(index)) if index.array is not None and index.shape == () else index
    return getitem(x, [*[slice(None)] * axis, item])


@emit("megengine.TakeAt")
def take_at(node: Node) -> EmittedCall:
    """inputs: the tensor and an index tensor for each of its first axes."""
    x, *index = node.inputs
    return getitem(x, index)


@emit("megengine.TakeWhere")
def take_where(node: Node) -> EmittedCall:
    """inputs: the tensor and a mask of one of its axes; attrs: axis."""
    x, mask = node.inputs
    return getitem(x, [*[slice(None)] * integer(node, "axis"), mask])


@emit("megengine.Copy")
def copy(node: Node) -> EmittedCall:
    return function("tensor.copy", node.inputs[0], None)


@emit("megengine.PutAt")
def put_at(node: Node) -> EmittedCall:
    """inputs: a tensor that nothing else reads, what is put, and an index tensor for each of its first axes."""
    x, updates, *index = node.inputs
    return method("__setitem__", x, tuple(index), updates)


@emit("megengine.AddAt")
def add_at(node: Node) -> EmittedCall:
    """inputs: the tensor, what is added, and an index tensor for each of its first axes."""
    items = [(axis, False, False, False, True) for axis in range(len(node.inputs) - 2)]
    return OpdefCall("IndexingIncrMultiAxisVec", tuple(node.inputs), {"items": items})


@emit("GatherElements")
def gather_elements(node: Node) -> EmittedCall:
    x, index = node.inputs
    return function("tensor.gather", x, axis_of(node), index)


@emit("ScatterElements")
def scatter_elements(node: Node) -> EmittedCall:
    x, index, updates = node.inputs
    if node.attrs.get("reduction", "none") != "none":
        refuse("ScatterElements with a reduction")
    return function("tensor.scatter", x, axis_of(node), index, updates)


@emit("megengine.Embedding")
def embedding(node: Node) -> EmittedCall:
    """inputs: the indices and a constant (n, d) weight."""
    x, weight = node.inputs
    assert weight is not None
    assert weight.array is not None
    if was_function(node):
        return function("nn.embedding", x, weight, None, None, None)
    count, size = weight.array.shape
    return module_of(
        node, "Embedding",
        {
            "padding_idx": None, "max_norm": None, "norm_type": None, "num_embeddings": count, "embedding_dim": size,
            "freeze": False, "weight": StoredTensor(weight.array),
        },
        weight_path(node, weight),
    )  # fmt: skip
