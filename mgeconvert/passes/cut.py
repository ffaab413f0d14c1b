"""fuse-slice: channels that a Slice drops are left out of the layers that compute them.

Layouts that store channels in blocks fill the last block; what reads such a graph back cuts it to size at the end.
"""

from __future__ import annotations

import numpy as np

from mgeconvert.ir import Node, Value

from .consecutive import full_pads, pad_value
from .nodes import array, data, integer, operand
from .rewriter import Rewriter
from .table import Result, rule

CHANNELS = 1
UNARY = (
    "Relu", "Sigmoid", "Tanh", "HardSwish", "HardSigmoid", "LeakyRelu", "Neg", "Abs", "Exp", "Sqrt", "Clip", "MaxPool",
    "AveragePool", "GlobalAveragePool", "GlobalMaxPool",
)  # fmt: skip
"""Operators that keep channels apart, on their first operand."""
BINARY = ("Add", "Sub", "Mul", "Div", "Max", "Min")


@rule("fuse-slice", "Slice", rounds=True)
def cut(r: Rewriter, node: Node) -> Result:
    """Slice(f(Conv(x, w, b)), channels 0:n) -> f(Conv(x, w[:n], b[:n])), also through sums and products of such values,
    constants, pools, Concat(a, c) of an a with n channels, and Pad that added the channels"""
    count = _kept(node)
    return None if count is None or r.only_user(data(node)) is None else _cut(r, data(node), count)


@rule("fuse-slice", "Conv", rounds=True)
def blind(r: Rewriter, node: Node) -> Result:
    """Conv(x, w) -> Conv(Slice(x, channels 0:n), w[:, :n]) where the other weights are zeros, and something else takes
    that Slice"""
    weight, x = array(node, 1), data(node)
    if weight is None or integer(node, "group", 1) != 1 or r.uses(data(node, 1)) > 1:
        return None
    seen = np.flatnonzero(weight.any(axis=(0, *range(2, weight.ndim))))
    cuts = [(user, count) for user in r.users(x) if user.op == "Slice" and (count := _kept(user)) is not None]
    slice_, least = next(((user, count) for user, count in cuts if seen.size and count > seen[-1]), (None, 0))
    if slice_ is None:
        return None
    kept = r.constant(np.ascontiguousarray(weight[:, :least]), data(node, 1).name)
    return r.again(node, r.op("Slice", x, *slice_.inputs[1:]), kept, *node.inputs[2:])


def _kept(node: Node) -> int | None:
    """n where a Slice takes the first n channels of all, and all of everything else."""
    before, after = data(node).shape, node.output.shape
    starts, steps = array(node, 1), array(node, 4)
    if before is None or after is None or len(before) < CHANNELS + 2 or starts is None or starts.any():
        return None
    if operand(node, 4) is not None and (steps is None or (steps != 1).any()):
        return None
    differing = [axis for axis, (a, b) in enumerate(zip(before, after, strict=True)) if a != b]
    count = after[CHANNELS]
    return count if differing == [CHANNELS] and isinstance(count, int) and count else None


def _cut(r: Rewriter, value: Value, count: int) -> Value | None:
    """The first channels of a value, computed without the others; None where that is not possible."""
    if value.array is not None:
        return _cut_constant(r, value, count)
    node = r.producer(value)
    if node is None or len(node.outputs) != 1:
        return None
    if r.only_user(value) is None:
        cuts = [user for user in r.users(value) if user.op == "Slice" and _kept(user) == count]
        return r.op("Slice", value, *cuts[0].inputs[1:]) if cuts else None
    if node.op == "Concat" and integer(node, "axis", 0) == CHANNELS:
        return data(node) if (data(node).shape or ())[CHANNELS:][:1] == (count,) else None
    if node.op == "Pad":
        return data(node) if _adds_channels_behind(node, count) else None
    if node.op == "Conv":
        return _cut_layer(r, node, count)
    if node.op in UNARY:
        source = _cut(r, data(node), count)
        return None if source is None else r.again(node, source, *node.inputs[1:])
    if node.op not in BINARY or len(node.inputs) != 2:
        return None
    if any(each is not None and each.rank != value.rank and each.array is None for each in node.inputs):
        return None
    parts = [_cut(r, data(node, index), count) for index in (0, 1)]
    return None if parts[0] is None or parts[1] is None else r.again(node, *parts)


def _cut_constant(r: Rewriter, value: Value, count: int) -> Value | None:
    """A constant operand: the channels of one that has them, another as it is."""
    numbers = value.array
    if numbers is None or numbers.ndim < 3 or numbers.shape[-3] == 1:
        return value
    kept = numbers[..., :count, :, :]
    return r.constant(np.ascontiguousarray(kept), value.name) if numbers.ndim in (3, 4) else None


def _cut_layer(r: Rewriter, node: Node, count: int) -> Value | None:
    weight, bias, groups = array(node, 1), array(node, 2), integer(node, "group", 1)
    if weight is None or (operand(node, 2) is not None and bias is None):
        return None
    if groups != 1 and weight.shape[:2] != (groups, 1):
        return None
    if any(each is not None and r.uses(each) > 1 for each in node.inputs[1:]):
        return None
    named = [r.constant(numbers[:count].copy(), each.name) for numbers, each in zip((weight, bias), node.inputs[1:],
             strict=False) if numbers is not None and each is not None]  # fmt: skip
    if groups == 1:
        return r.again(node, data(node), *named)
    source = _cut(r, data(node), count)
    return None if source is None else r.again(node, source, *named, group=count)


def _adds_channels_behind(node: Node, count: int) -> bool:
    pads, shape = full_pads(node), data(node).shape
    if pads is None or shape is None or pad_value(node) is None or shape[CHANNELS] != count:
        return False
    pads[1][CHANNELS] = 0
    return not pads.any()
