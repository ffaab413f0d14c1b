"""Resizing of images to a given height and width.

Source: resize_bilinear.cc, resize_nearest_neighbor.cc of tensorflow/lite/kernels/.
"""

from __future__ import annotations

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Value

from ..layout.wants import CHANNELS_FIRST
from .table import lower
from .translation import Translation


@lower("RESIZE_BILINEAR", wants=CHANNELS_FIRST, data=1)
def resize_bilinear(t: Translation, x: Value) -> Value:
    return _resized(t, x, mode="linear", coordinate_transformation_mode=_rule(t))


@lower("RESIZE_NEAREST_NEIGHBOR", wants=CHANNELS_FIRST, data=1, moves=True)
def resize_nearest_neighbor(t: Translation, x: Value) -> Value:
    """floor((i + 0.5) * in / out) is half_pixel with halves rounded up; floor(i * in / out) is asymmetric."""
    rule = _rule(t)
    nearest = "floor" if rule == "asymmetric" else "round_prefer_ceil"
    return _resized(t, x, mode="nearest", coordinate_transformation_mode=rule, nearest_mode=nearest)


def _rule(t: Translation) -> str:
    if t.option("AlignCorners"):
        if t.option("HalfPixelCenters"):
            refuse("aligned corners and half pixels exclude each other")
        return "align_corners"
    return "half_pixel" if t.option("HalfPixelCenters") else "asymmetric"


def _resized(t: Translation, x: Value, **attrs: str) -> Value:
    shape = x.shape or ()
    if t.is_known(1) and all(isinstance(dim, int) for dim in shape[:2]):
        size = t.ints(1, "size") or []
        if len(size) != 2 or min(size) < 1:
            refuse(f"a size of {size}")
        return t.b.op("Resize", x, None, None, np.array([*shape[:2], *size], np.int64), **attrs)
    kept = t.b.op("Slice", t.b.op("Shape", x), [0], [2])
    return t.b.op("Resize", x, None, None, t.b.op("Concat", kept, t.int64(1), axis=0), **attrs)
