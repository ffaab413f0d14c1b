"""Layers with exact numbers, for tests of passes."""

from __future__ import annotations

import numpy as np

from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder


def x(b: Builder, *shape: int | str, dtype: str = "float32") -> Value:
    return b.input("x", dtype, shape)


def weight(b: Builder, *shape: int, name: str = "w", dtype: str = "float32") -> Value:
    numbers = np.arange(np.prod(shape)).reshape(shape) % 7 - 3
    return b.constant((numbers / 2).astype(dtype), name=name)


def conv(b: Builder, source: Value, *shape: int, bias: bool = False, op: str = "Conv", **attrs: object) -> Value:
    channels = shape[1] * int(attrs.get("group", 1)) if op == "ConvTranspose" else shape[0]  # type: ignore[call-overload]
    biases = b.constant(np.arange(channels, dtype=str(source.dtype)), name="c") if bias else None
    return b.op(op, source, weight(b, *shape, dtype=str(source.dtype)), biases, **attrs)


def norm(
    b: Builder, source: Value, channels: int = 2, shift: float = 1.0, dtype: str = "float32", **attrs: object
) -> Value:
    """x / 2 * (1, 2, 3 ...) and a shift; its numbers are exact."""
    numbers = np.arange(1, channels + 1)
    parameters = {"gamma": numbers, "beta": numbers * shift, "mean": 0 * numbers, "var": 0 * numbers + 4}
    constants = [b.constant(array.astype(dtype), name=name) for name, array in parameters.items()]
    return b.op("BatchNormalization", source, *constants, epsilon=0.0, **attrs)
