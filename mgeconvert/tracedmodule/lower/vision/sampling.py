"""Images read at computed positions: remap and warps. Source: megengine/functional/vision.py (MegEngine 1.13)."""

from __future__ import annotations

from typing import Any

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder

from ..matmul.functional import matmul
from ..names import OPDEF, VISION
from ..operands import FLOAT32, INT32, INT64, cast, tensor
from ..shapes import dimension, expand, reshape, sizes_of
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


@lower(OPDEF + "Remap")
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
