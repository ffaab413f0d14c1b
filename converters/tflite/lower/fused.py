"""The activation that an operator applies to its result: ActivationFunctionType of the schema."""

from __future__ import annotations

from mgeconvert.errors import refuse
from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder

_BOUNDS = {2: (-1.0, 1.0), 3: (0.0, 6.0)}
"""RELU_N1_TO_1 and RELU6."""


def activated(b: Builder, value: Value, number: int) -> Value:
    """The value behind activation `number`; refuses TANH and SIGN_BIT, which LiteRT's kernels do not apply."""
    if number == 1:
        return b.op("Relu", value)
    if number in _BOUNDS:
        return b.op("Clip", value, *_BOUNDS[number])
    refuse(f"a fused activation number {number}, which no kernel applies")
