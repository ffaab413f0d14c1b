"""LSTM, GRU and RNN: `layout` (batch first) came with opset 14."""

from __future__ import annotations

from typing import Any

from mgeconvert.ir import Node, Value

from .operands import data
from .replacement import Replacement
from .table import Result, downgrade

BATCH_FIRST = (1, 0, 2)
"""Swaps time (or direction) and batch."""

STATES = (5, 6)
"""The inputs initial_h and initial_c."""


@downgrade("GRU", "LSTM", "RNN", since=14)
def time_first(r: Replacement, node: Node) -> Result:
    """LSTM(x, layout=1) -> Transpose(LSTM(Transpose(x)))"""
    plain: dict[str, Any] = {key: value for key, value in node.attrs.items() if key != "layout"}
    if not node.attrs.get("layout"):
        return r.form(*node.inputs, **plain)
    inputs: list[Value | None] = [r.transpose(data(node), BATCH_FIRST), *node.inputs[1:]]
    for index in STATES:
        state = inputs[index] if index < len(inputs) else None
        if state is not None:
            inputs[index] = r.transpose(state, BATCH_FIRST)
    outputs = r.ops(node.op, len(node.outputs), *inputs, dtype=data(node).dtype, **plain)
    perms = [(2, 0, 1, 3), *[BATCH_FIRST] * (len(outputs) - 1)]
    return [r.transpose(output, perm) for output, perm in zip(outputs, perms, strict=True)]
