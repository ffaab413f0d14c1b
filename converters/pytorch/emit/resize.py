"""Resizing of images."""

from __future__ import annotations

import numpy as np

from mgeconvert.errors import refuse

from .emission import Emission
from .table import emit
from .text import literal

KINDS = {1: "linear", 2: "bilinear", 3: "trilinear"}


@emit("Resize")
def resize(e: Emission) -> str:
    mode, where = e.attr("mode", "nearest"), e.attr("coordinate_transformation_mode", "half_pixel")
    dims = e.rank() - 2
    if (
        tuple(e.attr("axes") or range(2, dims + 2)) != tuple(range(2, dims + 2))
        or e.attr("antialias", 0)
        or e.attr("exclude_outside", 0)
    ):
        refuse("Resize with axes, antialias or exclude_outside")
    if e.attr("keep_aspect_ratio_policy", "stretch") != "stretch" or dims < 1:
        refuse("this form of Resize")
    target = _target(e)
    if mode == "nearest":
        rounding = e.attr("nearest_mode", "round_prefer_floor")
        if where == "asymmetric" and rounding == "floor":
            return f"F.interpolate({e[0]}, {target})"
        if where == "half_pixel" and rounding == "round_prefer_ceil":
            return f'F.interpolate({e[0]}, {target}, mode="nearest-exact")'
        if where == "half_pixel" and rounding == "round_prefer_floor":
            refuse("nearest with halves rounded down")
        refuse(f"nearest of {where}, {rounding}")
    if where not in ("half_pixel", "align_corners", "pytorch_half_pixel"):
        refuse(f"{mode} of {where}")
    corners = where == "align_corners"
    if mode == "cubic":
        if dims != 2 or not np.isclose(e.attr("cubic_coeff_a", -0.75), -0.75):
            refuse("cubic of other coefficients than -0.75, or of other axes than two")
        kind = "bicubic"
    else:
        kind = KINDS.get(dims) or refuse(f"linear over {dims} axes")
    return f"F.interpolate({e[0]}, {target}, mode={literal(kind)}, align_corners={corners})"


def _target(e: Emission) -> str:
    """``scale_factor=2`` or ``size=(7, 7)``."""
    if e.attr("axes"):
        if e.has(3):
            return f"size={e.sizes(3)}"
        return f"scale_factor={literal(e.array(2, 'scales').tolist())}"
    if e.has(3):
        sizes = e.constant(3)
        if sizes is None:
            return f"size={e.sizes(3)}[2:]"
        value = e.value(0)
        shape = value.shape if value is not None and value.shape is not None else ()
        if len(shape) > 1 and any(
            isinstance(old, int) and old != int(new) for old, new in zip(shape[:2], sizes[:2], strict=True)
        ):
            refuse("Resize of channels")
        return f"size={tuple(int(size) for size in sizes[2:])}"
    scales = e.array(2, "scales").tolist()
    if scales[:2] != [1.0, 1.0]:
        refuse("Resize of channels")
    factor = [int(each) if each == int(each) else each for each in scales[2:]]
    number = factor[0] if len(set(factor)) == 1 else tuple(factor)
    return f"scale_factor={literal(number)}" + (
        "" if all(isinstance(f, int) for f in factor) else ", recompute_scale_factor=False"
    )
