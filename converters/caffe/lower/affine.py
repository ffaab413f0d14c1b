"""A blob times a number plus a number, which many layers have built in."""

from __future__ import annotations

from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder


def affine(b: Builder, x: Value, scale: float, shift: float) -> Value:
    x = x if scale == 1 else b.op("Mul", x, float(scale))
    return x if shift == 0 else b.op("Add", x, float(shift))
