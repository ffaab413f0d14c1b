"""Sampling at computed positions, regions of interest."""

from __future__ import annotations

from typing import Any

from .emission import Emission
from .expressions import Sizes, Whole, item
from .table import emit
from .text import call, literal

MODES = {"linear": "bilinear", "bilinear": "bilinear", "nearest": "nearest", "cubic": "bicubic", "bicubic": "bicubic"}


@emit("GridSample")
def grid_sample(e: Emission) -> str:
    mode = MODES[e.attr("mode", "linear")]
    border = e.attr("padding_mode", "zeros")
    corners = bool(e.attr("align_corners", 0))
    return (
        f"F.grid_sample({e[0]}, {e[1]}, mode={literal(mode)}, padding_mode={literal(border)}, align_corners={corners})"
    )


@emit("AffineGrid")
def affine_grid(e: Emission) -> str:
    return f"F.affine_grid({e[0]}, {e.sizes(1)}, align_corners={bool(e.attr('align_corners', 0))})"


@emit("RoiAlign")
def roi_align(e: Emission) -> str:
    size = (e.attr("output_height", 1), e.attr("output_width", 1))
    half = e.attr("coordinate_transformation_mode", "half_pixel") == "half_pixel"
    named = {"scale": float(e.attr("spatial_scale", 1.0)), "offset": 0.5 if half else 0.0, "largest": False}
    named["largest"] = e.attr("mode", "avg") == "max"
    usual = {"scale": 1.0, "offset": 0.5, "largest": False}
    kwargs = {name: value for name, value in named.items() if value != usual[name]}
    return call("roi_align", e[0], e[1], e[2], literal(size), e.attr("sampling_ratio", 0), **kwargs)


@emit("MaxRoiPool")
def max_roi_pool(e: Emission) -> str:
    return call("roi_max_pool", e[0], e[1], literal(tuple(e.attr("pooled_shape"))), float(e.attr("spatial_scale", 1.0)))


@emit("NonMaxSuppression")
def non_max_suppression(e: Emission) -> str:
    most = e.constant(2)
    if e.has(2) and most is None:
        text = e.text(2)
        count = text if isinstance(text, Whole) else item(text, 0) if isinstance(text, Sizes) else f"{text}.item()"
    else:
        count = str(int(most.reshape(-1)[0])) if most is not None else "0"
    limit = literal(e.array(3, "a limit").reshape(-1)[0]) if e.has(3) else "0.0"
    kwargs: dict[str, Any] = {"least": float(e.array(4, "a threshold").reshape(-1)[0])} if e.has(4) else {}
    if e.attr("center_point_box", 0):
        kwargs["centered"] = True
    return call("non_max_suppression", e[0], e[1], count, limit, **kwargs)
