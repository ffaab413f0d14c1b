"""Resize as one matrix per axis: whatever the mode, an output element is a weighted sum of input elements.

Source: the formulas of Resize in the ONNX specification and in onnx/reference/ops/op_resize.py.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import cast

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Node, Value, table_size
from mgeconvert.ir.builder import Builder

from .table import Result, array_of, compose_where_lacking, data, integer, number, scalar, shape_of

CROPS = "tf_crop_and_resize"


def _is_special(node: Node) -> bool:
    special = ("antialias", "exclude_outside")
    return (
        any(node.attrs.get(name) for name in special)
        or node.attrs.get("coordinate_transformation_mode") == CROPS
        or node.attrs.get("keep_aspect_ratio_policy", "stretch") != "stretch"
    )


@compose_where_lacking("Resize", _is_special)
def resize_by_matrices(b: Builder, node: Node) -> Result:
    """Resize(x) -> MatMul(x with the axis last, one matrix per axis); what a crop takes from outside is a number."""
    x, after = data(node), node.output.static_shape
    if data(node).static_shape is None or after is None:
        refuse("a resize whose sizes are known only at run time")
    if x.dtype is None or x.dtype.kind != "f":
        refuse("a resize of integers that is a weighted sum")
    for axis, (old, new, scale) in enumerate(zip(shape_of(x), after, _scales(node, after), strict=True)):
        assert isinstance(old, int)
        at = _places(node, axis, old, new, scale)
        if old == new and np.array_equal(at, table_size.arange(old)):
            continue
        x = _along(b, x, axis, _matrix(node, at, old, scale))
        outside = (at < 0) | (at > old - 1)
        if node.attrs.get("coordinate_transformation_mode") == CROPS and outside.any():
            mask = outside.reshape([-1 if place == axis else 1 for place in range(len(after))])
            x = b.op("Where", mask, scalar(x, number(node, "extrapolation_value", 0.0)), x)
    return x


def _along(b: Builder, x: Value, axis: int, matrix: np.ndarray) -> Value:
    rank = len(shape_of(x))
    weights = b.constant(np.ascontiguousarray(matrix.T), x.dtype)
    if axis == rank - 1:
        return b.op("MatMul", x, weights)
    order = list(range(rank))
    order[axis], order[-1] = order[-1], order[axis]
    return b.op("Transpose", b.op("MatMul", b.op("Transpose", x, perm=order), weights), perm=order)


def _scales(node: Node, after: tuple[int, ...]) -> list[float]:
    """The scale of each axis: as given, the one that keeps the aspect ratio, or the ratio of the sizes."""
    before = cast("tuple[int, ...]", data(node).static_shape)
    rank = len(before)
    axes = [axis % rank for axis in cast("tuple[int, ...]", node.attrs.get("axes", tuple(range(rank))))]
    scales = [new / old for old, new in zip(before, after, strict=True)]
    given = array_of(node, 2, "scales")
    policy = str(node.attrs.get("keep_aspect_ratio_policy", "stretch"))
    if given is not None and given.size:
        for axis, scale in zip(axes, given.tolist(), strict=True):
            scales[axis] = scale
    elif policy != "stretch":
        sizes = array_of(node, 3, "sizes")
        assert sizes is not None
        choose: Callable[[list[float]], float] = min if policy == "not_larger" else max
        common = choose([size / before[axis] for axis, size in zip(axes, sizes.tolist(), strict=True)])
        for axis in axes:
            scales[axis] = common
    return scales


def _places(node: Node, axis: int, old: int, new: int, scale: float) -> np.ndarray:
    """Where each output element lies between the input's."""
    i = table_size.arange(new, dtype=np.float64)
    rule = str(node.attrs.get("coordinate_transformation_mode", "half_pixel"))
    if rule == "align_corners":
        return i * (old - 1) / (new - 1) if new > 1 else i * 0
    if rule == "asymmetric":
        return np.asarray(i / scale)
    if rule == "pytorch_half_pixel" and new == 1:
        return i * 0
    if rule == "half_pixel_symmetric":
        return np.asarray(old / 2 * (1 - new / (scale * old)) + (i + 0.5) / scale - 0.5)
    if rule == CROPS:
        start, end = _window(node, axis)
        if new == 1:
            return i * 0 + 0.5 * (start + end) * (old - 1)
        return np.asarray(start * (old - 1) + i * (end - start) * (old - 1) / (new - 1))
    return np.asarray((i + 0.5) / scale - 0.5)


def _window(node: Node, axis: int) -> tuple[float, float]:
    """Where a crop begins and ends on the axis, 0 to 1."""
    roi = array_of(node, 1, "a region")
    if roi is None or not roi.size:
        refuse(f"{CROPS} without a region")
    rank = len(shape_of(data(node)))
    axes = [place % rank for place in cast("tuple[int, ...]", node.attrs.get("axes", tuple(range(rank))))]
    if axis not in axes:
        return 0.0, 1.0
    index = axes.index(axis)
    return float(roi[index]), float(roi[index + len(axes)])


def _matrix(node: Node, at: np.ndarray, size: int, scale: float) -> np.ndarray:
    """(out, in): the weight that each output element gives each input element.

    Neighbours outside are the border, or count for nothing with `exclude_outside`. With `antialias` the kernel is as
    wide as what an output element covers.
    """
    mode = str(node.attrs.get("mode", "nearest"))
    matrix: np.ndarray = table_size.zeros((len(at), size))
    if mode == "nearest":
        rounding = str(node.attrs.get("nearest_mode", "round_prefer_floor"))
        matrix[table_size.arange(len(at)), np.clip(ROUNDINGS[rounding](at), 0, size - 1).astype(int)] = 1
        return matrix
    reach = 1 if mode == "linear" else 2
    shrink = min(scale, 1.0) if integer(node, "antialias", 0) else 1.0
    base = np.floor(at)
    for offset in range(math.floor(-reach / shrink) + 1, math.ceil(reach / shrink) + 1):
        weights = _kernel((offset - (at - base)) * shrink, mode, number(node, "cubic_coeff_a", -0.75))
        where = (base + offset).astype(int)
        inside = (where >= 0) & (where < size)
        kept = weights * inside if integer(node, "exclude_outside", 0) else weights
        np.add.at(matrix, (table_size.arange(len(at)), np.clip(where, 0, size - 1)), kept)
    total = matrix.sum(axis=1, keepdims=True)
    return np.asarray(matrix / np.where(total == 0, 1, total))


ROUNDINGS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "round_prefer_floor": lambda at: np.asarray(np.ceil(at - 0.5)),
    "round_prefer_ceil": lambda at: np.asarray(np.floor(at + 0.5)),
    "floor": np.floor,
    "ceil": np.ceil,
}


def _kernel(distance: np.ndarray, mode: str, a: float) -> np.ndarray:
    """The triangle, or Keys's cubic convolution."""
    x = np.abs(distance)
    if mode == "linear":
        return np.asarray(np.maximum(1 - x, 0))
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    far = ((a * x - 5 * a) * x + 8 * a) * x - 4 * a
    return np.asarray(np.where(x <= 1, near, np.where(x < 2, far, 0)))
