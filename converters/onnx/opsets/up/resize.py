"""Upsample, and the one way in which Resize computed before opset 11."""

from __future__ import annotations

from typing import Any

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir.builder import Builder

from .table import Form, Result, upgrade


@upgrade("Upsample", since=7)
def upsample_of_images(_: Builder, form: Form) -> Form:
    """Upsample(x, height_scale=h, width_scale=w) -> Upsample(x, scales=(1, 1, h, w))"""
    height, width = form.attrs.pop("height_scale"), form.attrs.pop("width_scale")
    form.attrs["scales"] = (1.0, 1.0, float(str(height)), float(str(width)))
    return form


@upgrade("Upsample", since=9)
def upsample_scales(b: Builder, form: Form) -> Form:
    """Upsample(x, scales=) -> Upsample(x, scales)"""
    form.inputs[1:] = [b.constant(np.asarray(form.attrs.pop("scales"), np.float32))]
    return form


@upgrade("Upsample", since=10)
def upsample(_: Builder, form: Form) -> Form:
    """Upsample(x, scales) -> Resize(x, scales)"""
    return Form("Resize", form.inputs, form.attrs)


@upgrade("Resize", since=11)
def resize_asymmetric(b: Builder, form: Form) -> Result:
    """Resize(x, scales) -> Resize(x, , scales, asymmetric): from out / scale, as it was before there was a choice.

    What is nearest to it was left open. onnxruntime takes the floor where it enlarges and the ceiling where it shrinks,
    and that is what these models were made with.
    """
    mode = form.attrs.get("mode", "nearest")
    attrs: dict[str, Any] = {"mode": mode, "coordinate_transformation_mode": "asymmetric"}
    x, scales = form.data(), form.input(1)
    assert scales is not None
    if mode != "nearest":
        return Form("Resize", [x, None, scales], attrs)
    if scales.array is None or (scales.array >= 1).all():
        return Form("Resize", [x, None, scales], {**attrs, "nearest_mode": "floor"})
    shrunk = b.op("Resize", x, None, np.minimum(scales.array, 1), **attrs, nearest_mode="ceil")
    return Form("Resize", [shrunk, None, b.constant(np.maximum(scales.array, 1))], {**attrs, "nearest_mode": "floor"})


@upgrade("Resize", since=13)
def resize_inputs(_: Builder, form: Form) -> Form:
    """Resize(x, empty, scales) -> Resize(x, , scales); tf_half_pixel_for_nn -> half_pixel, round_prefer_ceil.

    Before 13 an empty tensor said that an input is left out, and there was one more way to count.
    """
    form.inputs = [None if value is not None and value.shape == (0,) else value for value in form.inputs]
    if form.attrs.get("coordinate_transformation_mode") == "tf_half_pixel_for_nn":
        if form.attrs.get("nearest_mode") != "floor":
            refuse("coordinate_transformation_mode tf_half_pixel_for_nn without nearest_mode floor")
        # floor((i + 0.5) / scale) is the nearest to (i + 0.5) / scale - 0.5, the upper one of two
        form.attrs |= {"coordinate_transformation_mode": "half_pixel", "nearest_mode": "round_prefer_ceil"}
    return form
