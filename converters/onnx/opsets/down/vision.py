"""GridSample and RoiAlign where the opset does not have them, or not in that form: sampled by Gather."""

from __future__ import annotations

from mgeconvert.errors import refuse
from mgeconvert.ir import Node, Value, table_size

from .operands import data, dtype_of, number_attribute, scalar, shape_of, size
from .replacement import Replacement
from .sampled_positions import element_along, sampled
from .table import Result, downgrade

MODES = {"linear": "bilinear", "cubic": "bicubic"}
"""Names of opset 20 -> of 16."""


OLD_MODES = {old: new for new, old in MODES.items()}


@downgrade("GridSample", since=20)
def grid_sample_of_images(r: Replacement, node: Node) -> Result:
    """GridSample(x, grid, mode=linear) -> GridSample(x, grid, mode=bilinear), for images only."""
    mode = str(node.attrs.get("mode", "linear"))
    named: dict[str, object] = {**node.attrs, "mode": MODES.get(mode, mode)}
    return r.form(*node.inputs, **named) if len(shape_of(data(node))) == 4 else grid_sample(r, node)


@downgrade("GridSample", since=16)
def grid_sample(r: Replacement, node: Node) -> Result:
    """GridSample(x, grid) -> sum over neighbours of Gather(pixels of x, position) * weight.

    Positions go from [-1, 1] to pixels, which are then read there.
    """
    x, grid = data(node), data(node, 1)
    mode = str(node.attrs.get("mode", "linear"))
    mode = OLD_MODES.get(mode, mode)
    if mode != "nearest" and dtype_of(x).kind != "f":
        refuse(f"mode {mode} of {dtype_of(x)}")
    corners = bool(node.attrs.get("align_corners", 0))
    sizes = [size(dim, "an image") for dim in shape_of(x)[2:]]
    positions = []
    for index, length in enumerate(reversed(sizes)):
        at = element_along(r, grid, index, len(sizes) + 1)
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
def roi_align(r: Replacement, node: Node) -> Result:
    """RoiAlign(x, boxes, half_pixel) -> RoiAlign(x, boxes - 0.5 / scale), or the mean of samples read by Gather.

    Before 16 every box was at least a pixel wide, and half a pixel further: boxes known to be can be moved.
    """
    plain = {key: value for key, value in node.attrs.items() if key != "coordinate_transformation_mode"}
    if node.attrs.get("coordinate_transformation_mode", "half_pixel") != "half_pixel":
        return r.form(*node.inputs, **plain)
    boxes, scale = data(node, 1), number_attribute(node, "spatial_scale", 1.0)
    if boxes.array is not None and ((boxes.array[:, 2:] - boxes.array[:, :2]) * scale >= 1).all():
        return r.form(data(node), boxes.array - scalar(boxes, 0.5 / scale), data(node, 2), **plain)
    ratio = int(number_attribute(node, "sampling_ratio", 0))
    if ratio < 1:
        refuse("a number of samples that depends on the boxes")
    if node.attrs.get("mode", "avg") != "avg":
        refuse("the maximum of the samples")
    return _mean_of_samples(r, node, scale, ratio)


def _mean_of_samples(r: Replacement, node: Node, scale: float, ratio: int) -> Value:
    """The mean of ratio x ratio samples per bin; those over a pixel outside are 0, others outside read the border."""
    x, boxes = data(node), data(node, 1)
    outs = [int(number_attribute(node, name, 1)) for name in ("output_height", "output_width")]
    count, channels = shape_of(boxes)[0], shape_of(x)[1]
    positions = []
    for axis in (0, 1):
        start, end = (
            r.op("Sub", r.op("Mul", corner, scalar(boxes, scale)), scalar(boxes, 0.5))
            for corner in (element_along(r, boxes, index, 1) for index in (1 - axis, 3 - axis))
        )
        length, samples = size(shape_of(x)[axis + 2], "an image"), outs[axis] * ratio
        steps = ((table_size.arange(samples) + 0.5) / samples).astype(dtype_of(boxes)).reshape(-1, *[1] * (1 - axis))
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
