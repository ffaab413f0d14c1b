"""Resizing. Two kernels know three coordinate rules; everything else is separable: a matrix for each axis."""

from __future__ import annotations

import math

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import table_size
from mgeconvert.ir.table_size import check_table

from ..layout.wants import CHANNELS_LAST
from ..model import Array, Tensor, merged
from .emission import Emission
from .table import emit

BILINEAR = {"half_pixel": {"HalfPixelCenters": True}, "pytorch_half_pixel": {"HalfPixelCenters": True},
            "align_corners": {"AlignCorners": True}, "asymmetric": {}}  # fmt: skip


@emit("Resize", "Upsample", wants=CHANNELS_LAST, data=1)
def resize(c: Emission, x: Tensor) -> Tensor:
    mode, rule = c.attr("mode", "nearest"), c.attr("coordinate_transformation_mode", "half_pixel")
    if c.node.op == "Upsample":
        rule = "asymmetric"
    if c.attr("antialias", 0) or rule == "tf_crop_and_resize":
        refuse(f"Resize with {'antialias' if c.attr('antialias', 0) else rule}: TFLite has no kernel for it")
    if not all(isinstance(dim, int) for dim in (*x.shape[1:-1], *c.shape()[1:-1])):
        return _to_computed_size(c, x, mode, rule)
    sizes = c.known(x.shape[1:-1], "a resize")
    target = c.known(c.shape()[1:-1], "a resize")
    ends = [(x.shape[0], c.shape()[0]), (x.shape[-1], c.shape()[-1])]
    if any(isinstance(old, int) and old != new for old, new in ends):
        refuse("a resize of batch or channels: TFLite resizes the spatial axes")
    scales = _scales(c, sizes, target)
    ratios = [out / size for size, out in zip(sizes, target, strict=True)]
    exact = all(math.isclose(scale, ratio) for scale, ratio in zip(scales, ratios, strict=True))
    if x.rank == 4 and mode == "linear" and rule in BILINEAR and exact and _kernel_agrees(rule, target):
        operand = c.const(target, np.int32, "size")
        return c.op("RESIZE_BILINEAR", x, operand, shape=c.shape(), **BILINEAR[rule])
    nearest = c.attr("nearest_mode", "round_prefer_floor")
    if x.rank == 4 and mode == "nearest" and _floors(rule, nearest, sizes, target) and exact:
        return c.op("RESIZE_NEAREST_NEIGHBOR", x, c.const(target, np.int32, "size"), shape=c.shape())
    for axis, (size, out, scale) in enumerate(zip(sizes, target, scales, strict=True), start=1):
        if size == out and scale == 1:
            continue
        at = _coordinates(out, size, scale, rule)
        if mode == "nearest":
            picks = np.clip(_round(at, nearest), 0, size - 1)
            shape = (*x.shape[:axis], out, *x.shape[axis + 1 :])
            x = c.op("GATHER", x, c.const(picks, np.int32), shape=shape, dtype=x.dtype, Axis=axis)
        else:
            cubic = (c.attr("cubic_coeff_a", -0.75), bool(c.attr("exclude_outside", 0))) if mode == "cubic" else None
            x = along(c, x, _matrix(at, size, cubic), axis)
    return x


def _to_computed_size(c: Emission, x: Tensor, mode: str, rule: str) -> Tensor:
    """A size that only the run will tell: the kernels' own rules, to the ratio of the sizes."""
    floors = rule == "asymmetric" and c.attr("nearest_mode", "round_prefer_floor") == "floor"
    if x.rank != 4 or not (
        (mode == "nearest" and floors) or (mode == "linear" and rule in ("half_pixel", "asymmetric", "align_corners"))
    ):
        refuse(f"a resize ({mode}, {rule}) to a size that is known only at run time")
    index = 3 if c.node.op == "Resize" else 1
    if c.value(index) is None:
        refuse("a resize by a factor of a size that is known only at run time; give the target size")
    axes = c.attr("axes", (0, 1, 2, 3))
    picks = [[axis % 4 for axis in axes].index(axis) for axis in (2, 3)]
    given = c.tensor(index)
    size = c.op("GATHER", given, c.const(picks, np.int32), shape=(2,), dtype=np.int32, Axis=0)
    if mode == "nearest":
        return c.op("RESIZE_NEAREST_NEIGHBOR", x, size, shape=c.shape())
    return c.op("RESIZE_BILINEAR", x, size, shape=c.shape(), **BILINEAR[rule])


def _scales(c: Emission, sizes: tuple[int, ...], target: tuple[int, ...]) -> list[float]:
    """The scale of each spatial axis: as given, or the ratio of the sizes."""
    given = c.array(2 if c.node.op == "Resize" else 1, "scales")
    if given is None or not given.size:
        return [out / size for size, out in zip(sizes, target, strict=True)]
    axes = c.attr("axes")
    rank = len(sizes) + 2
    scales = dict(zip(range(rank) if axes is None else (axis % rank for axis in axes), given, strict=True))
    return [float(scales.get(axis, 1.0)) for axis in range(2, rank)]


def _kernel_agrees(rule: str, target: tuple[int, ...]) -> bool:
    """TFLite and ONNX differ in what an output of size 1 reads, except where the rule is the plain one."""
    return rule in ("half_pixel", "asymmetric") or 1 not in target


def _floors(rule: str, nearest: str, sizes: tuple[int, ...], target: tuple[int, ...]) -> bool:
    """Whether output i reads floor(i * in / out), as the kernel does (computed in float32 as it does)."""
    for size, out in zip(sizes, target, strict=True):
        wanted = np.clip(_round(_coordinates(out, size, out / size, rule), nearest), 0, size - 1)
        kernel = np.floor(table_size.arange(out, dtype=np.float32) * np.float32(size / np.float32(out)))
        if (wanted != np.minimum(kernel, size - 1)).any():
            return False
    return True


def _coordinates(out: int, size: int, scale: float, rule: str) -> Array:
    """Where each output reads, by ONNX's formula of that name, in float32 as onnxruntime computes it: what lies in the
    middle of two elements is decided by that."""
    check_table(out)
    i, factor = table_size.arange(out, dtype=np.float32), np.float32(scale)
    if rule == "align_corners":
        return i * (size - 1) / (out - 1) if out > 1 else i * 0
    if rule == "asymmetric":
        return np.asarray(i / factor)
    if rule == "pytorch_half_pixel" and out == 1:
        return i * 0
    if rule == "half_pixel_symmetric":
        length = size * scale
        return np.asarray(size / 2 * (1 - out / length) + (i + 0.5) / factor - 0.5)
    return np.asarray((i + 0.5) / factor - 0.5)


def _round(at: Array, nearest: str) -> Array:
    rounded = {
        "floor": np.floor(at), "ceil": np.ceil(at),
        "round_prefer_floor": np.ceil(at - 0.5), "round_prefer_ceil": np.floor(at + 0.5),
    }  # fmt: skip
    return np.asarray(rounded[nearest], np.int64)


def _matrix(at: Array, size: int, cubic: tuple[float, bool] | None) -> Array:
    """(out, in): the weight each output gives each input; positions outside repeat the border."""
    base = np.floor(at)
    t = at - base
    taps = {0: 1 - t, 1: t} if cubic is None else _cubic(t, cubic[0])
    check_table(len(at), size)
    matrix: Array = table_size.zeros((len(at), size))
    rows = table_size.arange(len(at))
    for offset, weights in taps.items():
        where = (base + offset).astype(int)
        inside = (where >= 0) & (where < size)
        kept = weights * inside if cubic is not None and cubic[1] else weights
        np.add.at(matrix, (rows, np.clip(where, 0, size - 1)), kept)
    if cubic is not None and cubic[1]:
        matrix /= matrix.sum(axis=1, keepdims=True)
    return matrix


def _cubic(t: Array, a: float) -> dict[int, Array]:
    """Keys's cubic convolution weights of the four neighbours."""

    def near(x: Array) -> Array:
        return ((a + 2) * x - (a + 3)) * x * x + 1

    def far(x: Array) -> Array:
        return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a

    return {-1: far(t + 1), 0: near(t), 1: near(1 - t), 2: far(2 - t)}


def along(c: Emission, x: Tensor, matrix: Array, axis: int) -> Tensor:
    """The matrix (out, in) applied along one axis."""
    before, after = merged(x.shape[:axis]), merged(x.shape[axis + 1 :])
    out = len(matrix)
    block = c.reshape(x, (before, x.shape[axis], after))
    made = c.op("BATCH_MATMUL", c.const(matrix[None], np.float32), block, shape=(before, out, after))
    return c.reshape(made, (*x.shape[:axis], out, *x.shape[axis + 1 :]))
