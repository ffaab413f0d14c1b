"""Images read at computed positions: remap and warps. Source: megengine/functional/vision.py (MegEngine 1.13)."""

from __future__ import annotations

from typing import Any

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Value, table_size
from mgeconvert.ir.builder import Builder
from mgeconvert.ir.table_size import check_table

from ..elementwise.modes import elemwise
from ..matmul.functional import matmul
from ..names import OPDEF, VISION
from ..operands import FLOAT32, INT32, INT64, UINT8, cast, is_float, tensor
from ..resize import resize
from ..shapes import dimension, expand, number, reshape, sizes_of
from ..table import lower

BORDERS = {
    "replicate": ("border", True),
    "constant": ("zeros", True),
    "reflect": ("reflection", False),
    "reflect_101": ("reflection", True),
}
"""MegEngine's border modes: GridSample's padding mode, and whether its -1 and 1 are the centres of corner pixels."""
MODES = {"linear": "linear", "nearest": "nearest"}


def sample(b: Builder, inp: Value, xs: Value, ys: Value, mode: str, border: str, value: float) -> Value:
    """`inp` (N, C, H, W) at pixel coordinates `xs` and `ys` (N, OH, OW); what lies outside follows the border mode.

    Images of other dtypes are sampled as float32; what lies between integers is rounded, halves away from zero.
    """
    if inp.dtype != FLOAT32:
        sampled = sample(b, cast(b, inp, FLOAT32), xs, ys, mode, border, value)
        return cast(b, sampled if is_float(inp) else elemwise(b, "ROUND", sampled), inp.dtype)
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


@lower(OPDEF + "Remap")
def remap_opdef(
    b: Builder, inp: Value, map_xy: Value, *, imode: str, border_type: str, scalar: float, format: str
) -> Value:
    image = _channels_first(b, inp, format)
    return _channels_last(b, remap(b, image, map_xy, border_type, scalar, imode), format)


def _sides(b: Builder, out_shape: Any) -> list[int]:
    """Height and width of a warp's result; one size stands for both."""
    sizes = sizes_of(b, out_shape)
    sizes = sizes * 2 if len(sizes) == 1 else sizes
    if not all(isinstance(size, int) for size in sizes):
        refuse("a warp to a size that is only known at run time")
    return [int(size) for size in sizes]  # type: ignore[arg-type]


def _positions(b: Builder, mat: Value, out_shape: Any) -> tuple[Value, list[int]]:
    """`mat` (N, rows, 3) applied to (x, y, 1) of every output pixel: (N, rows, OH OW)."""
    height, width = _sides(b, out_shape)
    ys, xs = table_size.indices((height, width)).reshape(2, -1).astype(np.float32)
    pixels = np.stack([xs, ys, np.ones_like(xs)])
    return matmul(b, mat, b.constant(pixels)), [height, width]


def _rows(b: Builder, positions: Value, size: list[int], count: int) -> list[Value]:
    grid = reshape(b, positions, [dimension(b, positions, 0), count, *size])
    return [b.op("Gather", grid, b.constant(row, INT64), axis=1) for row in range(count)]


def _is_on_grid(inp: Value, format: str) -> bool:
    """Whether MegEngine warps this image by its kernel for channels last, OpenCV's: on a grid of 32nds of a pixel.

    Source: measured against MegEngine 1.13 for every dtype, mode, border and number of channels.
    """
    if format.upper() != "NHWC" or inp.dtype not in (FLOAT32, UINT8):
        return False
    return number((inp.shape or (None,))[-1], "the number of channels") in (1, 2, 3)


def _affine_on_grid(b: Builder, mat: Value, size: list[int], mode: str) -> list[Value]:
    """round(1024 a x) + round(1024 (b y + c)) for each row (a, b, c) of `mat`, shifted to 32nds, or to pixels for
    nearest; halves of those go up."""
    height, width = size
    check_table(height, width)
    xs, ys = (1024 * table_size.arange(count, dtype=np.float32) for count in (width, height))
    by_x, by_y, by_one = (b.op("Unsqueeze", b.op("Gather", mat, [at], axis=2), [-1]) for at in range(3))
    columns = b.op("Round", b.op("Mul", by_x, b.constant(xs)))
    rows = b.op("Round", b.op("Add", b.op("Mul", by_y, b.constant(ys[:, None])), b.op("Mul", by_one, 1024.0)))
    unit = 1.0 if mode.lower() == "nearest" else 32.0
    steps = b.op("Floor", b.op("Add", b.op("Mul", b.op("Add", columns, rows), unit / 1024), 0.5))
    return [b.op("Gather", b.op("Div", steps, unit), b.constant(at, INT64), axis=1) for at in (0, 1)]


def _nearest_on_grid(b: Builder, x: Value, mode: str) -> Value:
    """Positions in 32nds of a pixel, or in pixels for nearest; halves of those go to even."""
    return b.op("Round", x) if mode.lower() == "nearest" else b.op("Div", b.op("Round", b.op("Mul", x, 32.0)), 32.0)


def _sampled(
    b: Builder, image: Value, xs: Value, ys: Value, mode: str, border: str, value: float, on_grid: bool
) -> Value:
    """`sample`. On the grid, what lies between integers is a multiple of 1 / 1024, and halves go up."""
    if not on_grid or image.dtype != UINT8:
        return sample(b, image, xs, ys, mode, border, value)
    steps = b.op("Round", b.op("Mul", sample(b, cast(b, image, FLOAT32), xs, ys, mode, border, value), 1024.0))
    return cast(b, b.op("Floor", b.op("Add", b.op("Mul", steps, 1 / 1024), 0.5)), UINT8)


def _is_aligned_resize(inp: Value, mat: Value, size: list[int], border: str, mode: str) -> bool:
    """Whether the matrix maps corner pixels to corner pixels and all others evenly between them: what `interpolate`
    with align_corners=True becomes in a static graph."""
    if mat.array is None or border.lower() != "replicate" or mode.lower() != "linear":
        return False
    sides = (inp.shape or ())[2:]
    if not all(isinstance(side, int) for side in sides):
        return False
    down, right = ((int(side) - 1) / max(target - 1, 1) for side, target in zip(sides, size, strict=True))
    return bool(
        np.array_equal(mat.array, np.broadcast_to(np.diag([right, down, 1.0]).astype(np.float32), mat.array.shape))
    )


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
    on_grid = _is_on_grid(inp, format)
    if on_grid:
        xs, ys = _affine_on_grid(b, cast(b, mat, FLOAT32), _sides(b, out_shape), interp_mode)
    else:
        xs, ys = _rows(b, *_positions(b, mat, out_shape), count=2)
    image = _channels_first(b, inp, format)
    sampled = _sampled(b, image, xs, ys, interp_mode, border_mode, border_val, on_grid)
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
    on_grid = _is_on_grid(inp, format)
    if mat_idx is not None:
        index = tensor(b, mat_idx if isinstance(mat_idx, Value) else np.asarray(mat_idx), INT32)
        image = b.op("Gather", image, index, axis=0)
    elif not on_grid and _is_aligned_resize(image, mat, _sides(b, out_shape), border_mode, interp_mode):
        return _channels_last(b, resize(b, image, list(_sides(b, out_shape)), "linear", align_corners=True), format)
    xs, ys, scale = _rows(b, *_positions(b, cast(b, mat, FLOAT32), out_shape), count=3)
    xs, ys = (b.op("Div", x, scale) for x in (xs, ys))
    if on_grid:
        xs, ys = (_nearest_on_grid(b, x, interp_mode) for x in (xs, ys))
    sampled = _sampled(b, image, xs, ys, interp_mode, border_mode, border_val, on_grid)
    return _channels_last(b, sampled, format)


@lower(OPDEF + "WarpAffine")
def warp_affine_opdef(
    b: Builder, inp: Value, mat: Value, size: Value, *, border_mode: str, border_val: float, imode: str, format: str
) -> Value:
    return warp_affine(b, inp, mat, size, border_mode, border_val, format, imode)


@lower(OPDEF + "WarpPerspective")
def warp_perspective_opdef(
    b: Builder, inp: Value, mat: Value, *rest: Value, bmode: str, border_val: float, imode: str, format: str
) -> Value:
    *index, size = rest
    return warp_perspective(b, inp, mat, size, index[0] if index else None, bmode, border_val, format, imode)
