"""Sampling at computed positions, regions of interest."""

from __future__ import annotations

from mgeconvert.errors import refuse

from .emission import Emission
from .table import emit
from .text import literal

MODES = {"linear": "bilinear", "bilinear": "bilinear", "nearest": "nearest", "cubic": "bicubic", "bicubic": "bicubic"}


@emit("GridSample")
def grid_sample(e: Emission) -> str:
    mode = MODES.get(e.attr("mode", "linear"))
    if mode is None:
        refuse(f"GridSample of mode {e.attr('mode')}")
    border = e.attr("padding_mode", "zeros")
    corners = bool(e.attr("align_corners", 0))
    return (
        f"F.grid_sample({e[0]}, {e[1]}, mode={literal(mode)}, padding_mode={literal(border)}, align_corners={corners})"
    )


@emit("AffineGrid")
def affine_grid(e: Emission) -> str:
    return f"F.affine_grid({e[0]}, {e.sizes(1)}, align_corners={bool(e.attr('align_corners', 0))})"
