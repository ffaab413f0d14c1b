"""How the QuantizeLinear of the IR rounds, and what the scales of blocks are."""

from __future__ import annotations

import numpy as np

ROUNDING = "rounding"
"""An attribute of QuantizeLinear that only the IR has: how halves are rounded. Without it they go to even, as
ONNX says; a backend that has no such rounding ignores it."""
HALVES_AWAY = "half_away_from_zero"
"""Its value: away from zero, as MegEngine rounds."""


def dequantized_blocks(
    integers: np.ndarray, scale: np.ndarray, zero: np.ndarray | None, axis: int, size: int
) -> np.ndarray:
    """scale (integers - zero), each of both for `size` integers along the axis; of the type of the scale."""
    count = integers.shape[axis]
    shifted = integers.astype(scale.dtype) - blocked(zero, scale, count, axis, size)
    floats: np.ndarray = shifted * blocked(scale, scale, count, axis, size)
    return floats


def blocked(numbers: np.ndarray | None, like: np.ndarray, count: int, axis: int, size: int) -> np.ndarray:
    """Scales or zero points (None: zeros) of blocks of `size` along an axis, one for each of its `count` indices;
    of the type of `like`."""
    if numbers is None:
        return np.zeros((), like.dtype)
    whole = np.repeat(numbers.astype(like.dtype), size, axis)
    each: np.ndarray = np.take(whole, np.arange(count), axis)
    return each
