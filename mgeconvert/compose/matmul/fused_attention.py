"""Attention as onnxruntime's transformer optimizer fuses it (onnxruntime/docs/ContribOperators.md)."""

from __future__ import annotations

import math
from typing import cast

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Node, Value
from mgeconvert.ir.builder import Builder

from ..table import Result, compose, data, integer, number, operand, scalar, shape_of
from .attention import Positions, joined, scaled_scores, split_heads

MASKED = -10000.0
"""What is added to the score of a masked key by default."""


@compose("com.microsoft.MultiHeadAttention")
def multi_head_attention(b: Builder, node: Node) -> Result:
    """MultiHeadAttention(q, k, v, bias, mask, scores' bias, past) -> Softmax(scale q k' + masks) v, keys, values"""
    heads = integer(node, "num_heads", 0)
    query, key, value = data(node), operand(node, 1), operand(node, 2)
    if key is None or value is None or len(shape_of(query)) != 3:
        refuse("queries, keys and values packed into one")
    sizes = [_width(each, heads) for each in (query, key, value)]
    bias = operand(node, 3)
    parts = [query, key, value]
    if bias is not None:
        split = b.ops("Split", 3, bias, sizes, axis=0)
        parts = [b.op("Add", each, part) if len(shape_of(each)) == 3 else each
                 for each, part in zip(parts, split, strict=True)]  # fmt: skip
    query, key, value = (split_heads(b, each, heads) if len(shape_of(each)) == 3 else each for each in parts)
    past, past_values = operand(node, 6), operand(node, 7)
    if past is not None and past_values is not None:
        key, value = b.op("Concat", past, key, axis=2), b.op("Concat", past_values, value, axis=2)
    return [
        _attended(b, node, Positions(b, query, key, past, None), value, operand(node, 4), operand(node, 5)),
        key,
        value,
    ]


def _width(x: Value, heads: int) -> int:
    """All heads together; keys and values of cross attention come as (batch, heads, length, size)."""
    size = shape_of(x)[-1]
    if not isinstance(size, int):
        refuse("heads of a size known only at run time")
    return size if len(shape_of(x)) == 3 else size * heads


@compose("com.microsoft.Attention")
def packed_attention(b: Builder, node: Node) -> Result:
    """Attention(x, weights, bias, mask, past) -> MultiHeadAttention of the three parts of x weights + bias, the past"""
    if integer(node, "do_rotary", 0):
        refuse("rotary positions inside the operator")
    heads, x, weights = integer(node, "num_heads", 0), data(node), data(node, 1)
    total = shape_of(weights)[1]
    if not isinstance(total, int):
        refuse("weights of a size known only at run time")
    sizes = list(cast("tuple[int, ...]", node.attrs.get("qkv_hidden_sizes", (total // 3,) * 3)))
    projected, bias = b.op("MatMul", x, weights), operand(node, 2)
    if bias is not None:
        projected = b.op("Add", projected, bias)
    query, key, value = (split_heads(b, part, heads) for part in b.ops("Split", 3, projected, sizes, axis=2))
    past, before = operand(node, 4), None
    if past is not None:
        before, past_values = (b.op("Gather", past, np.int64(half), axis=0) for half in (0, 1))
        key, value = b.op("Concat", before, key, axis=2), b.op("Concat", past_values, value, axis=2)
    y = _attended(b, node, Positions(b, query, key, before, None), value, operand(node, 3), operand(node, 5))
    if len(node.outputs) < 2:
        return y
    return [y, b.op("Concat", b.op("Unsqueeze", key, [0]), b.op("Unsqueeze", value, [0]), axis=0)]


def _attended(b: Builder, node: Node, spots: Positions, value: Value, mask: Value | None, added: Value | None) -> Value:
    """Softmax(scale q k' + masks) v, with the heads side by side."""
    size = shape_of(spots.query)[3]
    if not isinstance(size, int):
        refuse("heads of a size known only at run time")
    scores = scaled_scores(b, spots.query, spots.key, number(node, "scale", 0.0) or 1 / math.sqrt(size))
    if integer(node, "unidirectional", 0):
        distance = spots.distance()
        if not isinstance(distance, np.ndarray):
            refuse("a causal mask of sizes known only at run time")
        least = float(np.finfo(np.float32).min)
        scores = b.op("Add", scores, b.constant(np.where(distance >= 0, 0, least), scores.dtype))
    if mask is not None:
        scores = b.op("Add", scores, _mask(b, node, mask, scores, spots))
    if added is not None:
        scores = b.op("Add", scores, added)
    return joined(b, b.op("MatMul", b.op("Softmax", scores, axis=-1), value))


def _mask(b: Builder, node: Node, mask: Value, scores: Value, spots: Positions) -> Value:
    """(batch, keys): 0 for a key that is masked; (batch,): how many keys come first that are not; (batch, queries,
    keys) likewise."""
    shape = shape_of(mask)
    if len(shape) == 1:
        if shape[0] != shape_of(scores)[0]:
            refuse("a mask of starts and ends")
        seen = b.op("Less", spots.along(spots.key, [1, 1, 1, -1]),
                    b.op("Reshape", b.op("Cast", mask, to=7), [-1, 1, 1, 1]))  # fmt: skip
    else:
        axes = {2: [1, 2], 3: [1]}.get(len(shape))
        if axes is None:
            refuse(f"a mask of {len(shape)} dimensions")
        seen = b.op("Unsqueeze", b.op("Greater", mask, scalar(mask, 0)), axes)
    return b.op("Where", seen, scalar(scores, 0), scalar(scores, number(node, "mask_filter_value", MASKED)))
