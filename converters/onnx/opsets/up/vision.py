"""RoiAlign and GridSample of opset 16."""

from __future__ import annotations

from mgeconvert.ir.builder import Builder

from .table import Form, upgrade


@upgrade("RoiAlign", since=16)
def roi_align(_: Builder, form: Form) -> Form:
    """RoiAlign(x, boxes) -> RoiAlign(x, boxes, coordinate_transformation_mode=output_half_pixel)"""
    form.attrs["coordinate_transformation_mode"] = "output_half_pixel"
    return form


@upgrade("GridSample", since=20)
def grid_sample_modes(_: Builder, form: Form) -> Form:
    """GridSample(x, grid, mode=bilinear) -> GridSample(x, grid, mode=linear)"""
    mode = str(form.attrs.get("mode", "bilinear"))
    form.attrs["mode"] = {"bilinear": "linear", "bicubic": "cubic"}.get(mode, mode)
    return form
