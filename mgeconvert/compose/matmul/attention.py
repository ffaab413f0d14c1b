"""Attention by products of matrices, as the ONNX specification says (onnx/reference/ops/op_attention.py)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Node, Value, table_size
from mgeconvert.ir.builder import Builder
from mgeconvert.ir.inference import elem_type

from ..table import Result, compose, data, integer, number, operand, scalar, shape_of

BEFORE_BIAS, SOFTCAPPED, WITH_BIAS, AFTER_SOFTMAX = range(4)
"""What `qk_matmul_output_mode` wants as the fourth output."""


@compose("Attention")
def attention(b: Builder, node: Node) -> Result:
    """Attention(q, k, v) -> Softmax(softcap(scale q k') + bias) v, the keys, the values, the scores.

    Keys and values have those of the past before them. The bias is 0 where a query attends to a key, else -inf: by the
    mask, causally, by windows and by the number of keys that are no padding.
    """
    query, heads = _by_heads(b, data(node), integer(node, "q_num_heads", 0))
    key, kv_heads = _by_heads(b, data(node, 1), integer(node, "kv_num_heads", 0))
    value, _ = _by_heads(b, data(node, 2), integer(node, "kv_num_heads", 0))
    past, past_values, filled = operand(node, 4), operand(node, 5), operand(node, 6)
    if past is not None and past_values is not None:
        key, value = b.op("Concat", past, key, axis=2), b.op("Concat", past_values, value, axis=2)
    spots = Positions(b, query, key, past, filled)
    bias = _bias(b, node, spots)
    scale = number(node, "scale", 0.0) or 1 / math.sqrt(_size(query, 3))
    scores = scaled_scores(b, query, repeated(b, key, heads, kv_heads), scale)
    mode, cap = integer(node, "qk_matmul_output_mode", 0), number(node, "softcap", 0.0)
    if cap:
        scores = b.op("Mul", b.op("Tanh", b.op("Mul", scores, scalar(scores, 1 / cap))), scalar(scores, cap))
    shown = scores
    if bias is not None:
        scores = b.op("Add", scores, bias)
    shown = scores if mode == WITH_BIAS else shown
    weights = _softmax(b, scores, bias, integer(node, "softmax_precision", 0))
    shown = weights if mode == AFTER_SOFTMAX else shown
    y = b.op("MatMul", weights, repeated(b, value, heads, kv_heads))
    return [joined(b, y) if len(shape_of(data(node))) == 3 else y, key, value, shown]


def scaled_scores(b: Builder, query: Value, key: Value, scale: float) -> Value:
    """MatMul(scale q, k')"""
    return b.op("MatMul", b.op("Mul", query, scalar(query, scale)), b.op("Transpose", key, perm=[0, 1, 3, 2]))


def _by_heads(b: Builder, x: Value, heads: int) -> tuple[Value, int]:
    """(batch, length, heads * size) -> (batch, heads, length, size), and how many heads there are."""
    if len(shape_of(x)) == 3:
        return split_heads(b, x, heads), heads
    return x, _size(x, 1)


def split_heads(b: Builder, x: Value, heads: int) -> Value:
    """(batch, length, heads * size) -> (batch, heads, length, size)"""
    return b.op("Transpose", b.op("Reshape", x, [0, 0, heads, _size(x, 2) // heads]), perm=[0, 2, 1, 3])


def joined(b: Builder, x: Value) -> Value:
    """(batch, heads, length, size) -> (batch, length, heads * size)"""
    return b.op("Reshape", b.op("Transpose", x, perm=[0, 2, 1, 3]), [0, 0, _size(x, 1) * _size(x, 3)])


def _size(x: Value, axis: int) -> int:
    size = shape_of(x)[axis]
    if not isinstance(size, int):
        refuse(f"a number of heads, or their size, that is known only at run time ({size})")
    return size


def repeated(b: Builder, x: Value, heads: int, kv_heads: int) -> Value:
    """Each head of keys or values for the queries that share it."""
    if heads == kv_heads:
        return x
    return b.op("Gather", x, [head for head in range(kv_heads) for _ in range(heads // kv_heads)], axis=1)


@dataclass(frozen=True, slots=True)
class Positions:
    """Where queries and keys stand in the sequence: query i at `offset + i`."""

    b: Builder
    query: Value
    key: Value
    past: Value | None
    filled: Value | None

    def along(self, x: Value, shape: list[int]) -> Value | np.ndarray:
        """0, 1, ... along the sequence of `x`, in that shape."""
        size = shape_of(x)[2]
        if isinstance(size, int):
            return table_size.arange(size, dtype=np.int64).reshape(shape)
        return self.b.op("Reshape", self.b.op("Range", np.int64(0), self._length(x), np.int64(1)), shape)

    def _length(self, x: Value) -> Value:
        return self.b.op("Squeeze", self.b.op("Slice", self.b.op("Shape", x), [2], [3], [0]), [0])

    def distance(self) -> Value | np.ndarray:
        """How far each key is before each query, (length, keys), or (batch, 1, length, keys)."""
        b, rows, columns = self.b, self.along(self.query, [-1, 1]), self.along(self.key, [1, -1])
        if isinstance(rows, np.ndarray) and isinstance(columns, np.ndarray):
            steps: Value | np.ndarray = rows - columns
        else:
            steps = b.op("Sub", rows, columns)
        if self.filled is not None and self.past is None:
            length = shape_of(self.query)[2]
            here = b.op("Sub", self.filled, np.int64(length) if isinstance(length, int) else self._length(self.query))
            return b.op("Add", steps, b.op("Reshape", here, [-1, 1, 1, 1]))
        if self.past is None:
            return steps
        before = shape_of(self.past)[2]
        if isinstance(before, int) and isinstance(steps, np.ndarray):
            return steps + before
        return b.op("Add", steps, np.int64(before) if isinstance(before, int) else self._length(self.past))


def _bias(b: Builder, node: Node, spots: Positions) -> Value | None:
    """0 where a query attends to a key, else -inf, and what the mask adds; None where every query attends to all."""
    like, mask = data(node), operand(node, 3)
    found: list[Value] = []
    if mask is not None:
        found.append(_mask(b, mask, like, spots.key))
    left, right = integer(node, "left_window_size", -1), integer(node, "right_window_size", -1)
    bounds = [("GreaterOrEqual", 0)] if integer(node, "is_causal", 0) else []
    bounds += [("LessOrEqual", left)] if left >= 0 else []
    bounds += [("GreaterOrEqual", -right)] if right >= 0 else []
    for compare, limit in bounds:
        distance = spots.distance()
        if isinstance(distance, np.ndarray):
            inside = distance >= limit if compare == "GreaterOrEqual" else distance <= limit
            found.append(b.constant(np.where(inside, 0, -np.inf), like.dtype))
        else:
            found.append(either(b, b.op(compare, distance, np.int64(limit)), like))
    if spots.filled is not None:
        used = b.op("Reshape", spots.filled, [-1, 1, 1, 1])
        found.append(either(b, b.op("Less", spots.along(spots.key, [1, 1, 1, -1]), used), like))
    total = found[0] if found else None
    for each in found[1:]:
        known = None if total is None or total.array is None or each.array is None else total.array + each.array
        total = b.op("Add", total, each) if known is None else b.constant(known)
    return total


def either(b: Builder, attends: Value, like: Value) -> Value:
    """0 where a query attends to a key, else -inf."""
    return b.op("Where", attends, scalar(like, 0), scalar(like, -np.inf))


def _mask(b: Builder, mask: Value, like: Value, key: Value) -> Value:
    """The mask as a bias; keys that it does not reach are not attended to."""
    bias = either(b, mask, like) if mask.dtype == np.bool_ else mask
    width, keys = shape_of(mask)[-1], shape_of(key)[2]
    if width == keys or width == 1:
        return bias
    if isinstance(width, str) or isinstance(keys, str):
        return bias
    pads = [0] * len(shape_of(mask))
    return b.op("Pad", bias, [*pads, *pads[1:], keys - width], scalar(like, -np.inf))


def _softmax(b: Builder, scores: Value, bias: Value | None, precision: int) -> Value:
    """Softmax along the keys, and 0 for a query that attends to none."""
    kind = elem_type(scores.dtype)
    if precision and precision != kind:
        scores = b.op("Cast", scores, to=precision)
    weights = b.op("Softmax", scores, axis=-1)
    if precision and precision != kind:
        weights = b.op("Cast", weights, to=kind)
    if bias is None:
        return weights
    if bias.array is not None:
        alone = np.isneginf(bias.array.max(axis=-1, keepdims=True))
        return b.op("Where", alone, scalar(weights, 0), weights) if alone.any() else weights
    most = b.op("ReduceMax", bias, [-1], keepdims=1)
    return b.op("Where", b.op("Equal", most, scalar(bias, -np.inf)), scalar(weights, 0), weights)
