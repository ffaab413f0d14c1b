"""Rewrites of operators that pick and write elements by position."""

from __future__ import annotations

from mgeconvert.errors import refuse
from mgeconvert.ir import Node, Value

from ..attributes import integer
from ..builder import EmitBuilder
from ..operands import ints, keeps_shape, rank, tensor_of
from ..scopes import origin
from ..table import rewrite
from ..vectors import elements
from .coordinates import coordinates, mask_of, with_masks


@rewrite("Gather")
def by_mask(b: EmitBuilder, node: Node) -> Value | None:
    """``Gather(x, Gather(NonZero(mask), 0)) -> TakeWhere(x, mask)`` of a vector mask along one axis."""
    x, index = node.inputs
    mask = mask_of(b, index)
    if mask is None or rank(mask) != 1:
        return None
    return b.call("TakeWhere", [b.typed(node.output)], x, mask, axis=integer(node, "axis") % rank(x))[0]


@rewrite("GatherND")
def gather_nd(b: EmitBuilder, node: Node) -> Value:
    """``GatherND(x, points) -> TakeAt(x, i, j, ...)``, with an index tensor, or mask, per axis."""
    x, points = node.inputs
    if node.attrs.get("batch_dims") or points is None:
        refuse("GatherND with batch dimensions")
    return b.call("TakeAt", [b.typed(node.output)], x, *with_masks(b, coordinates(b, points)))[0]


@rewrite("ScatterND")
def scatter_nd(b: EmitBuilder, node: Node) -> Value:
    """``ScatterND(x, points, u) -> PutAt(Copy(x), u, i, j, ...)``; with the reduction add
    ``-> AddAt(x, u, i, j, ...)``.

    An assignment changes its tensor, so that a copy is assigned to. What is put there has the shape of the region, or
    is broadcast to it by the assignment itself."""
    x, points, updates = node.inputs
    assert x is not None
    reduction = str(node.attrs.get("reduction", "none"))
    if reduction not in ("none", "add") or points is None:
        refuse(f"ScatterND with the reduction {reduction}")
    if reduction == "add":
        return b.call("AddAt", [b.typed(node.output)], x, updates, *with_masks(b, coordinates(b, points)))[0]
    spread = b.producer(updates, "Expand") or b.producer(updates, "BroadcastTo")
    index = with_masks(b, coordinates(b, points))
    copy = b.call("Copy", [b.typed(x, "copy_out")], x)[0]
    put = updates if spread is None else spread.inputs[0]
    return b.call("PutAt", [b.typed(node.output)], copy, put, *index)[0]


@rewrite("Slice")
def whole_slice(_: EmitBuilder, node: Node) -> Value | None:
    """``x[:] -> x``: every element, none in reverse."""
    steps = ints(node.inputs[4]) if len(node.inputs) > 4 else [1]
    forward = steps is not None and all(step > 0 for step in steps)
    return tensor_of(node) if forward and keeps_shape(node) else None


@rewrite("Slice")
def slice_at_run_time(b: EmitBuilder, node: Node) -> Value | None:
    """``Slice(x, starts, stops) -> SliceAt(x, start, ..., stop, ...)`` with bounds that are numbers at run time."""
    x, starts, stops, axes, steps = [*node.inputs, None, None][:5]
    if starts is None or stops is None or (starts.array is not None and stops.array is not None):
        return None
    firsts, lasts = elements(b, starts, "a slice"), elements(b, stops, "a slice")
    sliced = list(range(len(firsts))) if axes is None else ints(axes)
    paces = [1] * len(firsts) if steps is None else ints(steps)
    if sliced is None or paces is None:
        refuse("a slice whose axes or steps are only known at run time")
    positive = [place % rank(x) for place in sliced]
    return b.call("SliceAt", [b.typed(node.output)], x, *firsts, *lasts, axes=tuple(positive), steps=tuple(paces))[0]


@rewrite("Gather")
def embedding(b: EmitBuilder, node: Node) -> Value | None:
    """``Gather(table, index) -> Embedding(index, table)`` with a constant table, where the source had an Embedding."""
    table, index = node.inputs
    assert table is not None
    assert index is not None
    kind = origin(node)[1]
    if (
        kind in ("Embedding", "embedding")
        and table.array is not None
        and rank(table) == 2
        and not node.attrs.get("axis")
    ):
        return b.call("Embedding", [b.typed(node.output)], index, table)[0]
    return None
