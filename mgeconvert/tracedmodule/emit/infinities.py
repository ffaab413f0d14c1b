"""Whether a tensor may hold an infinity: MegEngine's maximum of nothing but -inf is the lowest finite number."""

from __future__ import annotations

import numpy as np

from mgeconvert.ir import Value

from .builder import EmitBuilder

_PASSED_ON = frozenset(
    [
        "Add",
        "Cast",
        "Clip",
        "Concat",
        "Div",
        "Expand",
        "Gather",
        "Identity",
        "Max",
        "Min",
        "Mul",
        "Neg",
        "Pad",
        "ReduceMax",
        "ReduceMin",
        "Reshape",
        "Slice",
        "Split",
        "Squeeze",
        "Sub",
        "Tile",
        "Transpose",
        "Unsqueeze",
        "Where",
    ]
)
"""Operators of whose result an element may be an infinity because an operand's is."""

FARTHEST = 100
"""So many values are looked at; behind them an infinity is taken to be possible."""


def may_be_infinite(b: EmitBuilder, x: Value | None) -> bool:
    """Whether an infinite constant, or a logarithm, reaches `x` through operators that keep infinities."""
    pending, seen = [x], set[Value]()
    while pending:
        value = pending.pop()
        if value is None or value in seen or value.dtype is None or value.dtype.kind != "f":
            continue
        seen.add(value)
        if len(seen) > FARTHEST:
            return True
        if value.array is not None:
            if np.isinf(value.array).any():
                return True
        elif (made := b.producers.get(value)) is not None:
            if made.op == "Log":
                return True
            if made.op in _PASSED_ON:
                pending += made.inputs
    return False
