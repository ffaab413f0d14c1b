"""Reading images at computed positions: remap, warps, regions of interest, non-maximum suppression.

Source: megengine/functional/vision.py and what MegEngine 1.13 answers for each border and interpolation mode.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder

from .operands import FLOAT32, INT32, INT64, cast, tensor
from .reduction import matmul
from .shapes import dimension, expand, reshape, sizes_of
from .table import lower

VISION = "megengine.functional.vision."
OP = "megengine.core.ops.builtin."

BORDERS = {
    "replicate": ("border", True),
    "constant": ("zeros", True),
    "reflect": ("reflection", False),
    "reflect_101": ("reflection", True),
}
"""MegEngine's border modes: GridSample's padding mode, and whether its -1 and 1 are the centres of corner pixels."""
MODES = {"linear": "linear", "nearest": "nearest"}


def sample(b: Builder, inp: Value, xs: Value, ys: Value, mode: str, border: str, value: float) -> Value:
    """`inp` (N, C, H, W) at pixel coordinates `xs` and `ys` (N, OH, OW); what lies outside follows the border mode."""
    if mode.lower() not in MODES:
        refuse(f"interpolation mode {mode} at computed positions")
    border = border.lower()
    if border == "wrap":
        inp, xs, ys = _wrapped(b, inp, xs, ys, mode)
        border = "replicate"
    if border not in BORDERS:
        refuse(f"border mode {border}")
    padding, corners = BORDERS[border]
    grid = [
        b.op("Unsqueeze", _normalized(b, x, dimension(b, inp, axis), corners), [-1]) for x, axis in ((xs, 3), (ys, 2))
    ]
    shifted = border == "constant" and value != 0
    source = b.op("Sub", inp, float(value)) if shifted else inp
    places = b.op("Concat", *grid, axis=-1)
    if (places.shape or ())[0] == 1 != (inp.shape or ())[0]:
        places = expand(b, places, [dimension(b, inp if axis == 0 else places, axis) for axis in range(4)])
    sampled = b.op(
        "GridSample", source, places, mode=MODES[mode.lower()], padding_mode=padding,
        align_corners=corners,
    )  # fmt: skip
    return b.op("Add", sampled, float(value)) if shifted else sampled


def _normalized(b: Builder, x: Value, size: Any, corners: bool) -> Value:
    """Pixel coordinates as GridSample's -1 to 1."""
    if not isinstance(size, int):
        length = cast(b, size, x.dtype)
        if corners:
            return b.op("Sub", b.op("Mul", x, b.op("Div", 2.0, b.op("Max", b.op("Sub", length, 1.0), 1.0))), 1.0)
        return b.op("Sub", b.op("Div", b.op("Add", b.op("Mul", x, 2.0), 1.0), length), 1.0)
    if corners:
        return b.op("Sub", b.op("Mul", x, 2 / max(size - 1, 1)), 1.0)
    return b.op("Sub", b.op("Mul", x, 2 / size), 1 - 1 / size)


def _wrapped(b: Builder, inp: Value, xs: Value, ys: Value, mode: str) -> tuple[Value, Value, Value]:
    """The image with its first row and column once more at the end, and the coordinates modulo its size."""
    for axis in (2, 3):
        inp = b.op("Concat", inp, b.op("Slice", inp, [0], [1], [axis]), axis=axis)
    places = []
    for x, axis in ((xs, 3), (ys, 2)):
        size = dimension(b, inp, axis)
        if not isinstance(size, int):
            refuse("sampling an image whose size is only known at run time")
        whole = b.op("Round", x) if mode.lower() == "nearest" else x
        turns = b.op("Floor", b.op("Div", whole, float(size - 1)))
        places.append(b.op("Sub", whole, b.op("Mul", turns, float(size - 1))))
    return inp, places[0], places[1]


def _channels_first(b: Builder, x: Value, format: str) -> Value:
    return b.op("Transpose", x, perm=[0, 3, 1, 2]) if format.upper() == "NHWC" else x


def _channels_last(b: Builder, x: Value, format: str) -> Value:
    return b.op("Transpose", x, perm=[0, 2, 3, 1]) if format.upper() == "NHWC" else x


@lower(VISION + "remap")
def remap(
    b: Builder,
    inp: Value,
    map_xy: Value,
    border_mode: str = "replicate",
    scalar: float = 0.0,
    interp_mode: str = "linear",
) -> Value:
    """`map_xy` (N, OH, OW, 2) holds x and y in pixels."""
    xs, ys = (b.op("Gather", map_xy, b.constant(axis, INT64), axis=-1) for axis in (0, 1))
    return sample(b, inp, xs, ys, interp_mode, border_mode, scalar)


@lower(OP + "Remap")
def remap_opdef(
    b: Builder, inp: Value, map_xy: Value, *, imode: str, border_type: str, scalar: float, format: str
) -> Value:
    image = _channels_first(b, inp, format)
    return _channels_last(b, remap(b, image, map_xy, border_type, scalar, imode), format)


def _positions(b: Builder, mat: Value, out_shape: Any) -> tuple[Value, list[int]]:
    """`mat` (N, rows, 3) applied to (x, y, 1) of every output pixel: (N, rows, OH OW)."""
    sizes = sizes_of(b, out_shape)
    sizes = sizes * 2 if len(sizes) == 1 else sizes
    if not all(isinstance(size, int) for size in sizes):
        refuse("a warp to a size that is only known at run time")
    height, width = (int(size) for size in sizes)  # type: ignore[arg-type]
    ys, xs = np.mgrid[:height, :width].reshape(2, -1).astype(np.float32)
    pixels = np.stack([xs, ys, np.ones_like(xs)])
    return matmul(b, mat, b.constant(pixels)), [height, width]


def _rows(b: Builder, positions: Value, size: list[int], count: int) -> list[Value]:
    grid = reshape(b, positions, [dimension(b, positions, 0), count, *size])
    return [b.op("Gather", grid, b.constant(row, INT64), axis=1) for row in range(count)]


def _to_32nds(b: Builder, x: Value) -> Value:
    """MegEngine's kernel for channels-last images works on coordinates in 32nds of a pixel."""
    return b.op("Mul", b.op("Floor", b.op("Add", b.op("Mul", x, 32.0), 0.5)), 1 / 32)


@lower(VISION + "warp_affine")
def warp_affine(
    b: Builder,
    inp: Value,
    mat: Value,
    out_shape: Any,
    border_mode: str = "replicate",
    border_val: float = 0.0,
    format: str = "NHWC",
    interp_mode: str = "linear",
) -> Value:
    """`mat` (N, 2, 3) maps output pixels to input pixels."""
    xs, ys = _rows(b, *_positions(b, mat, out_shape), count=2)
    if format.upper() == "NHWC":
        xs, ys = (_to_32nds(b, x) for x in (xs, ys))
    sampled = sample(b, _channels_first(b, inp, format), xs, ys, interp_mode, border_mode, border_val)
    return _channels_last(b, sampled, format)


@lower(VISION + "warp_perspective")
def warp_perspective(
    b: Builder,
    inp: Value,
    mat: Value,
    out_shape: Any,
    mat_idx: Any = None,
    border_mode: str = "replicate",
    border_val: float = 0.0,
    format: str = "NCHW",
    interp_mode: str = "linear",
) -> Value:
    """`mat` (N, 3, 3) maps output pixels to input pixels in homogeneous coordinates; `mat_idx` names their images."""
    image = _channels_first(b, inp, format)
    if mat_idx is not None:
        index = tensor(b, mat_idx if isinstance(mat_idx, Value) else np.asarray(mat_idx), INT32)
        image = b.op("Gather", image, index, axis=0)
    xs, ys, scale = _rows(b, *_positions(b, cast(b, mat, FLOAT32), out_shape), count=3)
    sampled = sample(b, image, b.op("Div", xs, scale), b.op("Div", ys, scale), interp_mode, border_mode, border_val)
    return _channels_last(b, sampled, format)


@lower(OP + "WarpAffine")
def warp_affine_opdef(
    b: Builder, inp: Value, mat: Value, size: Value, *, border_mode: str, border_val: float, imode: str, format: str
) -> Value:
    return warp_affine(b, inp, mat, size, border_mode, border_val, format, imode)


@lower(OP + "WarpPerspective")
def warp_perspective_opdef(
    b: Builder, inp: Value, mat: Value, *rest: Value, bmode: str, border_val: float, imode: str, format: str
) -> Value:
    *index, size = rest
    return warp_perspective(b, inp, mat, size, index[0] if index else None, bmode, border_val, format, imode)


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


@lower(OP + "ROIAlign")
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


@lower(OP + "ROIPooling")
def roi_pooling_opdef(b: Builder, inp: Value, rois: Value, size: Any, *, mode: str, scale: float) -> list[Value]:
    pooled = roi_pooling(b, inp, rois, sizes_of(b, size), mode, scale)
    return [pooled, pooled]


def _pair(value: Any) -> tuple[int, int]:
    first, second = (value, value) if isinstance(value, int) else value
    return int(first), int(second)


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


@lower(OP + "NMSKeep")
def nms_keep(b: Builder, boxes: Value, *, iou_thresh: float, max_output: int) -> tuple[Value, Value]:
    """Boxes (1, N, 4), best first: the indices (1, max_output) of those that stay, the last one repeated, and how many
    there are."""
    count = dimension(b, boxes, 1)
    if boxes.shape is None or boxes.shape[0] != 1 or not isinstance(count, int):
        refuse("non-maximum suppression of several images, or of boxes whose number is only known at run time")
    kept = nms(b, b.op("Squeeze", boxes, [0]), b.constant(-np.arange(count), FLOAT32), iou_thresh, max_output)
    found = b.op("Shape", kept)
    places = b.op("Min", b.constant(np.arange(max_output), INT64), b.op("Sub", found, 1))
    return b.op("Unsqueeze", b.op("Gather", kept, places), [0]), cast(b, found, INT32)


@lower(VISION + "correlation")
def correlation(
    b: Builder,
    data1: Value,
    data2: Value,
    kernel_size: int = 1,
    max_displacement: int = 1,
    stride1: int = 1,
    stride2: int = 1,
    pad_size: int = 0,
    is_multiply: bool = True,
) -> Value:
    """For each displacement the mean over channels and window of the maps' products (or absolute differences)."""
    height, width = ((size + 2 * pad_size if isinstance(size, int) else None) for size in (data1.shape or ())[2:])
    if height is None or width is None:
        refuse("correlation of maps whose size is only known at run time")
    pads = [0, 0, pad_size, pad_size] * 2
    left, right = (b.op("Pad", x, pads) if pad_size else x for x in (data1, data2))
    border = max_displacement + (kernel_size - 1) // 2
    spans = [(-(-(size - 2 * border) // stride1) - 1) * stride1 + kernel_size for size in (height, width)]

    def window(x: Value, dy: int, dx: int) -> Value:
        start = [max_displacement + dy, max_displacement + dx]
        return b.op("Slice", x, start, [place + span for place, span in zip(start, spans, strict=True)], [2, 3])

    base, reach = window(left, 0, 0), max_displacement // stride2
    maps = []
    for dy, dx in _displacements(reach, stride2):
        moved = window(right, dy, dx)
        match = b.op("Mul", base, moved) if is_multiply else b.op("Abs", b.op("Sub", base, moved))
        maps.append(b.op("ReduceMean", match, [1], keepdims=1))
    means = b.op("Concat", *maps, axis=1)
    if kernel_size == stride1 == 1:
        return means
    return b.op("AveragePool", means, kernel_shape=[kernel_size] * 2, strides=[stride1] * 2)


def _displacements(reach: int, stride: int) -> Iterable[tuple[int, int]]:
    steps = range(-reach * stride, reach * stride + 1, stride)
    return ((dy, dx) for dy in steps for dx in steps)


@lower(OP + "Correlation")
def correlation_opdef(
    b: Builder, data1: Value, data2: Value, *, kernel_size: int, max_displacement: int, stride1: int, stride2: int,
    pad_size: int, is_multiply: bool, format: str = "NCHW",
) -> Value:  # fmt: skip
    return correlation(b, data1, data2, kernel_size, max_displacement, stride1, stride2, pad_size, is_multiply)


COLORS: dict[str, tuple[list[list[float]], list[float]]] = {
    "RGB2GRAY": ([[0.299], [0.587], [0.114]], [0.0]),
    "BGR2GRAY": ([[0.114], [0.587], [0.299]], [0.0]),
    "GRAY2RGB": ([[1.0, 1.0, 1.0]], [0.0, 0.0, 0.0]),
    "RGB2YUV": (
        [[0.114, 0.435912, -0.099978], [0.587, -0.288804, -0.514799], [0.299, -0.147108, 0.614777]],
        [0.0, 0.5, 0.5],
    ),
    "YUV2RGB": ([[1.0, 1.0, 1.0], [2.032, -0.395, 0.0], [0.0, -0.581, 1.14]], [-1.016, 0.488, -0.57]),
}
"""What each conversion of floats computes: a matrix and an offset, measured in MegEngine 1.13."""


@lower(VISION + "cvt_color", OP + "CvtColor")
def cvt_color(b: Builder, inp: Value, mode: str = "") -> Value:
    """On (N, H, W, C) of floats."""
    if mode.upper() not in COLORS or inp.dtype != FLOAT32:
        refuse(f"the colour conversion {mode} of {inp.dtype}")
    matrix, offset = COLORS[mode.upper()]
    converted = b.op("MatMul", inp, np.array(matrix, np.float32))
    return b.op("Add", converted, np.array(offset, np.float32)) if any(offset) else converted
