"""Resize. Each axis is a product with a matrix of interpolation weights, which is exact for every mode; nearest by
whole factors is a Deconvolution with ones, and a dialect's own layer is used where it computes the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import table_size
from mgeconvert.ir.table_size import check_table

from .constant_positions import mix
from .net import Blob, Net, Shape
from .table import Array, emit
from .windows import convolution


@emit("Resize")
def resize(
    net: Net, x: Blob, roi: Array | None = None, scales: Array | None = None, sizes: Array | None = None,
    *, antialias: int = 0, axes: Sequence[int] = (), coordinate_transformation_mode: str = "half_pixel",
    cubic_coeff_a: float = -0.75, exclude_outside: int = 0, extrapolation_value: float = 0.0,
    keep_aspect_ratio_policy: str = "stretch", mode: str = "nearest", nearest_mode: str = "round_prefer_floor",
    out: Shape,
) -> Blob:  # fmt: skip
    transform = coordinate_transformation_mode
    if antialias or exclude_outside or transform not in TRANSFORMS:
        refuse(f"Resize with {transform if transform not in TRANSFORMS else 'antialias or exclude_outside'}")
    ratios = [new / old for new, old in zip(out, x.shape, strict=True)]
    if scales is not None and scales.size:
        for axis, scale in zip(axes or range(x.rank), scales.tolist(), strict=True):
            ratios[axis] = scale
    matrices = {}
    for axis, (old, new, ratio) in enumerate(zip(x.shape, out, ratios, strict=True)):
        if old != new or ratio != 1:
            check_table(new, old)
            at = TRANSFORMS[transform](table_size.arange(new, dtype=np.float32), old, new, np.float32(ratio))
            matrices[axis] = _weights(at, old, mode, nearest_mode, cubic_coeff_a)
    factors = [new // old for new, old in zip(out[2:], x.shape[2:], strict=True)]
    if net.has("Interp") and mode == "linear" and transform == "align_corners" and x.rank == 4:
        return net.layer("Interp", x, shape=out, height=out[2], width=out[3])
    if set(matrices) <= {2, 3} and x.rank == 4 and _repeats(matrices, x.shape, factors):
        if net.has("Upsample") and factors[0] == factors[1]:
            return net.layer("Upsample", x, shape=out, scale=factors[0])
        ones = table_size.ones((x.shape[1], 1, *factors), np.float32)
        return convolution(net, "Deconvolution", x, ones, None, out, (0, 0), factors, (1, 1), x.shape[1])
    for axis, matrix in matrices.items():
        x = mix(net, x, axis, matrix)
    return x


def _repeats(matrices: dict[int, np.ndarray], shape: Shape, factors: Sequence[int]) -> bool:
    """Whether every axis repeats each element a whole number of times."""
    return all(
        matrix.shape[0] == shape[axis] * factors[axis - 2]
        and np.array_equal(matrix, np.repeat(table_size.eye(shape[axis]), factors[axis - 2], axis=0))
        for axis, matrix in matrices.items()
    )


Transform: TypeAlias = Callable[[np.ndarray, int, int, np.float32], np.ndarray]
TRANSFORMS: dict[str, Transform] = {
    "half_pixel": lambda at, old, new, scale: (at + 0.5) / scale - 0.5,
    "pytorch_half_pixel": lambda at, old, new, scale: (at + 0.5) / scale - 0.5 if new > 1 else at * 0.0,
    "align_corners": lambda at, old, new, scale: at * ((old - 1) / (new - 1) if new > 1 else 0.0),
    "asymmetric": lambda at, old, new, scale: at / scale,
    "half_pixel_symmetric": lambda at, old, new, scale: old / 2 * (1 - new / (scale * old)) + (at + 0.5) / scale - 0.5,
}
"""Where in the input, of size `old`, the output positions `at` lie, by coordinate_transformation_mode: in float32,
which decides in onnxruntime too what lies in the middle of two elements."""

ROUNDINGS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "round_prefer_floor": lambda at: np.ceil(at - 0.5),
    "round_prefer_ceil": lambda at: np.floor(at + 0.5),
    "floor": np.floor,
    "ceil": np.ceil,
}


def _weights(at: np.ndarray, size: int, mode: str, nearest_mode: str, a: float) -> np.ndarray:
    """[new, old] interpolation weights; positions outside the input read its edge."""
    matrix = table_size.zeros((len(at), size))
    base = np.floor(at)
    taps = {"nearest": range(1), "linear": range(2), "cubic": range(-1, 3)}[mode]
    for tap in taps:
        place = ROUNDINGS[nearest_mode](at) if mode == "nearest" else base + tap
        weight = table_size.ones(len(at)) if mode == "nearest" else _kernel(np.abs(at - place), mode, a)
        np.add.at(matrix, (table_size.arange(len(at)), np.clip(place, 0, size - 1).astype(int)), weight)
    return matrix


def _kernel(distance: np.ndarray, mode: str, a: float) -> np.ndarray:
    """The weight of a neighbour at a distance; the cubic one is Keys' with parameter `a`."""
    if mode == "linear":
        return np.asarray(1 - distance)
    near = ((a + 2) * distance - (a + 3)) * distance**2 + 1
    far = ((a * distance - 5 * a) * distance + 8 * a) * distance - 4 * a
    return np.asarray(np.where(distance <= 1, near, far))
