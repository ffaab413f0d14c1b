"""Boxes: the best ones, and regions of interest."""

from __future__ import annotations

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Dim, table_size

from ...layout.view import Stored, plain
from ...layout.wants import PLAIN, VIEW
from ...model import Array, Tensor
from ...padding import VALID
from ..emission import Emission
from ..table import emit
from .sampling import sampled


@emit("NonMaxSuppression", wants=PLAIN, data=2, note="one image, one class")
def non_max_suppression(c: Emission, boxes: Tensor, scores: Tensor) -> Tensor:
    """The kernel pads its indices to the limit: only as many as it found are kept."""
    images, count, _ = boxes.shape
    if images != 1 or scores.shape[1] != 1:
        refuse("NonMaxSuppression of several images or classes; TFLite's kernel takes one list of boxes")
    if c.attr("center_point_box", 0):
        refuse("NonMaxSuppression of boxes by centre and size; TFLite's kernel wants corners")
    overlap, lowest = c.array(3, "threshold"), c.array(4, "score threshold")
    rows = c.dims()[0]
    most, limit = _limit(c, count)
    operands = [
        limit,
        c.const(_above(0.0 if overlap is None else float(overlap.reshape(()))), np.float32),
        c.const(np.finfo(np.float32).min if lowest is None else lowest.reshape(()), np.float32),
    ]
    lists = (c.reshape(boxes, (count, 4)), c.reshape(scores, (count,)))
    types, shapes = [np.int32, np.int32], [(most,), ()]
    chosen, found = c.ops("NON_MAX_SUPPRESSION_V4", 2, *lists, *operands, shape=shapes, dtype=types)
    kept = c.op("SLICE", chosen, c.const([0], np.int32), c.reshape(found, (1,)), shape=(rows,))
    zeros = c.op("SUB", kept, kept)
    return c.op("PACK", zeros, zeros, kept, shape=(rows, 3), Axis=1, ValuesCount=3)


def _above(threshold: float) -> Array:
    """ONNX suppresses what overlaps by more than the threshold, the kernel also what overlaps by just as much."""
    return np.asarray(np.nextafter(np.float32(threshold), np.float32(np.inf)))


def _limit(c: Emission, count: Dim) -> tuple[Dim, Tensor]:
    """How many boxes at most, as a dimension and as an operand."""
    value = c.value(2)
    known = np.zeros(()) if value is None else c.constant(value)
    if known is not None and isinstance(count, int):
        most = min(int(known.reshape(())), count)
        return most, c.const(most, np.int32)
    limit = c.const(int(known.reshape(())), np.int32) if known is not None else c.reshape(c.tensor(2), ())
    return f"{c.node.outputs[0].name}_limit", limit


@emit("RoiAlign", wants=VIEW, note="the mean of a fixed number of samples")
def roi_align(c: Emission) -> Stored:
    """Every bin is the mean of ratio x ratio samples; those beyond a pixel outside are 0, others read the border."""
    ratio, rule = c.attr("sampling_ratio", 0), c.attr("coordinate_transformation_mode", "half_pixel")
    if ratio < 1 or c.attr("mode", "avg") != "avg":
        refuse("RoiAlign with a number of samples that depends on the boxes, or with the maximum of the samples")
    x, boxes, images = c.tensor(0, (0, 2, 3, 1)), c.tensor(1), c.tensor(2)
    count, channels = boxes.shape[0], x.shape[3]
    outs = [c.attr("output_height", 1), c.attr("output_width", 1)]
    scale, shift = c.attr("spatial_scale", 1.0), 0.5 if rule == "half_pixel" else 0.0
    corners = c.ops("SPLIT", 4, c.const(1, np.int32), boxes, shape=[(count, 1)] * 4, dtype=boxes.dtype, NumSplits=4)
    corners = [c.op("SUB", c.op("MUL", at, c.like(scale, at)), c.like(shift, at)) for at in corners]
    whole = (count, outs[0] * ratio, outs[1] * ratio)
    inside: Tensor | None = None
    positions = []
    for axis, (start, end) in enumerate(((corners[1], corners[3]), (corners[0], corners[2]))):
        length = c.op("SUB", end, start)
        if rule != "half_pixel":
            length = c.op("MAXIMUM", length, c.like(1, length))
        samples = outs[axis] * ratio
        steps = c.const((table_size.arange(samples) + 0.5) / samples, np.float32)
        at = c.op("ADD", start, c.op("MUL", length, steps))
        (size,) = c.known((x.shape[1 + axis],), "RoiAlign")
        near = c.op("LOGICAL_AND", c.op("GREATER_EQUAL", at, c.like(-1, at), dtype=bool),
                    c.op("LESS_EQUAL", at, c.like(size, at), dtype=bool))  # fmt: skip
        spread = (count, samples, 1) if axis == 0 else (count, 1, samples)
        mask = c.cast(c.reshape(near, spread), at.dtype)
        inside = mask if inside is None else c.op("MUL", inside, mask)
        zeros = c.const(table_size.zeros((1, *whole[1:])), np.float32)
        positions.append(c.op("ADD", c.reshape(at, spread), zeros))
    assert inside is not None
    numbers = c.op("ADD", c.reshape(images, (count, 1, 1)), c.const(table_size.zeros((1, *whole[1:])), images.dtype))
    found = c.op("MUL", sampled(c, x, numbers, positions, zeros=False), c.reshape(inside, (*inside.shape, 1)))
    made = c.op(
        "AVERAGE_POOL_2D", found, shape=(count, *outs, channels), Padding=VALID,
        FilterHeight=ratio, FilterWidth=ratio, StrideH=ratio, StrideW=ratio,
    )  # fmt: skip
    return Stored(made, plain(c.dims(), (0, 2, 3, 1)))
