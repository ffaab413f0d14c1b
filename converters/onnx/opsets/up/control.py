"""Loops of older opsets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder

from .table import Form, Result, upgrade

BATCH = 64
"""How many examples a batch of a Scan may have, each of which becomes a loop of its own."""


@upgrade("Scan", since=9)
def scan_of_a_batch(b: Builder, form: Form) -> Result:
    """Scan(lengths, states, inputs) of opset 8 -> Concat(Unsqueeze(Scan(states of one, inputs of one)) for each)."""
    if form.input(0) is not None:
        refuse("a Scan over sequences of several lengths")
    operands = [value for value in form.inputs[1:] if value is not None]
    batch = operands[0].shape[0] if operands[0].shape else None
    if not isinstance(batch, int) or not 0 < batch <= BATCH:
        refuse(f"a Scan of opset 8 over a batch of {batch or 'unknown size'}; up to {BATCH} are read")
    attrs = {"scan_input_directions" if key == "directions" else key: each for key, each in form.attrs.items()}
    runs = [_one(b, operands, attrs, form.outputs, index) for index in range(batch)]
    return [b.op("Concat", *parts, axis=0) for parts in zip(*runs, strict=True)]


def _one(b: Builder, operands: list[Value], attrs: Mapping[str, Any], outputs: int, index: int) -> list[Value]:
    parts = [b.op("Gather", value, np.array(index, np.int64), axis=0) for value in operands]
    return [b.op("Unsqueeze", value, [0]) for value in b.ops("Scan", outputs, *parts, **attrs)]
