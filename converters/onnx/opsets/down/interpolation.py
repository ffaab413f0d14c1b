"""What Resize computes along one axis, as positions and weights: each output is a weighted sum of a few inputs.

Source: the Resize operator of the ONNX specification (opset 19); R. Keys, "Cubic convolution interpolation" (1981).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mgeconvert.ir import table_size
from mgeconvert.ir.table_size import check_table


@dataclass(frozen=True, slots=True)
class Sampling:
    """The attributes of Resize."""

    mode: str = "nearest"
    coordinates: str = "half_pixel"
    nearest: str = "round_prefer_floor"
    cubic_coeff: float = -0.75
    exclude_outside: bool = False
    extrapolation: float = 0.0
    antialias: bool = False


def axis_taps(
    sampling: Sampling, length: int, count: int, scale: float, roi: tuple[float, float] = (0.0, 1.0)
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Positions int64[taps, count], weights float64[taps, count] and a mask bool[count] of what is extrapolated.

    The sum over taps of ``x[positions] * weights`` is the axis resized from `length` to `count` elements; `scale` is
    count / length as the model says it, which need not be exact.
    """
    centre = source_coordinates(sampling.coordinates, length, count, scale, roi)
    outside = table_size.zeros(count, bool)
    if sampling.coordinates == "tf_crop_and_resize":
        outside = (centre < 0) | (centre > length - 1)
    if sampling.mode == "nearest":
        positions = np.clip(_nearest(sampling.nearest, centre), 0, length - 1)[None]
        return positions, table_size.ones(positions.shape), outside
    stretch = max(1.0, 1.0 / scale) if sampling.antialias else 1.0
    reach = (1.0 if sampling.mode == "linear" else 2.0) * stretch
    taps = int(2 * np.ceil(reach))
    first = np.floor(centre).astype(np.int64) - taps // 2 + 1
    positions = first + table_size.arange(taps)[:, None]
    distance = np.abs(positions - centre) / stretch
    weights = _triangle(distance) if sampling.mode == "linear" else _cubic(distance, sampling.cubic_coeff)
    if sampling.exclude_outside or sampling.antialias:
        inside = (positions >= 0) & (positions < length)
        weights = weights * inside if sampling.exclude_outside else weights
    if sampling.exclude_outside or stretch > 1:
        weights = weights / weights.sum(axis=0)
    return np.clip(positions, 0, length - 1), weights, outside


def source_coordinates(
    mode: str, length: int, count: int, scale: float, roi: tuple[float, float] = (0.0, 1.0)
) -> np.ndarray:
    """Where each of `count` outputs lies on the input axis, float32[count].

    In float32 as runtimes compute it: which element is nearest can hang on the last bit.
    """
    check_table(count)
    out = table_size.arange(count, dtype=np.float32)
    per_output = np.float32(scale)
    start, end = (np.float32(bound) for bound in roi)
    centre: np.ndarray
    match mode:
        case "half_pixel":
            centre = (out + 0.5) / per_output - 0.5
        case "pytorch_half_pixel":
            centre = (out + 0.5) / per_output - 0.5 if count > 1 else out
        case "half_pixel_symmetric":
            shift = length / 2 * (1 - count / (per_output * length))
            centre = shift + (out + 0.5) / per_output - 0.5
        case "align_corners":
            centre = out * np.float32((length - 1) / max(count - 1, 1))
        case "asymmetric":
            centre = out / per_output
        case "tf_crop_and_resize":
            step = (end - start) * (length - 1) / max(count - 1, 1)
            centre = start * (length - 1) + out * step if count > 1 else out + 0.5 * (start + end) * (length - 1)
        case _:
            raise ValueError(f"coordinate_transformation_mode {mode}")
    return centre


def _nearest(mode: str, centre: np.ndarray) -> np.ndarray:
    rounded = {
        "round_prefer_floor": np.ceil(centre - 0.5),
        "round_prefer_ceil": np.floor(centre + 0.5),
        "floor": np.floor(centre),
        "ceil": np.ceil(centre),
    }
    positions: np.ndarray = rounded[mode].astype(np.int64)
    return positions


def _triangle(distance: np.ndarray) -> np.ndarray:
    weights: np.ndarray = np.maximum(1 - distance, 0)
    return weights


def _cubic(distance: np.ndarray, a: float) -> np.ndarray:
    near = ((a + 2) * distance - (a + 3)) * distance**2 + 1
    far = ((distance - 5) * distance + 8) * distance * a - 4 * a
    weights: np.ndarray = np.where(distance <= 1, near, np.where(distance < 2, far, 0.0))
    return weights
