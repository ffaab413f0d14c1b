"""Scales and zero points of ranges and of weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from mgeconvert.ir import Value

from .forms import FIXED, FIXED_16
from .plan import Plan
from .recipe import Recipe

SMALLEST = np.float32(2.0**-60)
"""No scale is smaller: the product of two, which a bias has, would be no normal number."""
LARGEST_BIAS = 2**30
"""Integers of a bias stay below this, so that an accumulator of 32 bits has room for the sum."""


@dataclass(frozen=True, slots=True)
class Scale:
    """number = scale (integer - zero_point); one scale, or one per index of `axis`."""

    dtype: np.dtype[Any]
    scale: np.ndarray
    zero_point: np.ndarray
    axis: int | None = None

    def integers(self, array: np.ndarray, low: int | None = None) -> np.ndarray:
        """The nearest integers, from `low` or the smallest of the type on."""
        limits = _limits(self.dtype)
        shape = [-1 if at == self.axis else 1 for at in range(array.ndim)]
        scale, zero = (each.reshape(shape if each.size > 1 else ()) for each in (self.scale, self.zero_point))
        steps = np.rint(array.astype(np.float64) / scale) + zero.astype(np.int64)
        whole: np.ndarray = np.clip(steps, limits[0] if low is None else low, limits[1]).astype(self.dtype)
        return whole


def _limits(dtype: np.dtype[Any]) -> tuple[int, int]:
    if dtype.name == "int4":
        return -8, 7
    info = np.iinfo(dtype)
    return int(info.min), int(info.max)


def activation_scale(low: float, high: float, recipe: Recipe) -> Scale:
    """The grid of a range; 0 is always one of its numbers.

    symmetric: scale = max(-low, high) / 127; else scale = (high - low) / 255. With 16 bits always symmetric.
    """
    dtype = np.dtype(np.int16 if recipe.bits == 16 else np.int8)
    least, most = _limits(dtype)
    low, high = min(low, 0.0), max(high, 0.0)
    if recipe.symmetric or recipe.bits == 16:
        scale = _scale(max(-low, high) / most)
        return Scale(dtype, np.asarray(scale), np.asarray(0, dtype))
    scale = _scale((high - low) / (most - least))
    zero = int(np.clip(np.rint(least - low / float(scale)), least, most))
    return Scale(dtype, np.asarray(scale), np.asarray(zero, dtype))


def _scale(number: float) -> np.float32:
    """1 for a value that is always 0; never so small that it is no normal number."""
    return np.float32(1) if number == 0 else max(np.float32(number), SMALLEST)


def prescribed_scale(op: str, recipe: Recipe) -> Scale:
    """The grid that the kernel of an operator has."""
    if recipe.bits == 16:
        return Scale(np.dtype(np.int16), np.asarray(np.float32(FIXED_16)), np.asarray(0, np.int16))
    scale, low = FIXED[op]
    return Scale(np.dtype(np.int8), np.asarray(np.float32(scale)), np.asarray(-128 - low / scale, np.int8))


def activation_scales(plan: Plan, ranges: Mapping[Value, tuple[float, float]], recipe: Recipe) -> dict[Value, Scale]:
    """The grid of each point: of all values that have it together the widest range."""
    wide: dict[Value, tuple[float, float]] = {}
    for value, (low, high) in ranges.items():
        first = plan.groups[value]
        known = wide.get(first, (low, high))
        wide[first] = (min(known[0], low), max(known[1], high))
    grids = {
        first: prescribed_scale(plan.fixed[first], recipe)
        if first in plan.fixed
        else activation_scale(*wide[first], recipe)
        for first in wide
    }
    return {value: grids[plan.groups[value]] for value in ranges}


def weight_scale(
    array: np.ndarray, axis: int | None, recipe: Recipe, bias: np.ndarray | None = None, x_scale: float = 0.0
) -> Scale:
    """Symmetric: max |w| / 127 (/ 7 with 4 bits) for each index of `axis`, or for all.

    With a `bias` and the scale of the input the scale is at least so large that the bias has an integer.
    """
    axis = None if recipe.per_channel is False else axis
    others = tuple(at for at in range(array.ndim) if at != axis)
    peak = np.abs(array).max(axis=others if axis is not None else None).astype(np.float64)
    most = 2 ** (recipe.weight_bits - 1) - 1
    scale = np.where(peak == 0, 1.0, np.maximum(peak / most, float(SMALLEST)))
    if bias is not None and x_scale:
        needed = np.abs(bias.astype(np.float64)) / (x_scale * LARGEST_BIAS)
        scale = np.maximum(scale, needed if axis is not None else needed.max())
    if recipe.weight_bits == 4:
        import ml_dtypes

        dtype: np.dtype[Any] = np.dtype(ml_dtypes.int4)
    else:
        dtype = np.dtype(np.int8)
    return Scale(dtype, scale.astype(np.float32), np.zeros(scale.shape, dtype), axis)
