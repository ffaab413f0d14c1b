"""fuse-nms: NonMaxSuppression that a static graph writes for boxes sorted by hand, with the indices filled to a fixed
length and cut again.
"""

from __future__ import annotations

import numpy as np

from mgeconvert.ir import Node, Value

from .nodes import array, data, integer, operand
from .rewriter import Rewriter
from .table import Result, rule


@rule("fuse-nms", "Slice")
def filled_and_cut(r: Rewriter, node: Node) -> Result:
    """Slice(Gather(x, Min(0 1 2 ..., Shape(x) - 1)), 0:Shape(x)) -> x, for a vector x"""
    gather = r.producer(node.inputs[0], "Gather")
    starts, steps = array(node, 1), array(node, 4)
    if gather is None or starts is None or starts.any():
        return None
    if operand(node, 4) is not None and (steps is None or (steps != 1).any()):
        return None
    x, least = data(gather), r.producer(data(gather, 1), "Min")
    if least is None or x.rank != 1 or not _is_length(r, data(node, 2), x):
        return None
    for counted, last in (least.inputs, least.inputs[::-1]):
        difference = r.producer(last, "Sub")
        numbers = None if counted is None else counted.array
        if numbers is None or difference is None or not _is_length(r, data(difference), x):
            continue
        one = array(difference, 1)
        if np.array_equal(numbers, np.arange(numbers.size)) and one is not None and (one == 1).all():
            return x if r.may_become(node, x) else None
    return None


def _is_length(r: Rewriter, value: Value, x: Value) -> bool:
    """Whether a value is Shape(x) as integers of some type."""
    node = r.producer(value, "Cast", "Shape")
    while node is not None and node.op == "Cast":
        node = r.producer(data(node), "Cast", "Shape")
    return node is not None and data(node) is x


@rule("fuse-nms", "Slice")
def filled_with_zeros(r: Rewriter, node: Node) -> Result:
    """Slice(Slice(Concat(x, 0 0 0 ...), 0:n), 0:Shape(x)) -> x, for the at most n indices x of a NonMaxSuppression; a
    Cast may follow the inner Slice"""
    inner, cast = _behind_cast(r, data(node))
    first = None if inner is None else r.producer(inner, "Slice")
    joined = None if first is None else r.producer(data(first), "Concat")
    if first is None or joined is None or len(joined.inputs) != 2 or not _is_from_start(node):
        return None
    x, zeros, limit = data(joined), array(joined, 1), array(first, 2)
    if zeros is None or zeros.any() or limit is None or not _is_from_start(first) or x.rank != 1:
        return None
    most = _most_boxes(r, x)
    if most is None or not most <= limit.item() <= zeros.size or not _is_count(r, data(node, 2), x):
        return None
    return x if cast is None else r.again(cast, x)


def _is_from_start(node: Node) -> bool:
    """Whether a Slice of a vector takes all from the first on."""
    starts, steps = array(node, 1), array(node, 4)
    return (
        starts is not None and not starts.any() and (len(node.inputs) < 5 or (steps is not None and (steps == 1).all()))
    )


def _most_boxes(r: Rewriter, x: Value) -> int | None:
    """How many indices there can be, where x is the last column of a NonMaxSuppression."""
    made = r.producer(x)
    while made is not None and made.op in ("Reshape", "Squeeze", "Slice", "Cast", "Gather"):
        made = r.producer(data(made))
    limit = None if made is None or made.op != "NonMaxSuppression" else array(made, 2)
    return None if limit is None else int(limit.item())


def _is_count(r: Rewriter, value: Value, x: Value) -> bool:
    """Whether a value is Shape(x), which is never below zero, in another type or shape."""
    node = r.producer(value)
    while node is not None and node.op in ("Cast", "Reshape", "Where"):
        if node.op == "Where" and not _is_below_zero(r, data(node), data(node, 2)):
            return False
        node = r.producer(data(node, 2 if node.op == "Where" else 0))
    return node is not None and node.op == "Shape" and data(node) is x


def _is_below_zero(r: Rewriter, condition: Value, value: Value) -> bool:
    less = r.producer(condition, "Less")
    zero = None if less is None else array(less, 1)
    return less is not None and data(less) is value and zero is not None and not zero.any()


@rule("fuse-nms", "Gather", rounds=True)
def sorted_before(r: Rewriter, node: Node) -> Result:
    """order[NonMaxSuppression(boxes[order], -0 -1 -2 ...)] -> NonMaxSuppression(boxes, scores), where order sorts the
    scores from the largest down: NonMaxSuppression does so itself"""
    order = data(node)
    kept, cast = _behind_cast(r, data(node, 1))
    indices = None if kept is None else r.producer(kept, "Gather")
    suppression = None if indices is None else r.producer(data(indices), "NonMaxSuppression")
    if indices is None or suppression is None or node.output.rank != 1:
        return None
    boxes, scores = _sorted_boxes(r, data(suppression), order), _sorted_scores(r, order)
    ranks = array(suppression, 1)
    if boxes is None or scores is None or ranks is None or ranks.ndim != 3 or ranks.shape[:2] != (1, 1):
        return None
    if not (np.diff(ranks[0, 0]) < 0).all() or len(suppression.inputs) > 4:
        return None
    found = r.again(
        suppression, r.op("Unsqueeze", boxes, [0]), r.op("Unsqueeze", scores, [0, 1]), *suppression.inputs[2:]
    )
    chosen = r.again(indices, found, *indices.inputs[1:])
    return chosen if cast is None else r.again(cast, chosen)


def _behind_cast(r: Rewriter, value: Value) -> tuple[Value | None, Node | None]:
    cast = r.producer(value, "Cast")
    return (value, None) if cast is None else (data(cast), cast)


def _sorted_boxes(r: Rewriter, value: Value, order: Value) -> Value | None:
    """boxes where a value is Unsqueeze(Gather(boxes, order), 0)."""
    unsqueeze = r.producer(value, "Unsqueeze")
    gather = None if unsqueeze is None else r.producer(data(unsqueeze), "Gather")
    if gather is None or integer(gather, "axis", 0) != 0:
        return None
    return data(gather) if _behind_cast(r, data(gather, 1))[0] is _behind_cast(r, order)[0] else None


def _sorted_scores(r: Rewriter, order: Value) -> Value | None:
    """scores where `order` are the positions of TopK(scores), all of them, from the largest down."""
    value, _ = _behind_cast(r, order)
    topk = None if value is None else r.producer(value, "TopK")
    count = None if topk is None else array(topk, 1)
    if topk is None or count is None or value is not topk.outputs[1] or data(topk).static_shape != (int(count.item()),):
        return None
    return data(topk) if integer(topk, "largest", 1) and integer(topk, "sorted", 1) else None
