"""Shapes and bounds that come as tensors, which MegEngine takes number by number.

A vector that was put together from numbers is taken apart into those again, so that what was lowered to vectors comes
back as it was.
"""

from __future__ import annotations

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Value

from .builder import EmitBuilder
from .operands import ints, sole

FAR = int(np.iinfo(np.int32).max)
"""Bounds beyond this are beyond every tensor."""

MOST = 64
"""Numbers that are picked from one vector, each by a call."""


def elements(b: EmitBuilder, vector: Value, what: str) -> list[Value]:
    """The numbers in a vector, as scalars: constants, what the vector was made of, or what is picked from it."""
    known = ints(vector)
    if known is not None:
        return [b.constant(max(min(number, FAR), -FAR), np.int32) for number in known]
    if vector.shape is None or not isinstance(vector.shape[0], int):
        refuse(f"{what} of a number of axes that is only known at run time")
    parts = b.producer(vector, "Concat")
    if parts is not None and all(part is not None and part.shape == (1,) for part in parts.inputs):
        return [_single(b, part) for part in parts.inputs if part is not None]
    if vector.shape == (1,):
        return [_single(b, vector)]
    if vector.shape[0] > MOST:
        refuse(f"{what} of {vector.shape[0]} numbers; no tensor has so many axes")
    return [b.op("Gather", vector, b.constant(index, np.int32), axis=0) for index in range(vector.shape[0])]


def _single(b: EmitBuilder, vector: Value) -> Value:
    """The number in a vector of one."""
    if vector.array is not None:
        return b.constant(sole(vector), np.int32)
    for op in ("Reshape", "Unsqueeze"):
        made = b.producer(vector, op)
        if made is not None and made.inputs[0] is not None and made.inputs[0].shape == ():
            return made.inputs[0]
    part = b.producer(vector, "Slice")
    if part is not None and b.producer(part.inputs[0], "Shape") is not None and ints(part.inputs[1]) is not None:
        return b.op("Gather", part.inputs[0], b.constant(sole(_there(part.inputs[1])), np.int32), axis=0)
    return b.op("Gather", vector, b.constant(0, np.int32), axis=0)


def _there(value: Value | None) -> Value:
    assert value is not None
    return value


def size_at_run_time(b: EmitBuilder, x: Value, axis: int) -> Value:
    """One size of a tensor, as it will be at run time."""
    assert x.shape is not None
    known = x.shape[axis]
    return (
        b.constant(known, np.int32)
        if isinstance(known, int)
        else b.op("Gather", b.op("Shape", x), np.int32(axis), axis=0)
    )
