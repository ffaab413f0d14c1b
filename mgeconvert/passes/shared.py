"""Weights that several layers share, where each of the layers is rewritten the same way.

A siamese network calls one convolution and its BatchNormalization on two inputs. Folded into one call only, the file
would hold two sets of weights; folded into both, it holds one.
"""

from __future__ import annotations

import numpy as np

from mgeconvert.ir import Node, Value

from .rewriter import Rewriter


def freed_by_all(r: Rewriter, layer: Node, follower: Node) -> int:
    """The bytes of the constants of a layer and of the node behind it that are shared with other calls of the layer,
    and are freed when all of them are rewritten; 0 where one call is followed by something else."""
    weight = layer.inputs[1]
    calls = [] if weight is None else r.users(weight)
    followers = [r.only_user(call.outputs[0]) for call in calls]
    pairs = [(call, behind) for call, behind in zip(calls, followers, strict=True) if behind is not None]
    if len(pairs) < max(len(calls), 2):
        return 0
    if not all(_alike(call, layer, 1) and _alike(behind, follower, 0) for call, behind in pairs):
        return 0
    readers = {node for pair in pairs for node in pair}
    constants = dict.fromkeys(value for node in (layer, follower) for value in node.inputs if value is not None)
    return sum(
        value.array.nbytes
        for value in constants
        if value.array is not None and r.uses(value) == len(readers.intersection(r.users(value))) > 1
    )


def _alike(node: Node, other: Node, start: int) -> bool:
    """Whether two nodes do the same: the same operator and attributes, equal constants from input `start` on."""
    if node is other:
        return True
    if (node.op, node.domain, len(node.inputs)) != (other.op, other.domain, len(other.inputs)):
        return False
    return node.attrs == other.attrs and all(map(_equal, node.inputs[start:], other.inputs[start:]))


def _equal(first: Value | None, second: Value | None) -> bool:
    """Whether two operands are one constant, or both are computed."""
    if first is None or second is None or first is second:
        return first is second
    if first.array is None or second.array is None:
        return first.array is second.array
    return first.dtype == second.dtype and np.array_equal(first.array, second.array)
