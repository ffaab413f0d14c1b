"""merge-consecutive: two nodes of one kind in a row that one node of that kind can do."""

from __future__ import annotations

import numpy as np

from mgeconvert.ir import Node, Value
from mgeconvert.ir.inference import dtype_of

from .nodes import array, data, integer, ints, is_computed, operand, same_shape, scalar, text
from .rewriter import Rewriter
from .table import Decline, Result, rule

RESHAPES = ("Reshape", "Squeeze", "Unsqueeze", "Flatten")


@rule("merge-consecutive", "Transpose")
def transposes(r: Rewriter, node: Node) -> Result:
    """Transpose(Transpose(x, p), q) -> Transpose(x, p[q]), -> x where p[q] is 0, 1, 2 ..."""
    inner = r.producer(node.inputs[0], "Transpose")
    if inner is None or data(inner).rank is None:
        return None
    reverse = tuple(range(data(inner).rank or 0))[::-1]
    first, second = (ints(each, "perm", reverse) for each in (inner, node))
    perm = tuple(first[axis] for axis in second)
    if perm == reverse[::-1] and r.may_become(node, data(inner)):
        return data(inner)
    return r.again(node, data(inner), perm=perm)


@rule("merge-consecutive", *RESHAPES, "Transpose")
def reshapes(r: Rewriter, node: Node) -> Result:
    """Reshape(Reshape(x, s), t) -> Reshape(x, t), -> x where x has the shape t; likewise for Squeeze, Unsqueeze,
    Flatten and a Transpose that moves only dimensions of size 1"""
    inner = r.producer(node.inputs[0], *RESHAPES, "Transpose")
    if inner is None or not (_is_reshape(inner) and _is_reshape(node)) or inner.op == node.op == "Transpose":
        return None
    source = data(inner)
    if same_shape(source.shape, node.output.shape) and r.may_become(node, source):
        return source
    if r.only_user(data(node)) is None:
        return None
    target = _target(node)
    if target is None:
        raise Decline("more than one dimension of its result is known only at run time")
    return r.op("Reshape", source, target)


def _is_reshape(node: Node) -> bool:
    """Whether the elements keep their order."""
    if node.op != "Transpose":
        return True
    shape = data(node).shape
    if shape is None:
        return False
    moved = [axis for axis in ints(node, "perm", tuple(range(len(shape)))[::-1]) if shape[axis] != 1]
    return moved == sorted(moved)


def _target(node: Node) -> Value | np.ndarray | None:
    """What Reshape needs for the node's result: its own target where that does not look at its input, else the
    known shape."""
    target = array(node, 1) if node.op == "Reshape" else None
    if target is not None and (target != 0).all():
        return data(node, 1)
    shape = node.output.shape
    if shape is None or 0 in shape or sum(isinstance(dim, str) for dim in shape) > 1:
        return None
    return np.array([-1 if isinstance(dim, str) else dim for dim in shape], np.int64)


@rule("merge-consecutive", "Reshape")
def pixels_of_channels(r: Rewriter, node: Node) -> Result:
    """Reshape(Transpose(Reshape(x, (n, c, b, b, h, w)), 0 1 4 2 5 3), (n, c, h b, w b)) -> DepthToSpace(x, b)"""
    transpose = r.producer(node.inputs[0], "Transpose")
    apart = None if transpose is None else r.producer(data(transpose), "Reshape")
    if transpose is None or apart is None or ints(transpose, "perm") != (0, 1, 4, 2, 5, 3):
        return None
    if r.only_user(data(node)) is None or r.only_user(data(transpose)) is None:
        return None
    x, split, whole = data(apart).static_shape, apart.output.static_shape, node.output.static_shape
    if x is None or split is None or whole is None or len(x) != 4:
        return None
    batch, channels, block, _, height, width = split
    if split[3] != block or x != (batch, channels * block * block, height, width):
        return None
    if whole != (batch, channels, height * block, width * block) or block == 1:
        return None
    return r.op("DepthToSpace", data(apart), blocksize=block, mode="CRD")


@rule("merge-consecutive", "Cast")
def casts(r: Rewriter, node: Node) -> Result:
    """Cast(Cast(x, a), b) -> Cast(x, b) where type a holds all that x can be, -> x where x is of type b"""
    inner = r.producer(node.inputs[0], "Cast")
    if inner is None or data(inner).dtype is None:
        return None
    source, between, final = data(inner).dtype, dtype_of(integer(inner, "to", 0)), dtype_of(integer(node, "to", 0))
    if between is None or final is None or not _keeps_all(source, between):
        raise Decline(f"{source} to {between} loses precision")
    if source == final and r.may_become(node, data(inner)):
        return data(inner)
    return r.again(node, data(inner))


def _keeps_all(source: np.dtype | None, target: np.dtype) -> bool:
    """numpy calls int64 to float64 safe; it is not."""
    if source is None or (source.kind in "iu" and source.itemsize == 8 and target.kind == "f"):
        return False
    return source.kind in "biuf" and target.kind in "biuf" and np.can_cast(source, target, "safe")


REDUCTIONS = ("ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd", "ReduceSum")


@rule("merge-consecutive", *REDUCTIONS, rounds=True)
def reductions(r: Rewriter, node: Node) -> Result:
    """ReduceMean(ReduceMean(x, a), b) -> ReduceMean(x, a + b), likewise for maximum, minimum, product and sum"""
    inner = r.producer(node.inputs[0], node.op)
    if inner is None or r.only_user(data(node)) is None:
        return None
    first, second, rank = _reduced(inner), _reduced(node), data(inner).rank
    if first is None or second is None or rank is None:
        return None
    keeps = [integer(each, "keepdims", 1) for each in (inner, node)]
    if not keeps[0]:
        left = [axis for axis in range(rank) if axis not in first]
        second = [left[axis] for axis in second]
    if keeps[0] != keeps[1] and (keeps[1] or not set(first) <= set(second)):
        return None
    return r.again(node, data(inner), sorted({*first, *second}))


def _reduced(node: Node) -> list[int] | None:
    """The axes that a reduction is over, from the front; None where they are computed, or there are none."""
    axes, rank = array(node, 1), data(node).rank
    if rank is None or is_computed(node, 1):
        return None
    if axes is None or not axes.size:
        return None if integer(node, "noop_with_empty_axes", 0) else list(range(rank))
    return sorted(axis % rank for axis in axes.tolist())


@rule("merge-consecutive", *RESHAPES)
def kept_dimensions(r: Rewriter, node: Node) -> Result:
    """Unsqueeze(ReduceMean(x, a, keepdims=0), a) -> ReduceMean(x, a, keepdims=1), Squeeze(ReduceMean(x, a), a) ->
    ReduceMean(x, a, keepdims=0); likewise for every reduction, and for a Reshape that does so"""
    inner = r.producer(node.inputs[0], *REDUCTIONS)
    axes = None if inner is None else _reduced(inner)
    if inner is None or axes is None or r.only_user(data(node)) is None:
        return None
    keeps, shape = 1 - integer(inner, "keepdims", 1), data(inner).shape or ()
    wanted = tuple(dim for axis, dim in enumerate(shape) if axis not in axes)
    if keeps:
        wanted = tuple(1 if axis in axes else dim for axis, dim in enumerate(shape))
    if node.output.shape != wanted:
        return None
    return r.again(inner, *inner.inputs, keepdims=keeps)


@rule("merge-consecutive", *RESHAPES)
def kept_position(r: Rewriter, node: Node) -> Result:
    """Squeeze(ArgMax(x, a, keepdims=1), a) -> ArgMax(x, a, keepdims=0), also with a Cast between them; likewise for
    ArgMin, and for a Reshape that does so"""
    cast = r.producer(node.inputs[0], "Cast")
    inner = r.producer(data(node) if cast is None else data(cast), "ArgMax", "ArgMin")
    readers = [data(node)] if cast is None else [data(node), data(cast)]
    shape = None if inner is None else data(inner).shape
    if inner is None or shape is None or not integer(inner, "keepdims", 1) or None in map(r.only_user, readers):
        return None
    axis = integer(inner, "axis", 0) % len(shape)
    if node.output.shape != (*shape[:axis], *shape[axis + 1 :]):
        return None
    found = r.again(inner, data(inner), keepdims=0)
    return found if cast is None else r.again(cast, found)


@rule("merge-consecutive", *RESHAPES)
def gathered(r: Rewriter, node: Node) -> Result:
    """Reshape(Gather(w, Reshape(i, -1)), (*shape of i, *shape of w[0])) -> Gather(w, i), Reshape(Gather(w, Reshape(i)),
    (*s, *shape of w[0])) -> Gather(w, Reshape(i, s))"""
    gather = r.producer(node.inputs[0], "Gather")
    moved = None if gather is None else r.producer(data(gather, 1), *RESHAPES)
    if gather is None or moved is None or integer(gather, "axis", 0) != 0:
        return None
    if r.only_user(data(node)) is None or r.only_user(data(gather, 1)) is None:
        return None
    rows, shape, indices = data(gather).shape, node.output.shape, data(moved)
    if rows is None or shape is None or shape[len(shape) - len(rows) + 1 :] != rows[1:]:
        return None
    outer = shape[: len(shape) - len(rows) + 1]
    if not same_shape(indices.shape, outer):
        if 0 in outer or sum(isinstance(dim, str) for dim in outer) > 1:
            return None
        target = np.array([-1 if isinstance(dim, str) else dim for dim in outer], np.int64)
        indices = r.op("Reshape", indices, target, like=moved)
    return r.again(gather, data(gather), indices)


@rule("merge-consecutive", "Gather")
def only_position(r: Rewriter, node: Node) -> Result:
    """Gather(x, 0, a) -> Squeeze(x, a) where the axis has the size 1"""
    index, shape, axis = array(node, 1), data(node).shape, integer(node, "axis", 0)
    if index is None or index.shape != () or shape is None or shape[axis] != 1 or int(index) not in (0, -1):
        return None
    return r.op("Squeeze", data(node), [axis % len(shape)])


@rule("merge-consecutive", "Gather")
def index_of_another_type(r: Rewriter, node: Node) -> Result:
    """Gather(x, Cast(i)) -> Gather(x, i) for integers of 32 and 64 bits: what a Gather can take fits into both"""
    cast = r.producer(node.inputs[1], "Cast")
    if cast is None:
        return None
    dtypes = (data(cast).dtype, data(node, 1).dtype)
    return r.again(node, data(node), data(cast)) if all(dtype in INDICES for dtype in dtypes) else None


INDICES = (np.dtype(np.int32), np.dtype(np.int64))
"""The types that Gather takes."""


@rule("merge-consecutive", "Gather")
def column_of_a_stack(r: Rewriter, node: Node) -> Result:
    """Gather(Concat(..., Unsqueeze(x, a), ...; a), i) -> x where that is the part i of parts of size 1"""
    joined, index, axis = r.producer(data(node), "Concat"), array(node, 1), integer(node, "axis", 0)
    rank = data(node).rank
    if joined is None or index is None or index.shape != () or rank is None:
        return None
    axis, parts = axis % rank, [data(joined, at) for at in range(len(joined.inputs))]
    if integer(joined, "axis", 0) % rank != axis or any(part.shape is None or part.shape[axis] != 1 for part in parts):
        return None
    if not -len(parts) <= index < len(parts):
        return None
    return r.op("Squeeze", parts[int(index)], [axis])


Cut = tuple[int, int, int]


@rule("merge-consecutive", "Slice")
def slices(r: Rewriter, node: Node) -> Result:
    """Slice(Slice(x, a:b), c:d) -> Slice(x, a + c:a + d) for positive steps and dimensions of known size"""
    inner = r.producer(node.inputs[0], "Slice")
    if inner is None or r.only_user(data(node)) is None:
        return None
    first, second = _cuts(inner), _cuts(node)
    if first is None or second is None:
        raise Decline("a slice of a dimension known only at run time, or backwards")
    merged = dict(first)
    for axis, (start, end, step) in second.items():
        begin, _, stride = first.get(axis, (0, 0, 1))
        merged[axis] = (begin + stride * start, begin + stride * (end - 1) + 1, stride * step)
    if any(end <= start for start, end, _ in merged.values()):
        raise Decline("the slice is empty")
    axes = sorted(merged)
    starts, ends, steps = (list(numbers) for numbers in zip(*(merged[axis] for axis in axes), strict=True))
    return r.again(node, data(inner), starts, ends, axes, steps if any(step != 1 for step in steps) else None)


def _cuts(node: Node) -> dict[int, Cut] | None:
    """axis -> (start, end, step) with 0 <= start <= end <= size; None where that cannot be said."""
    starts, ends, axes, steps = (array(node, index) for index in range(1, 5))
    shape = data(node).shape
    if starts is None or ends is None or shape is None or is_computed(node, 3) or is_computed(node, 4):
        return None
    which = range(len(starts)) if axes is None else [axis % len(shape) for axis in axes.tolist()]
    cuts: dict[int, Cut] = {}
    for position, axis in enumerate(which):
        size, step = shape[axis], 1 if steps is None else int(steps[position])
        if isinstance(size, str) or step < 1:
            return None
        start, end, step = slice(int(starts[position]), int(ends[position]), step).indices(size)
        cuts[axis] = (start, max(start, end), step)
    return cuts


@rule("merge-consecutive", "Pad")
def pads(r: Rewriter, node: Node) -> Result:
    """Pad(Pad(x, a), b) -> Pad(x, a + b) with the same number, or both at the edge"""
    inner = r.producer(node.inputs[0], "Pad")
    if inner is None or r.only_user(data(node)) is None:
        return None
    first, second, mode = full_pads(inner), full_pads(node), text(node, "mode", "constant")
    same_value = mode == "constant" and pad_value(inner) == pad_value(node) is not None
    if mode != text(inner, "mode", "constant") or not (same_value or mode == "edge"):
        raise Decline("two kinds of padding")
    if first is None or second is None:
        raise Decline("the padding is computed")
    if (first < 0).any() or (second < 0).any():
        raise Decline("it crops")
    return r.again(node, data(inner), (first + second).ravel(), operand(node, 2))


def full_pads(node: Node) -> np.ndarray | None:
    """(2, rank) of a Pad node: before and after each axis; None where that is computed."""
    given, axes, rank = array(node, 1), array(node, 3), data(node).rank
    if given is None or rank is None or is_computed(node, 3):
        return None
    widths = np.zeros((2, rank), np.int64)
    widths[:, range(rank) if axes is None else axes] = given.reshape(2, -1)
    return widths


def pad_value(node: Node) -> float | None:
    """What a constant-mode Pad node pads with; None where that is computed."""
    value = operand(node, 2)
    return 0.0 if value is None else scalar(value)


FEW = 4
"""How many pieces a Concat may have that several others repeat: what is repeated again and again must not explode."""


@rule("merge-consecutive", "Concat")
def concats(r: Rewriter, node: Node) -> Result:
    """Concat(Concat(a, b), c) -> Concat(a, b, c) along one axis; the last of a tree of them takes all pieces at once.
    The inner one goes where nothing but such a Concat reads it"""
    user = r.only_user(node.output)
    if user is not None and _is_piece(r, node.output, user):
        return None
    operands: list[Value | None] = []
    pending = node.inputs[::-1]
    while pending:
        value = pending.pop()
        if value is not None and _is_piece(r, value, node):
            pending += r.maker(value).inputs[::-1]
        else:
            operands.append(value)
    return r.again(node, *operands) if len(operands) > len(node.inputs) else None


def _is_piece(r: Rewriter, value: Value, whole: Node) -> bool:
    inner = r.producer(value, "Concat")
    if inner is None or whole.op != "Concat" or whole.domain:
        return False
    if r.only_user(value) is not None:
        return _axis(inner) == _axis(whole)
    users = r.users(value)
    if len(users) != r.uses(value) or len(inner.inputs) > FEW:
        return False
    return all(user.op == "Concat" and not user.domain and _axis(user) == _axis(inner) for user in users)


def _axis(node: Node) -> int:
    return integer(node, "axis", 0) % (node.output.rank or 1)
