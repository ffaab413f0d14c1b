"""Causal attention whose queries share keys in groups (GroupQueryAttention, onnxruntime/docs/ContribOperators.md)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Node, Value
from mgeconvert.ir.builder import Builder

from ..table import Result, array_of, compose, data, integer, number, operand, scalar, shape_of
from .attention import Positions, joined, repeated, scaled_scores, split_heads
from .rotary import rotated

OTHERS = ("local_window_size", "smooth_softmax")
"""Attributes that change what is computed where they are above 0."""


@compose("com.microsoft.GroupQueryAttention")
def group_query_attention(b: Builder, node: Node) -> Result:
    """GroupQueryAttention(q, k, v) -> Softmax(softcap(scale q k') + causal mask) v, the keys, the values

    Of whole sequences, those of a cache before them; with `do_rotary` queries and keys are rotated by their positions.
    """
    heads, kv_heads = integer(node, "num_heads", 0), integer(node, "kv_num_heads", 0)
    query, key, value, lengths = data(node), operand(node, 1), operand(node, 2), array_of(node, 5, "lengths")
    past, past_values = operand(node, 3), operand(node, 4)
    others = len(node.outputs) > 3 or any(operand(node, at) is not None for at in range(9, len(node.inputs)))
    if key is None or value is None or others or any(integer(node, name, -1) > 0 for name in OTHERS):
        refuse("grouped attention with a window, given positions, a bias, a sink, or packed into one")
    steps, before = shape_of(query)[1], 0 if past is None else shape_of(past)[2]
    if not isinstance(steps, int) or not isinstance(before, int):
        refuse("grouped attention over sequences of open length")
    if lengths is None or (lengths != before + steps - 1).any():
        refuse("grouped attention over sequences that are not whole")
    if integer(node, "do_rotary", 0):
        query, key = (_turned(b, node, x, count, before, steps) for x, count in ((query, heads), (key, kv_heads)))
    query, key, value = (split_heads(b, x, n) for x, n in ((query, heads), (key, kv_heads), (value, kv_heads)))
    if past is not None and past_values is not None:
        key, value = b.op("Concat", past, key, axis=2), b.op("Concat", past_values, value, axis=2)
    scale = number(node, "scale", 0.0) or 1 / math.sqrt(int(shape_of(query)[3]))
    scores, cap = scaled_scores(b, query, repeated(b, key, heads, kv_heads), scale), number(node, "softcap", 0.0)
    if cap:
        scores = b.op("Mul", b.op("Tanh", b.op("Mul", scores, scalar(scores, 1 / cap))), scalar(scores, cap))
    distance = Positions(b, query, key, past, None).distance()
    assert isinstance(distance, np.ndarray)
    scores = b.op("Add", scores, b.constant(np.where(distance >= 0, 0, -np.inf), scores.dtype))
    y = b.op("MatMul", b.op("Softmax", scores, axis=-1), repeated(b, value, heads, kv_heads))
    return [joined(b, y), key, value]


def _turned(b: Builder, node: Node, x: Value, heads: int, before: int, steps: int) -> Value:
    """(batch, steps, heads * size) with each head rotated by its position behind those `before`."""
    rows = (b.op("Slice", data(node, at), [before], [before + steps], [0]) for at in (7, 8))
    tables = [b.op("Unsqueeze", table, [0, 1]) for table in rows]
    attrs: dict[str, Any] = {"num_heads": heads, "interleaved": integer(node, "rotary_interleaved", 0)}
    return rotated(b, Node("RotaryEmbedding", [x], [], attrs), tables)
