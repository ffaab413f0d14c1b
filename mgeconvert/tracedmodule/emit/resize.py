"""Resize, which MegEngine has in four forms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Node, Value, table_size
from mgeconvert.ir.table_size import check_table
from mgeconvert.ir.validity import LARGEST

from .attributes import floats, numbers
from .builder import EmitBuilder
from .calls import EmittedCall, FunctionCall
from .operands import keeps_shape, rank, tensor_of
from .table import emit, rewrite


@emit("megengine.Interpolate")
def interpolate(node: Node) -> EmittedCall:
    """attrs: MegEngine's mode, and align_corners as 0 or 1 (left out: None); the size is that of the result."""
    shape = node.output.static_shape
    assert shape is not None
    size = shape[2:]
    corners = node.attrs.get("align_corners")
    aligned = None if corners is None else bool(corners)
    return FunctionCall("vision.interpolate", (node.inputs[0], size, None, node.attrs["mode"], aligned))


INTERPOLATE: dict[tuple[str, str], tuple[str, bool | None]] = {
    ("linear", "half_pixel"): ("bilinear", False),
    ("linear", "pytorch_half_pixel"): ("bilinear", False),
    ("linear", "align_corners"): ("bilinear", True),
    ("nearest", "asymmetric"): ("nearest", None),
    ("cubic", "half_pixel"): ("bicubic", None),
}
"""ONNX's (mode, coordinates) to MegEngine's (mode, align_corners)."""


@rewrite("Resize")
def same_size(_: EmitBuilder, node: Node) -> Value | None:
    """``Resize(x, size of x) -> x``"""
    return tensor_of(node) if keeps_shape(node) else None


@rewrite("Resize")
def resize(b: EmitBuilder, node: Node) -> Value | None:
    """``Resize(x) -> Interpolate(x)`` where MegEngine has the rule; else one axis after the other: nearest
    ``-> Gather(x, indices)``, linear ``-> x @ one matrix per axis``."""
    x = tensor_of(node)
    before, after = x.static_shape, node.output.static_shape
    if before is not None and after is None and 0 in before:
        refuse("a resize of an image without pixels")
    if before is None or after is None:
        refuse("a resize whose sizes are only known at run time")
    mode = str(node.attrs.get("mode", "nearest"))
    coordinates = str(node.attrs.get("coordinate_transformation_mode", "half_pixel"))
    policy = str(node.attrs.get("keep_aspect_ratio_policy", "stretch"))
    if policy != "stretch" or (node.attrs.get("antialias") and any(map(int.__lt__, after, before))):
        refuse("a resize that keeps the aspect ratio" if policy != "stretch" else "a resize with antialias")
    two = len(before) == 4 and before[:2] == after[:2] and x.dtype == np.float32
    if two and _scales_fit(node, before, after) and _same_rule(node, mode, coordinates, before, after):
        name, corners = INTERPOLATE.get((mode, coordinates), ("nearest", None))
        attrs = {"mode": name} if corners is None else {"mode": name, "align_corners": int(corners)}
        return b.call("Interpolate", [b.typed(node.output)], x, **attrs)[0]
    if mode == "cubic" or coordinates == "tf_crop_and_resize":
        refuse(f"a {mode} resize of these axes with {coordinates} coordinates")
    for axis, (size, target) in enumerate(zip(before, after, strict=True)):
        if size != target:
            positions = _positions(coordinates, size, target, _scale(node, axis, size, target))
            x = _along_axis(b, x, axis, positions, mode, str(node.attrs.get("nearest_mode", "round_prefer_floor")))
    return x


def _scales_fit(node: Node, before: tuple[int, ...], after: tuple[int, ...]) -> bool:
    """Whether the scales are what the sizes say; MegEngine knows sizes only."""
    if 0 in before or 0 in after:
        return False
    pairs = enumerate(zip(before, after, strict=True))
    return all(abs(_scale(node, axis, *pair) * pair[0] / pair[1] - 1) < 1e-6 for axis, pair in pairs)


def _scale(node: Node, axis: int, size: int, target: int) -> float:
    scales = node.inputs[2] if len(node.inputs) > 2 else None
    if scales is None or scales.array is None or not scales.array.size:
        return target / size
    axes = [place % rank(node.inputs[0]) for place in numbers(node, "axes", range(scales.array.size))]
    return float(scales.array[axes.index(axis)]) if axis in axes else 1.0


def _same_rule(node: Node, mode: str, coordinates: str, before: tuple[int, ...], after: tuple[int, ...]) -> bool:
    if mode == "nearest":
        rounding = str(node.attrs.get("nearest_mode", "round_prefer_floor"))
        return all(_floors(coordinates, rounding, *pair) for pair in zip(before[2:], after[2:], strict=True))
    if mode == "cubic" and (floats(node, "cubic_coeff_a", -0.75) != -0.75 or node.attrs.get("exclude_outside")):
        return False
    edge = coordinates in ("align_corners", "pytorch_half_pixel") and min(after[2:]) == 1
    return (mode, coordinates) in INTERPOLATE and not edge


def _floors(coordinates: str, rounding: str, size: int, target: int) -> bool:
    """Whether the rule reads the element floor(i * size / target)."""
    check_table(target)
    wanted = [index * size // target for index in range(target)]
    return _nearest(_positions(coordinates, size, target, target / size), rounding, size) == wanted


def _positions(coordinates: str, size: int, target: int, factor: float) -> Any:
    """Where each output element lies between the input's, by ONNX's formulas in float32."""
    check_table(target)
    index = table_size.arange(target, dtype=np.float32)
    scale = np.float32(factor)
    if coordinates == "align_corners":
        return index * (size - 1) / (target - 1) if target > 1 else index * 0
    if coordinates == "asymmetric":
        return index / scale
    if coordinates == "pytorch_half_pixel" and target == 1:
        return index * 0
    if coordinates == "half_pixel_symmetric":
        adjustment = target / (scale * size)
        return size / 2 * (1 - adjustment) + (index + 0.5) / scale - 0.5
    return (index + 0.5) / scale - 0.5


def _nearest(positions: np.ndarray[Any, Any], rounding: str, size: int) -> list[int]:
    rules: dict[str, Callable[[Any], Any]] = {
        "round_prefer_floor": lambda x: np.ceil(x - 0.5), "round_prefer_ceil": lambda x: np.floor(x + 0.5),
        "floor": np.floor, "ceil": np.ceil,
    }  # fmt: skip
    return [int(place) for place in np.clip(rules[rounding](positions), 0, size - 1)]


def _along_axis(
    b: EmitBuilder, x: Value, axis: int, positions: np.ndarray[Any, Any], mode: str, rounding: str
) -> Value:
    """Resize one axis: by indices, or by a matrix that blends two neighbours."""
    assert x.shape is not None
    size = int(x.shape[axis])
    if size > LARGEST:
        refuse(f"a resize of {size} positions, more than 32 bits count")
    if mode == "nearest":
        return b.op("Gather", x, np.array(_nearest(positions, rounding, size), np.int32), axis=axis)
    low = np.clip(np.floor(positions), 0, size - 1).astype(int)
    high = np.clip(np.floor(positions) + 1, 0, size - 1).astype(int)
    share = np.clip(positions, 0, size - 1) - low
    check_table(size, len(positions))
    matrix = table_size.zeros((size, len(positions)), x.dtype)
    for column, (first, second, weight) in enumerate(zip(low, high, share, strict=True)):
        matrix[first, column] += 1 - weight
        matrix[second, column] += weight
    order = [*(index for index in range(rank(x)) if index != axis), axis]
    blended = b.op("MatMul", b.op("Transpose", x, perm=order), matrix)
    return b.op("Transpose", blended, perm=[int(place) for place in np.argsort(order)])
