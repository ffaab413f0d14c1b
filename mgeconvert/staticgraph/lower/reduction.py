"""Reductions, and running sums. Source: measured on dumps of MegEngine 1.13."""

from __future__ import annotations

from typing import Any

from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder

from .layouts import ACTIVATIONS, NCHW, StaticBuilder, from_nchw
from .table import lower, opdef, value_of

opdef("Cumsum", "CumsumV1")
opdef("Argmax", "Argmax")
opdef("Argmin", "Argmin")


@lower("ReduceV2")
def reduce(b: Builder, inp: Value, *target: Value, axis: int, **fields: Any) -> Value:
    """In NCHW where the input is known so and the axis has no blocks."""
    assert isinstance(b, StaticBuilder)
    if inp in b.plain:
        plain, format = b.plain[inp]
        letter = dict(enumerate(ACTIVATIONS[format][0].split())).get(axis)
        if letter in NCHW.split() and not target:
            reduced = value_of(b, "Reduce", plain, axis=NCHW.split().index(letter), **fields)
            return from_nchw(b, reduced, format)
    return value_of(b, "Reduce", inp, *target, axis=axis, **fields)
