"""The Upsample of the YOLO forks and the Interp of the DeepLab forks.

Source: upsample_layer and interp_layer of these forks.
"""

from __future__ import annotations

from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder

from .table import Layer, lower, shape_of


@lower("Upsample", param="upsample_param", axes=4, note="nearest, as in the YOLO forks")
def upsample(b: Builder, layer: Layer, x: Value) -> Value:
    p = layer.param
    n, c, h, w = shape_of(x)
    height, width = p.upsample_h or h * (p.scale_h or p.scale), p.upsample_w or w * (p.scale_w or p.scale)
    attrs = {"mode": "nearest", "nearest_mode": "floor", "coordinate_transformation_mode": "asymmetric"}
    return b.op("Resize", x, None, None, [n, c, height, width], **attrs)


@lower("Interp", param="interp_param", axes=4, note="bilinear with aligned corners, as in the DeepLab forks")
def interp(b: Builder, layer: Layer, x: Value) -> Value:
    p = layer.param
    n, c, *sizes = shape_of(x)
    if p.pad_beg or p.pad_end:
        begin, end = min(0, p.pad_beg), min(0, p.pad_end)
        x = b.op("Slice", x, [-begin, -begin], [size + end for size in sizes], [2, 3])
        sizes = [size + begin + end for size in sizes]
    if p.HasField("height") and p.HasField("width"):
        wanted = [p.height, p.width]
    else:
        small = [(size - 1) // p.shrink_factor + 1 for size in sizes]
        wanted = [size + (size - 1) * (p.zoom_factor - 1) for size in small]
    attrs = {"mode": "linear", "coordinate_transformation_mode": "align_corners"}
    return b.op("Resize", x, None, None, [n, c, *wanted], **attrs)
