"""GridSample, RoiAlign and DeformConv where the opset does not have them, or not in that form: sampled by Gather."""

from __future__ import annotations

import math

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Node, Value

from .activation import scalar
from .sampled_positions import product, sampled
from .table import Result, Rewriter, data, downgrade, dtype_of, operand, shape_of, size

MODES = {"linear": "bilinear", "cubic": "bicubic"}
"""Names of opset 20 -> of 16."""
OLD_MODES = {old: new for new, old in MODES.items()}


@downgrade("GridSample", since=20)
def grid_sample_of_images(r: Rewriter, node: Node) -> Result:
    """Modes linear and cubic were called bilinear and bicubic, for images only."""
    mode = str(node.attrs.get("mode", "linear"))
    named: dict[str, object] = {**node.attrs, "mode": MODES.get(mode, mode)}
    return r.form(*node.inputs, **named) if len(shape_of(data(node))) == 4 else grid_sample(r, node)


@downgrade("GridSample", since=16)
def grid_sample(r: Rewriter, node: Node) -> Result:
    """Positions from [-1, 1] to pixels, which are then read there."""
    x, grid = data(node), data(node, 1)
    mode = str(node.attrs.get("mode", "linear"))
    mode = OLD_MODES.get(mode, mode)
    if mode != "nearest" and dtype_of(x).kind != "f":
        refuse(f"mode {mode} of {dtype_of(x)}")
    corners = bool(node.attrs.get("align_corners", 0))
    sizes = [size(dim, "an image") for dim in shape_of(x)[2:]]
    positions = []
    for index, length in enumerate(reversed(sizes)):
        at = _part(r, grid, index, len(sizes) + 1)
        shifted = r.op("Add", at, scalar(at, 1))
        if corners:
            positions.append(r.op("Mul", shifted, scalar(at, (length - 1) / 2)))
        else:
            doubled = r.op("Sub", r.op("Mul", shifted, scalar(at, length)), scalar(at, 1))
            positions.append(r.op("Mul", doubled, scalar(at, 0.5)))
    padding = str(node.attrs.get("padding_mode", "zeros"))
    found = sampled(r, x, positions[::-1], mode=mode, padding=padding, corners=corners)
    return r.transpose(found, [0, len(sizes) + 1, *range(1, len(sizes) + 1)])


@downgrade("RoiAlign", since=16)
def roi_align(r: Rewriter, node: Node) -> Result:
    """Before 16 every box was at least a pixel wide, and half a pixel further: boxes known to be can be moved."""
    plain = {key: value for key, value in node.attrs.items() if key != "coordinate_transformation_mode"}
    if node.attrs.get("coordinate_transformation_mode", "half_pixel") != "half_pixel":
        return r.form(*node.inputs, **plain)
    boxes, scale = data(node, 1), _number(node, "spatial_scale", 1.0)
    if boxes.array is not None and ((boxes.array[:, 2:] - boxes.array[:, :2]) * scale >= 1).all():
        return r.form(data(node), boxes.array - scalar(boxes, 0.5 / scale), data(node, 2), **plain)
    ratio = int(_number(node, "sampling_ratio", 0))
    if ratio < 1:
        refuse("a number of samples that depends on the boxes")
    if node.attrs.get("mode", "avg") != "avg":
        refuse("the maximum of the samples")
    return _mean_of_samples(r, node, scale, ratio)


def _mean_of_samples(r: Rewriter, node: Node, scale: float, ratio: int) -> Value:
    """The mean of ratio x ratio samples a bin; those over a pixel outside are 0, others outside read the border."""
    x, boxes = data(node), data(node, 1)
    outs = [int(_number(node, name, 1)) for name in ("output_height", "output_width")]
    count, channels = shape_of(boxes)[0], shape_of(x)[1]
    positions = []
    for axis in (0, 1):
        start, end = (
            r.op("Sub", r.op("Mul", corner, scalar(boxes, scale)), scalar(boxes, 0.5))
            for corner in (_part(r, boxes, index, 1) for index in (1 - axis, 3 - axis))
        )
        length, places = size(shape_of(x)[axis + 2], "an image"), outs[axis] * ratio
        steps = ((np.arange(places) + 0.5) / places).astype(dtype_of(boxes)).reshape(-1, *[1] * (1 - axis))
        start, extent = (r.reshape(part, (count, 1, 1)) for part in (start, r.op("Sub", end, start)))
        at = r.op("Add", start, r.op("Mul", extent, steps))
        low = r.op("Less", at, scalar(at, -1), dtype=bool)
        outside = r.op("Or", low, r.op("Greater", at, scalar(at, length), dtype=bool))
        border = r.op("Clip", at, scalar(at, 0), scalar(at, length - 1))
        positions.append(r.op("Where", outside, scalar(at, -2), border, dtype=at.dtype))
    found = r.transpose(sampled(r, x, positions, images=data(node, 2)), (0, 3, 1, 2))
    if ratio == 1:
        return found
    return r.op("AveragePool", found, shape=(count, channels, *outs), kernel_shape=(ratio,) * 2, strides=(ratio,) * 2)


@downgrade("DeformConv", since=19)
def deform_conv(r: Rewriter, node: Node) -> Result:
    """Every tap of every window sampled where its offset says, then one product; an offset group is a batch of its own.

    Offsets are (N, parts * taps * 2, OH, OW), of which the last pair is (y, x); masks (N, parts * taps, OH, OW).
    """
    x, weights, offsets, bias, mask = data(node), data(node, 1), data(node, 2), operand(node, 3), operand(node, 4)
    if len(shape_of(x)) != 4:
        refuse("a deformable convolution of other than images")
    batch, channels, *lengths = shape_of(x)
    outputs, inside, *kernel = (size(dim, "a filter") for dim in shape_of(weights))
    places = [size(dim, "a deformable convolution") for dim in shape_of(offsets)[2:]]
    group, parts, taps = int(_number(node, "group", 1)), int(_number(node, "offset_group", 1)), math.prod(kernel)
    each = size(channels, "channels") // parts
    images = product(batch, parts)
    pairs = r.reshape(offsets, (images, taps, 2, *places))
    positions = [r.op("Add", _part(r, pairs, axis, 2), grid.astype(dtype_of(offsets)))
                 for axis, grid in enumerate(_grids(node, kernel, places))]  # fmt: skip
    values = sampled(r, x if parts == 1 else r.reshape(x, (images, each, *lengths)), positions)
    if mask is not None:
        values = r.op("Mul", values, r.reshape(mask, (images, taps, *places, 1)))
    columns = r.transpose(values, (0, 4, 1, 2, 3))
    columns = r.reshape(columns, (batch, group, inside * taps, math.prod(places)))
    filters = r.reshape(weights, (group, outputs // group, inside * taps))
    found = r.op("MatMul", filters, columns, shape=(batch, group, outputs // group, math.prod(places)))
    found = r.reshape(found, (batch, outputs, *places))
    return found if bias is None else r.op("Add", found, r.reshape(bias, (outputs, 1, 1)))


def _grids(node: Node, kernel: list[int], places: list[int]) -> list[np.ndarray]:
    """Where each tap reads without offsets: rows and columns, each (taps, OH, OW)."""
    strides, dilations, pads = (_numbers(node, name, default) for name, default in _WINDOW.items())
    tap = np.indices(kernel).reshape(2, -1, 1, 1)
    place = np.indices(places)
    return [place[axis] * strides[axis] - pads[axis] + tap[axis] * dilations[axis] for axis in (0, 1)]


_WINDOW = {"strides": (1, 1), "dilations": (1, 1), "pads": (0, 0, 0, 0)}


def _part(r: Rewriter, x: Value, index: int, axis: int) -> Value:
    """One element along an axis, which goes."""
    shape = shape_of(x)
    return r.op("Gather", x, np.array(index, np.int64), axis=axis, shape=(*shape[:axis], *shape[axis + 1 :]))


def _number(node: Node, name: str, default: float) -> float:
    value = node.attrs.get(name, default)
    assert isinstance(value, int | float)
    return value


def _numbers(node: Node, name: str, default: tuple[int, ...]) -> tuple[int, ...]:
    value = node.attrs.get(name, default)
    assert isinstance(value, tuple)
    return tuple(int(item) for item in value)
