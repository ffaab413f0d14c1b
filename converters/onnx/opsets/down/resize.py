"""Resize: antialiasing and axes came with 18, most coordinate and nearest modes with 11; before 10 it was Upsample.

What an opset cannot say is computed with Gather: along each axis a weighted sum of the inputs at fixed positions.
"""

from __future__ import annotations

import itertools

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Node, Value

from .interpolation import Sampling, axis_taps
from .operands import constant, data, dtype_of, operand, shape_of, size
from .replacement import Replacement
from .table import Result, downgrade

NONE = np.zeros(0, np.float32)


@downgrade("Resize", since=19)
def resize_symmetric(r: Replacement, node: Node) -> Result:
    """Resize(x, half_pixel_symmetric) -> sum over taps of Gather(x, position) * weight, along each axis."""
    if node.attrs.get("coordinate_transformation_mode") == "half_pixel_symmetric":
        return _resized_by_gathering(r, node)
    return r.form(*node.inputs, **node.attrs)


@downgrade("Resize", since=18)
def resize_all_axes(r: Replacement, node: Node) -> Result:
    """Resize(x, scales, axes) -> Resize(x, scales of every axis); antialiased: sum of Gather(x, position) * weight."""
    plain = {key: value for key, value in node.attrs.items() if key not in _NEWER}
    if node.attrs.get("antialias") or node.attrs.get("keep_aspect_ratio_policy", "stretch") != "stretch":
        return _resized_by_gathering(r, node)
    if "axes" not in node.attrs:
        return r.form(*node.inputs, **plain)
    x = data(node)
    rank = len(shape_of(x))
    roi, scales, sizes = (_array(node, index) for index in (1, 2, 3))
    axes = _axes(node, rank)
    if roi is not None:
        roi = np.concatenate(
            [_spread(part, axes, [fill] * rank) for part, fill in zip(np.split(roi, 2), (0, 1), strict=True)]
        )
    if scales is not None:
        return r.form(x, roi, _spread(scales, axes, [1] * rank), None, **plain)
    assert sizes is not None
    if any(isinstance(dim, str) for axis, dim in enumerate(shape_of(x)) if axis not in axes):
        factors = [
            _factor(size(shape_of(x)[axis], "a resized dimension"), int(to))
            for axis, to in zip(axes, sizes, strict=True)
        ]
        if not all(_is_exact(factor, size(shape_of(x)[axis], "")) for axis, factor in zip(axes, factors, strict=True)):
            return r.form(x, roi, None, _sizes_at_run_time(r, x, dict(zip(axes, sizes, strict=True))), **plain)
        return r.form(x, roi, _spread(np.array(factors, np.float32), axes, [1] * rank), None, **plain)
    whole = [
        0 if axis in axes else size(dim, "a dimension that is not resized") for axis, dim in enumerate(shape_of(x))
    ]
    return r.form(x, roi, None, _spread(sizes, axes, whole), **plain)


def _factor(before: int, after: int) -> np.float32:
    """The scale by which ONNX, rounding down in float32, makes `after` of `before`."""
    factor: np.float32 = np.float32(after / before)
    if np.floor(np.float32(before) * factor) < after:
        factor = np.float32(np.nextafter(factor, np.float32(np.inf)))
    return factor


def _is_exact(factor: np.float32, before: int) -> bool:
    """Whether every runtime, in whatever precision it multiplies, gets the same whole number."""
    return (float(factor) * before).is_integer()


def _sizes_at_run_time(r: Replacement, x: Value, resized: dict[int, int]) -> Value:
    """All sizes of the result, those that stay taken from `x`."""
    rank = len(shape_of(x))
    shape = r.op("Shape", x, dtype=np.int64, shape=(rank,))
    parts: list[Value | np.ndarray] = []
    for is_resized, axes in itertools.groupby(range(rank), resized.__contains__):
        run = list(axes)
        sizes = np.array([resized.get(axis, 0) for axis in run], np.int64)
        bounds = np.array([run[0]], np.int64), np.array([run[-1] + 1], np.int64)
        parts.append(sizes if is_resized else r.op("Slice", shape, *bounds, shape=(len(run),)))
    return r.op("Concat", *parts, dtype=np.int64, shape=(rank,), axis=0)


_NEWER = ("antialias", "axes", "keep_aspect_ratio_policy")


@downgrade("Resize", since=13)
def resize_every_input(r: Replacement, node: Node) -> Result:
    """Resize(x) -> Resize(x, roi, scales); before 13 these could not be left out, only be empty."""
    roi, scales = operand(node, 1) or NONE, operand(node, 2) or NONE
    return r.form(data(node), roi, scales, operand(node, 3), **node.attrs)


@downgrade("Resize", since=11)
def resize_asymmetric(r: Replacement, node: Node) -> Result:
    """Resize(x, roi, scales) -> Resize(x, scales) where that is asymmetric, else sum of Gather(x, position) * weight.

    Before 11: enlarging, from the floor of (or between the neighbours of) out / scale.
    """
    x = data(node)
    scales = _scales(node)
    sampling = _sampling(node)
    if (scales >= 1).all() and _is_asymmetric(sampling, scales):
        return r.form(x, scales.astype(np.float32), mode=sampling.mode)
    return _resized_by_gathering(r, node)


def _is_asymmetric(sampling: Sampling, scales: np.ndarray) -> bool:
    if sampling.mode == "linear":
        return sampling.coordinates == "asymmetric"
    if sampling.mode != "nearest":
        return False
    if sampling.coordinates == "asymmetric" and sampling.nearest == "floor":
        return True
    # repeating each element a whole number of times is the floor as well
    is_half_pixel = sampling.coordinates in ("half_pixel", "pytorch_half_pixel")
    return is_half_pixel and sampling.nearest == "round_prefer_floor" and bool((scales == np.round(scales)).all())


@downgrade("Resize", since=10)
def upsample(r: Replacement, node: Node) -> Result:
    """Resize(x, scales) -> Upsample(x, scales)"""
    return r.become("Upsample", *node.inputs, **node.attrs)


@downgrade("Upsample", since=9)
def upsample_attribute(r: Replacement, node: Node) -> Result:
    """Upsample(x, scales) -> Upsample(x, scales=)"""
    scales = constant(node, 1, "scales")
    assert scales is not None
    return r.form(data(node), mode=node.attrs.get("mode"), scales=tuple(scales.tolist()))


def _resized_by_gathering(r: Replacement, node: Node) -> Value:
    """The whole Resize, axis by axis, for sizes known now."""
    x = data(node)
    sampling, shape = _sampling(node), shape_of(node.outputs[0])
    roi = _array(node, 1)
    rank = len(shape_of(x))
    axes = _axes(node, rank)
    scales = dict(zip(axes, _scales(node)[list(axes)], strict=True))
    for at, axis in enumerate(axes):
        if scales[axis] == 1 and shape[axis] == shape_of(x)[axis] and sampling.coordinates != "tf_crop_and_resize":
            continue
        length = size(shape_of(x)[axis], "a dimension to resize")
        count = size(shape[axis], "a dimension to resize")
        region = (0.0, 1.0) if roi is None or not roi.size else (float(roi[at]), float(roi[at + len(axes)]))
        x = _along(r, x, axis, axis_taps(sampling, length, count, float(scales[axis]), region), sampling)
    return x


def _along(
    r: Replacement, x: Value, axis: int, taps: tuple[np.ndarray, np.ndarray, np.ndarray], sampling: Sampling
) -> Value:
    positions, weights, outside = taps
    if outside.any():
        refuse("extrapolation")
    shape = tuple(positions.shape[1] if at == axis else dim for at, dim in enumerate(shape_of(x)))
    column = (-1, *(1 for _ in shape[axis + 1 :]))
    total: Value | None = None
    for position, weight in zip(positions, weights, strict=True):
        if not weight.any():
            continue
        term = r.op("Gather", x, position, axis=axis, shape=shape)
        if sampling.mode != "nearest":
            term = r.op("Mul", term, weight.astype(dtype_of(x)).reshape(column), shape=shape)
        total = term if total is None else r.op("Add", total, term)
    assert total is not None
    return total


def _sampling(node: Node) -> Sampling:
    attrs = node.attrs
    return Sampling(
        str(attrs.get("mode", "nearest")),
        str(attrs.get("coordinate_transformation_mode", "half_pixel")),
        str(attrs.get("nearest_mode", "round_prefer_floor")),
        float(attrs.get("cubic_coeff_a", -0.75)),  # type: ignore[arg-type]
        bool(attrs.get("exclude_outside", 0)),
        float(attrs.get("extrapolation_value", 0.0)),  # type: ignore[arg-type]
        bool(attrs.get("antialias", 0)),
    )


def _scales(node: Node) -> np.ndarray:
    """The scale of every axis, float64[rank], given or from the sizes."""
    before = shape_of(data(node))
    axes = _axes(node, len(before))
    scales, sizes = _array(node, 2), _array(node, 3)
    if scales is not None:
        return _spread(scales.astype(np.float64), axes, [1.0] * len(before))
    assert sizes is not None
    if any(before[axis] == 0 for axis in axes):
        refuse("a resize of an image without pixels")
    ratios = [sizes[at] / size(before[axis], "a dimension to resize") for at, axis in enumerate(axes)]
    policy = node.attrs.get("keep_aspect_ratio_policy", "stretch")
    if policy != "stretch":
        ratios = [min(ratios) if policy == "not_larger" else max(ratios)] * len(ratios)
    return _spread(np.array(ratios), axes, [1.0] * len(before))


def _axes(node: Node, rank: int) -> tuple[int, ...]:
    axes = node.attrs.get("axes", tuple(range(rank)))
    assert isinstance(axes, tuple)
    return tuple(int(axis) % rank for axis in axes)


def _array(node: Node, index: int) -> np.ndarray | None:
    """A constant input; None where it is left out or empty."""
    array = constant(node, index, ("", "a region", "scales", "sizes")[index])
    return None if array is None or not array.size else array


def _spread(numbers: np.ndarray, axes: tuple[int, ...], whole: list[int] | list[float]) -> np.ndarray:
    """`whole` with the numbers of some axes put in."""
    result = np.array(whole, numbers.dtype)
    result[list(axes)] = numbers
    return result
