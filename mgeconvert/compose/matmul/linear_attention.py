"""Linear attention step by step, as the ONNX specification says (onnx/reference/ops/op_linear_attention.py)."""

from __future__ import annotations

import math

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Node, Value
from mgeconvert.ir.builder import Builder
from mgeconvert.ir.dtypes import elem_type

from ..recurrent import STEPS
from ..table import Result, compose, data, integer, number, operand, scalar, shape_of
from .attention import joined, repeated, split_heads


@compose("LinearAttention")
def linear_attention(b: Builder, node: Node) -> Result:
    """LinearAttention(q, k, v, S, g, beta) -> scale q S, S with S = exp(g) S + k' (beta (v - k exp(g) S)) for each step

    Without `g` (decay) the state S does not decay; without `beta` it is S = exp(g) S + k' v. All in float32.
    """
    heads, kv_heads = integer(node, "q_num_heads", 0), integer(node, "kv_num_heads", 0)
    query, key, value = (
        split_heads(b, _real(b, data(node, place)), count) for place, count in enumerate((heads, kv_heads, kv_heads))
    )
    steps, width = shape_of(key)[2:]
    if not isinstance(steps, int) or not 0 < steps <= STEPS:
        refuse(f"linear attention over {steps} steps; at most {STEPS} steps are laid out")
    past, decay, beta = (None if each is None else _real(b, each) for each in (operand(node, at) for at in (3, 4, 5)))
    scale = number(node, "scale", 0.0) or 1 / math.sqrt(int(width))
    query, columns = b.op("Mul", query, scalar(query, scale)), b.op("Transpose", key, perm=[0, 1, 3, 2])
    kept = None if decay is None else b.op("Exp", _by_columns(b, decay, kv_heads))
    rates = None if beta is None else b.op("Unsqueeze", b.op("Transpose", beta, perm=[0, 2, 1]), [3])
    state, rows = past, []
    for step in range(steps):
        if state is not None and kept is not None:
            state = b.op("Mul", state, _step(b, kept, step, 3))
        new = _step(b, value, step, 2)
        if rates is not None:
            missing = new if state is None else b.op("Sub", new, b.op("MatMul", _step(b, key, step, 2), state))
            new = b.op("Mul", _step(b, rates, step, 2), missing)
        written = b.op("MatMul", _step(b, columns, step, 3), new)
        state = written if state is None else b.op("Add", state, written)
        rows.append(b.op("MatMul", _step(b, query, step, 2), repeated(b, state, heads, kv_heads)))
    y = joined(b, b.op("Concat", *rows, axis=2))
    before = operand(node, 3)
    assert state is not None
    return [_as(b, y, data(node)), _as(b, state, data(node) if before is None else before)]


def _by_columns(b: Builder, decay: Value, heads: int) -> Value:
    """(batch, steps, heads) or (batch, steps, heads * width) -> (batch, heads, 1 or width, steps)"""
    return b.op("Transpose", split_heads(b, decay, heads), perm=[0, 1, 3, 2])


def _step(b: Builder, x: Value, step: int, axis: int) -> Value:
    return b.op("Slice", x, [step], [step + 1], [axis])


def _real(b: Builder, x: Value) -> Value:
    return x if x.dtype == np.float32 else b.op("Cast", x, to=elem_type(np.float32))


def _as(b: Builder, x: Value, like: Value) -> Value:
    return x if x.dtype == like.dtype else b.op("Cast", x, to=elem_type(like.dtype))
