"""Resizing of images. Source: megengine/functional/vision.py and the Resize opdefs (MegEngine 1.13)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder

from .elementwise.modes import whole
from .names import NN, OPDEF, VISION
from .operands import FLOAT32, cast, is_float, rank
from .shapes import as_shape_operand, dimension, named_sizes, sizes_of, with_names
from .spatial import nchw
from .table import lower

RESIZE_MODES = {
    "bilinear": "linear",
    "linear": "linear",
    "trilinear": "linear",
    "nearest": "nearest",
    "bicubic": "cubic",
}


def resize(b: Builder, inp: Value, sizes: list[Any], mode: str, align_corners: bool) -> Value:
    """Resize the spatial axes to `sizes`. Pixel centres are at half coordinates, except for nearest, where output i
    reads floor(i * in / out); cubic has a = -0.75 and repeats the border. All is computed in float32; integers are
    rounded, halves away from zero, and stay within their type."""
    x = cast(b, inp, FLOAT32)
    target = [*(inp.shape or ())[:2], *sizes]
    if tuple(target) == inp.shape:
        return x if is_float(inp) else inp
    static = inp.static_shape is not None and all(isinstance(size, int) for size in sizes)
    axes = None if static else list(range(2, rank(inp)))
    coordinates = "align_corners" if align_corners else "asymmetric" if mode == "nearest" else "half_pixel"
    resized = b.op(
        "Resize", x, None, None, as_shape_operand(b, target if static else sizes), mode=mode, axes=axes,
        coordinate_transformation_mode=coordinates, nearest_mode="floor" if mode == "nearest" else None,
        cubic_coeff_a=-0.75 if mode == "cubic" else None,
    )  # fmt: skip
    resized = with_names(resized, [*(inp.shape or ())[:2], *named_sizes(b, sizes)])
    if is_float(inp):
        return resized
    assert inp.dtype is not None
    if mode == "nearest":
        return cast(b, resized, inp.dtype)
    limits = np.iinfo(inp.dtype)
    kept = b.op("Clip", resized, float(limits.min), float(limits.max)) if mode == "cubic" else resized
    return whole(b, kept, inp.dtype)


@lower(VISION + "interpolate", NN + "interpolate")
def interpolate(
    b: Builder,
    inp: Value,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "bilinear",
    align_corners: bool | None = None,
) -> Value:
    """`linear` resizes (N, C, L); its result keeps the three axes."""
    mode = mode.lower()
    if mode not in RESIZE_MODES:
        refuse(f"interpolate mode {mode} is not one of MegEngine's")
    count = {"linear": 1, "trilinear": 3}.get(mode, 2)
    if size is None:
        sizes = _scaled(b, inp, scale_factor, count)
    else:
        sizes = sizes_of(b, size)
        sizes = [*sizes, *[1] * (count - len(sizes))]
    if mode == "linear":
        sizes = sizes[:1]
    return resize(b, inp, sizes, RESIZE_MODES[mode], bool(align_corners))


def _scaled(b: Builder, inp: Value, scale_factor: Any, count: int) -> list[Any]:
    """floor(size * factor) in float32, as MegEngine computes it."""
    factors = [scale_factor] * count if isinstance(scale_factor, int | float) else list(scale_factor)
    sizes: list[Any] = []
    for axis, factor in enumerate(factors, start=2):
        size = dimension(b, inp, axis)
        if isinstance(size, int):
            sizes.append(math.floor(np.float32(size) * np.float32(factor)))
        else:
            scaled = b.op("Mul", cast(b, size, FLOAT32), float(factor))
            sizes.append(cast(b, b.op("Floor", scaled), np.int64))
    return sizes


@lower(OPDEF + "Resize")
def resize_opdef(b: Builder, inp: Value, size: Value, *, imode: str, format: str = "NCHW") -> Value:
    nchw(format)
    return resize(b, inp, sizes_of(b, size), imode.lower(), align_corners=False)


@lower(OPDEF + "Resize3D")
def resize3d_opdef(
    b: Builder, inp: Value, size: Value, *, imode: str, align_corners: bool, format: str = "NCDHW"
) -> Value:
    nchw(format)
    return resize(b, inp, sizes_of(b, size), imode.lower(), align_corners)
