"""Resizing of images."""

from __future__ import annotations

import math

import numpy as np

from mgeconvert.errors import refuse

from .emission import Emission
from .table import emit, emit_call
from .text import call, literal

KINDS = {1: "linear", 2: "bilinear", 3: "trilinear"}


@emit("Resize")
def resize(e: Emission) -> str:
    return _interpolated(e) or _by_axes(e)


def _interpolated(e: Emission) -> str:
    """``F.interpolate``, empty where torch's own function has another meaning."""
    mode, where = e.attr("mode", "nearest"), e.attr("coordinate_transformation_mode", "half_pixel")
    dims = e.rank() - 2
    if tuple(e.attr("axes") or range(2, dims + 2)) != tuple(range(2, dims + 2)) or dims < 1:
        return ""
    if e.attr("exclude_outside", 0) or e.attr("antialias", 0) or not _is_stretched(e):
        return ""
    if mode == "nearest":
        rounding = e.attr("nearest_mode", "round_prefer_floor")
        if where == "asymmetric" and rounding == "floor":
            return _call(e, "")
        return _call(e, ', mode="nearest-exact"') if (where, rounding) == ("half_pixel", "round_prefer_ceil") else ""
    if where not in ("half_pixel", "align_corners", "pytorch_half_pixel"):
        return ""
    if mode == "cubic":
        usual = dims == 2 and np.isclose(e.attr("cubic_coeff_a", -0.75), -0.75)
        kind = "bicubic" if usual else None
    else:
        kind = KINDS.get(dims)
    return _call(e, f", mode={literal(kind)}, align_corners={where == 'align_corners'}") if kind else ""


SOURCE_MODES = ("bilinear", "linear", "trilinear", "bicubic", "nearest")
"""MegEngine's modes, which are torch's; "nearest" is torch's default."""


@emit_call("megengine.functional.vision.interpolate")
def source_interpolate(e: Emission) -> str:
    """Factors whose sizes torch rounds as MegEngine does, in float32; other calls are written as they are lowered."""
    factor, mode = e.argument("scale_factor", 2), str(e.argument("mode", 3, "bilinear")).lower()
    factors = factor if isinstance(factor, tuple | list) else [factor]
    exact = all(isinstance(each, int | float) and np.float32(each) == each for each in factors)
    if e.argument("size", 1) is not None or not exact or mode not in SOURCE_MODES or e.dtype() != "float32":
        refuse("an interpolation that is lowered")
    whole = [int(each) if each == int(each) else each for each in factors]
    kwargs: dict[str, object] = {"scale_factor": whole[0] if len(set(whole)) == 1 else tuple(whole)}
    if mode != "nearest":
        kwargs["mode"] = mode
        kwargs["align_corners"] = bool(e.argument("align_corners", 4))
    if not all(isinstance(each, int) for each in whole):
        kwargs["recompute_scale_factor"] = True
    return call("F.interpolate", e.argument("inp", 0), **kwargs)


def _is_stretched(e: Emission) -> bool:
    return bool(e.attr("keep_aspect_ratio_policy", "stretch") == "stretch")


def _call(e: Emission, rest: str) -> str:
    target = _target(e)
    return f"F.interpolate({e[0]}, {target}{rest})" if target else ""


POSITIONS = {
    "half_pixel": "(torch.arange({n}{on}) + 0.5) / {scale} - 0.5",
    "pytorch_half_pixel": "(torch.arange({n}{on}) + 0.5) / {scale} - 0.5",
    "asymmetric": "torch.arange({n}{on}) / {scale}",
    "half_pixel_symmetric": "{offset} + (torch.arange({n}{on}) + 0.5) / {scale} - 0.5",
    "align_corners": "torch.arange({n}{on}) * ({size} - 1) / max({n} - 1, 1)",
}
"""Where each result lies between the elements of an axis of `size` elements, by ONNX's name of the rule."""
ROUNDED = {
    "floor": "torch.floor({x})", "ceil": "torch.ceil({x})", "round_prefer_floor": "torch.ceil({x} - 0.5)",
    "round_prefer_ceil": "torch.floor({x} + 0.5)",
}  # fmt: skip


def _by_axes(e: Emission) -> str:
    """Axis by axis: elements chosen by index, or by ``interpolate_axis``."""
    mode, where = e.attr("mode", "nearest"), e.attr("coordinate_transformation_mode", "half_pixel")
    value = e.value(0)
    shape = value.static_shape if value is not None else None
    inside = bool(e.attr("exclude_outside", 0))
    if where not in POSITIONS or e.attr("antialias", 0) or (inside and mode != "cubic") or shape is None:
        refuse(f"{mode} of {where}, with antialias or exclude_outside, or of sizes that vary")
    axes = [axis % len(shape) for axis in e.attr("axes") or range(len(shape))]
    sizes = e.array(3, "sizes").tolist() if e.has(3) else None
    scales = None if sizes else e.array(2, "scales").tolist()
    if sizes and not _is_stretched(e):
        best = min if e.attr("keep_aspect_ratio_policy") == "not_larger" else max
        scales = [best(size / shape[axis] for size, axis in zip(sizes, axes, strict=True))] * len(axes)
        sizes = [math.floor(scale * shape[axis] + 0.5) for scale, axis in zip(scales, axes, strict=True)]
    text = e[0]
    for number, axis in enumerate(axes):
        size = shape[axis]
        n = int(sizes[number]) if sizes else int(np.floor(np.float32(size) * np.float32(scales[number])))  # type: ignore[index]
        if not size:
            refuse("a Resize of no elements")
        scale = float(scales[number]) if scales else n / size
        if n == size and scale == 1:
            continue
        if where == "pytorch_half_pixel" and n == 1:
            positions = f"torch.zeros(1{e.on})"
        else:
            offset = literal(size / 2 * (1 - n / (scale * size)))
            positions = POSITIONS[where].format(n=n, size=size, scale=literal(scale), offset=offset, on=e.on)
        if mode == "nearest":
            index = ROUNDED[e.attr("nearest_mode", "round_prefer_floor")].format(x=f"({positions})")
            text = f"{text}.index_select({axis}, ({index}).long().clamp(0, {size - 1}))"
        elif mode == "linear":
            text = f"interpolate_axis({text}, {axis}, ({positions}).clamp(0, {size - 1}), 2)"
        else:
            a = float(str(np.float32(e.attr("cubic_coeff_a", -0.75))))
            options = ("" if a == -0.75 else f", a={a}") + (", inside=True" if inside else "")
            text = f"interpolate_axis({text}, {axis}, {positions}, 4{options})"
    return text


def _target(e: Emission) -> str:
    """``scale_factor=2`` or ``size=(7, 7)``; empty where channels or the batch are resized."""
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
            return ""
        return f"size={tuple(int(size) for size in sizes[2:])}"
    scales = e.array(2, "scales").tolist()
    if scales[:2] != [1.0, 1.0]:
        return ""
    factor = [int(each) if each == int(each) else each for each in scales[2:]]
    number = factor[0] if len(set(factor)) == 1 else tuple(factor)
    return f"scale_factor={literal(number)}" + (
        "" if all(isinstance(f, int) for f in factor) else ", recompute_scale_factor=False"
    )
