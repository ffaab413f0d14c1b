"""Regions of interest and non-maximum suppression. Source: megengine/functional/vision.py (MegEngine 1.13)."""

from __future__ import annotations

from typing import Any

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Value, table_size
from mgeconvert.ir.builder import Builder
from mgeconvert.ir.table_size import check_table

from ..names import OPDEF, VISION
from ..operands import FLOAT32, INT32, INT64, cast
from ..shapes import dimension, number, reshape, sizes_of
from ..table import lower

RING = [0, 0, 1, 1, 0, 0, 1, 1]
"""One pixel on every side of an image."""


@lower(VISION + "roi_align")
def roi_align(
    b: Builder,
    inp: Value,
    rois: Value,
    output_shape: Any,
    mode: str = "average",
    spatial_scale: float = 1.0,
    sample_points: Any = 2,
    aligned: bool = True,
) -> Value:
    """`rois` (R, 5) are image index and corners x1, y1, x2, y2; every bin is the mean of a grid of samples.

    Boxes are never widened to a pixel, so also unaligned ones, half a pixel further, are ONNX's half_pixel form.
    Outside the image MegEngine fades to zero where ONNX repeats the border: a ring of zeros around the image, and boxes
    one pixel further, make the two agree.
    """
    inp = cast(b, inp, FLOAT32)
    height, width = _pair(output_shape)
    points = _pair(sample_points)
    if points[0] != points[1] or mode.lower() != "average":
        refuse("roi_align with other than square sampling grids, or with the maximum of the samples")
    shift = (1.0 if aligned else 1.5) / spatial_scale
    moved = b.op("Add", rois, np.array([0, shift, shift, shift, shift], np.float32))
    boxes = b.op("Slice", moved, [1], [5], [1])
    images = cast(b, b.op("Gather", moved, b.constant(0, INT64), axis=1), INT64)
    return b.op(
        "RoiAlign", b.op("Pad", inp, RING), boxes, images, mode="avg", output_height=height, output_width=width,
        sampling_ratio=points[0], spatial_scale=spatial_scale, coordinate_transformation_mode="half_pixel",
    )  # fmt: skip


@lower(OPDEF + "ROIAlign")
def roi_align_opdef(
    b: Builder, inp: Value, rois: Value, *, mode: str, spatial_scale: float, offset: float, pooled_height: int,
    pooled_width: int, sample_height: int, sample_width: int, format: str = "NCHW",
) -> list[Value]:  # fmt: skip
    """The second output are positions for training."""
    if offset not in (0.0, 0.5):
        refuse(f"ROIAlign with an offset of {offset}")
    size, points = (pooled_height, pooled_width), (sample_height, sample_width)
    pooled = roi_align(b, inp, rois, size, mode, spatial_scale, points, aligned=offset == 0.5)
    return [pooled, pooled]


@lower(VISION + "roi_pooling")
def roi_pooling(b: Builder, inp: Value, rois: Value, output_shape: Any, mode: str = "max", scale: float = 1.0) -> Value:
    """The largest value of each bin; corners are rounded to pixels."""
    if mode.lower() != "max":
        refuse(f"roi_pooling with mode {mode}")
    return b.op("MaxRoiPool", inp, rois, pooled_shape=_pair(output_shape), spatial_scale=scale)


@lower(OPDEF + "ROIPooling")
def roi_pooling_opdef(b: Builder, inp: Value, rois: Value, size: Any, *, mode: str, scale: float) -> list[Value]:
    pooled = roi_pooling(b, inp, rois, sizes_of(b, size), mode, scale)
    return [pooled, pooled]


def _pair(value: Any) -> tuple[int, int]:
    first, second = (value, value) if isinstance(value, int) else value
    return number(first, "a size of the bins"), number(second, "a size of the bins")


@lower(VISION + "nms")
def nms(b: Builder, boxes: Value, scores: Value, iou_thresh: float, max_output: int | None = None) -> Value:
    """Indices of the boxes (N, 4) that stay, best first; a box goes when it overlaps a better one by more than the
    threshold."""
    count = dimension(b, boxes, 0) if max_output is None else max_output
    limit = b.constant([count], INT64) if isinstance(count, int) else cast(b, reshape(b, count, 1), INT64)
    chosen = b.op(
        "NonMaxSuppression", b.op("Unsqueeze", boxes, [0]), b.op("Unsqueeze", scores, [0, 1]), limit,
        b.constant([iou_thresh], FLOAT32),
    )  # fmt: skip
    return cast(b, b.op("Gather", chosen, b.constant(2, INT64), axis=1), INT32)


@lower(OPDEF + "NMSKeep")
def nms_keep(b: Builder, boxes: Value, *, iou_thresh: float, max_output: int) -> tuple[Value, Value]:
    """Boxes (1, N, 4), best first: the indices (1, max_output) of those that stay, the last one repeated, and how many
    there are."""
    count = dimension(b, boxes, 1)
    if boxes.shape is None or boxes.shape[0] != 1 or not isinstance(count, int):
        refuse("non-maximum suppression of several images, or of boxes whose number is only known at run time")
    check_table(max(count, max_output))
    kept = nms(b, b.op("Squeeze", boxes, [0]), b.constant(-table_size.arange(count), FLOAT32), iou_thresh, max_output)
    found = b.op("Shape", kept)
    slots = b.op("Min", b.constant(table_size.arange(max_output), INT64), b.op("Sub", found, 1))
    return b.op("Unsqueeze", b.op("Gather", kept, slots), [0]), cast(b, found, INT32)
