"""Sampling at computed positions and boxes: megengine.functional.vision.

ONNX's positions are -1 to 1 where MegEngine's are pixels, and it has boxes apart from their images. What was lowered
from MegEngine's form is recognised, so that it comes back as it was.
"""

from __future__ import annotations

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Node, Value

from .attributes import floats, integer, numbers
from .builder import EmitBuilder
from .calls import EmittedCall, function
from .operands import ints, sole
from .table import emit, rewrite

BORDERS = {
    ("border", 0): "replicate", ("border", 1): "replicate", ("zeros", 0): "constant", ("zeros", 1): "constant",
    ("reflection", 0): "reflect", ("reflection", 1): "reflect_101",
}  # fmt: skip
"""GridSample's padding mode and align_corners as MegEngine's border mode."""


@rewrite("GridSample")
def grid_sample(b: EmitBuilder, node: Node) -> Value:
    """``GridSample(x, g) -> Remap(x, (g + 1) * (size - 1) / 2)`` with aligned corners, else
    ``-> Remap(x, ((g + 1) * size - 1) / 2)``."""
    x, grid = node.inputs
    assert x is not None
    assert grid is not None
    shape = x.static_shape
    mode = str(node.attrs.get("mode", "linear"))
    if shape is None or len(shape) != 4 or mode not in ("linear", "nearest"):
        refuse("GridSample that is cubic, or of an image that has not two axes of known size")
    if mode == "nearest" and node.attrs.get("padding_mode") == "reflection" and not node.attrs.get("align_corners"):
        refuse("GridSample to the nearest pixel with reflection, which MegEngine rounds elsewhere")
    corners = integer(node, "align_corners")
    border = BORDERS[str(node.attrs.get("padding_mode", "zeros")), corners]
    axes = [_in_pixels(b, grid, axis, size, corners) for axis, size in ((0, shape[3]), (1, shape[2]))]
    positions = _joined(b, axes)
    return b.call("Remap", [b.typed(node.output)], x, positions, mode=mode, border=border)[0]


def _in_pixels(b: EmitBuilder, grid: Value, axis: int, size: int, corners: int) -> Value:
    """One coordinate of every position in pixels."""
    factor, offset = (2 / max(size - 1, 1), 1.0) if corners else (2 / size, 1 - 1 / size)
    parts = b.producer(grid, "Concat")
    part = None if parts is None or len(parts.inputs) != 2 else b.producer(parts.inputs[axis], "Unsqueeze")
    moved = None if part is None else b.producer(part.inputs[0], "Sub")
    scaled = None if moved is None else b.producer(moved.inputs[0], "Mul")
    if moved is not None and scaled is not None and _is(moved.inputs[1], offset) and _is(scaled.inputs[1], factor):
        assert scaled.inputs[0] is not None
        return scaled.inputs[0]
    place = b.op("Gather", grid, np.array(axis, np.int32), axis=-1)
    return b.op("Div", b.op("Add", place, float(np.float32(offset))), float(np.float32(factor)))


def _is(value: Value | None, number: float) -> bool:
    return (
        value is not None and value.array is not None and value.shape == () and bool(value.array == np.float32(number))
    )


def _joined(b: EmitBuilder, axes: list[Value]) -> Value:
    """The tensor whose last axis holds x and y; where they were picked from one, that one."""
    picked = [b.producer(value, "Gather") for value in axes]
    first, second = picked
    if first is not None and second is not None and first.inputs[0] is second.inputs[0]:
        source = first.inputs[0]
        columns = [None if node is None else ints(node.inputs[1]) for node in picked]
        if columns == [[0], [1]] and source is not None and source.shape is not None and source.shape[-1] == 2:
            return source
    return b.op("Concat", *(b.op("Unsqueeze", value, [-1]) for value in axes), axis=-1)


@emit("megengine.Remap")
def remap(node: Node) -> EmittedCall:
    """inputs: the image and positions (N, OH, OW, 2) in pixels; attrs: mode and border."""
    return function("vision.remap", *node.inputs, node.attrs["border"], 0.0, node.attrs["mode"])


@rewrite("RoiAlign")
def roi_align(b: EmitBuilder, node: Node) -> Value:
    """``RoiAlign(Pad(x, 1), boxes + 1/scale, images) -> RoiAlign(x, (images, boxes))``: MegEngine's fades to zero over
    the border, ONNX's repeats it unless the image has a ring of zeros."""
    x, boxes, images = node.inputs
    ratio = integer(node, "sampling_ratio")
    mode = str(node.attrs.get("coordinate_transformation_mode", "half_pixel"))
    if mode != "half_pixel" or not ratio or node.attrs.get("mode", "avg") != "avg":
        refuse("RoiAlign with other than half_pixel coordinates, an adaptive sampling grid, or the largest sample")
    cut, picked = b.producer(boxes, "Slice"), b.producer(images, "Gather")
    cast = b.producer(images, "Cast")
    picked = b.producer(cast.inputs[0], "Gather") if cast is not None else picked
    if cut is not None and cut.inputs[0] is not None and picked is not None and cut.inputs[0] is picked.inputs[0]:
        rois = cut.inputs[0]
    else:
        rois = b.op("Concat", b.op("Unsqueeze", b.op("Cast", images, to=1), [1]), boxes, axis=1)
    size = (integer(node, "output_height", 1), integer(node, "output_width", 1))
    scale = floats(node, "spatial_scale", 1.0)
    ring = b.producer(x, "Pad")
    if ring is None or ints(ring.inputs[1]) != [0, 0, 1, 1, 0, 0, 1, 1] or ring.inputs[2:]:
        refuse("RoiAlign that repeats the border for boxes over it; MegEngine's fades to zero")
    rois, aligned = _without_ring(b, rois, scale)
    typed = [b.typed(node.output)]
    return b.call("RoiAlign", typed, ring.inputs[0], rois, size=size, scale=scale, ratio=ratio, aligned=aligned)[0]


def _without_ring(b: EmitBuilder, rois: Value, scale: float) -> tuple[Value, bool]:
    """The boxes before they were moved by the ring of zeros, and whether half pixels were not added too."""
    added = b.producer(rois, "Add")
    shift = None if added is None or added.inputs[1] is None else added.inputs[1].array
    if added is not None and added.inputs[0] is not None and shift is not None and shift.shape == (5,):
        for pixels, aligned in ((1.0, True), (1.5, False)):
            if np.array_equal(shift, np.array([0, *[pixels / scale] * 4], np.float32)):
                return added.inputs[0], aligned
    return b.op("Sub", rois, np.array([0, *[1.0 / scale] * 4], np.float32)), True


@emit("megengine.RoiAlign")
def roi_align_call(node: Node) -> EmittedCall:
    """inputs: the features and boxes (R, 5) with their images; attrs: size, scale, ratio, aligned."""
    size, scale, ratio, aligned = (node.attrs[name] for name in ("size", "scale", "ratio", "aligned"))
    return function("vision.roi_align", *node.inputs, size, "average", scale, ratio, bool(aligned))


@emit("MaxRoiPool")
def max_roi_pool(node: Node) -> EmittedCall:
    size = numbers(node, "pooled_shape", ())
    return function("vision.roi_pooling", *node.inputs, size, "max", floats(node, "spatial_scale", 1.0))


@rewrite("Gather", about="NonMaxSuppression")
def nms(b: EmitBuilder, node: Node) -> Value | None:
    """``Gather(NonMaxSuppression(boxes, scores), 2) -> Nms(boxes, scores)``: the indices of the boxes, the third
    column, for one image and one class."""
    chosen = b.producer(node.inputs[0], "NonMaxSuppression")
    if chosen is None or ints(node.inputs[1]) != [2] or node.attrs.get("axis") != 1:
        return None
    boxes, scores, limit, overlap = [*chosen.inputs, None, None][:4]
    assert boxes is not None
    shape = boxes.shape
    score = None if len(chosen.inputs) < 5 else chosen.inputs[4]
    if shape is None or shape[0] != 1 or scores is None or scores.shape is None or scores.shape[1] != 1:
        refuse("NonMaxSuppression of several images or classes")
    flat = (_without_axes(b, boxes, [0]), _without_axes(b, scores, [0, 1]))
    everything = _is_count(b, limit, {*flat, boxes, scores})
    most = [1 << 31] if everything else ints(limit) or [0]
    if (
        score is not None
        or integer(chosen, "center_point_box")
        or not most[0]
        or overlap is None
        or overlap.array is None
    ):
        refuse("NonMaxSuppression with a score threshold, boxes by their centres or limits only known at run time")
    bound = shape[1] if isinstance(shape[1], int) else 1 << 31
    attrs = {"overlap": float(sole(overlap)), "limit": most[0] if most[0] < bound else 0}
    return b.call("Nms", [b.typed(node.output)], *flat, **attrs)[0]


_PASSED_ON = frozenset(["Cast", "Concat", "Gather", "Reshape", "Shape", "Slice", "Squeeze", "Unsqueeze"])
"""Operators between a shape and a number from it."""


def _is_count(b: EmitBuilder, limit: Value | None, counted: set[Value]) -> bool:
    """Whether a number at run time is a size of one of those tensors."""
    value = limit
    while value is not None and value.array is None:
        node = b.producers.get(value)
        if node is None or node.op not in _PASSED_ON:
            return False
        value = node.inputs[0]
        if node.op == "Shape":
            return value in counted
    return False


def _without_axes(b: EmitBuilder, x: Value, axes: list[int]) -> Value:
    wide = b.producer(x, "Unsqueeze")
    if wide is not None and wide.inputs[0] is not None and ints(wide.inputs[1]) == axes:
        return wide.inputs[0]
    return b.op("Squeeze", x, axes)


@emit("megengine.Nms")
def nms_call(node: Node) -> EmittedCall:
    """inputs: boxes (N, 4) and scores (N,); attrs: overlap and limit (0: none)."""
    return function("vision.nms", *node.inputs, node.attrs["overlap"], node.attrs["limit"] or None)
