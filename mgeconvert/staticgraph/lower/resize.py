"""Resizing of images. Source: measured on dumps of MegEngine 1.13."""

from __future__ import annotations

from typing import Any

from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder
from mgeconvert.tracedmodule.lower.operands import cast, is_float

from .layouts import spatial
from .table import lower, opdef

opdef("Resize3D", "Resize3D")


@lower("ResizeV2")
def resize(b: Builder, inp: Value, size: Value, *, format: str, **fields: Any) -> Value:
    """The result has the type of the input, also float16."""
    result = spatial(b, "Resize", inp, size, format=format, **fields)
    return cast(b, result, inp.dtype) if is_float(inp) else result
