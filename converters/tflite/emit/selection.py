"""The largest elements, the best boxes."""

from __future__ import annotations

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Dim

from ..layout.view import Stored, plain
from ..model import Tensor, permuted
from .emission import Call
from .table import PLAIN, VIEW, emit


@emit("TopK", wants=VIEW)
def top_k(c: Call) -> list[Stored]:
    """TOPK_V2 finds the largest along the last axis; the smallest are the largest of the negated."""
    dims, stored = c.input_dims(), c.stored()
    axis = c.attr("axis", -1) % len(dims)
    natural = stored.view.natural([]) or tuple(range(len(dims)))
    layout = (*(index for index in natural if index != axis), axis)
    x = c.tensor(0, layout)
    wanted = c.value(1)
    assert wanted is not None
    known = c.constant(wanted)
    count = c.reshape(c.tensor(1), ()) if known is None else c.const(int(known.reshape(())), np.int32)
    shape = permuted(c.dims(), layout)
    smallest = not c.attr("largest", 1)
    if smallest:
        x = c.op("NEG", x)
    types = [x.dtype, np.int32]
    values, indices = c.ops("TOPK_V2", 2, x, count, shape=[shape, shape], dtype=types)
    if smallest:
        values = c.op("NEG", values)
    results = [Stored(values, plain(c.dims(), layout)), Stored(indices, plain(c.dims(), layout))]
    return results[: len(c.node.outputs)]


@emit("NonMaxSuppression", wants=PLAIN, data=2, note="one image, one class")
def non_max_suppression(c: Call, boxes: Tensor, scores: Tensor) -> Tensor:
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
        c.const(0 if overlap is None else overlap.reshape(()), np.float32),
        c.const(np.finfo(np.float32).min if lowest is None else lowest.reshape(()), np.float32),
    ]
    lists = (c.reshape(boxes, (count, 4)), c.reshape(scores, (count,)))
    types, shapes = [np.int32, np.int32], [(most,), ()]
    chosen, found = c.ops("NON_MAX_SUPPRESSION_V4", 2, *lists, *operands, shape=shapes, dtype=types)
    kept = c.op("SLICE", chosen, c.const([0], np.int32), c.reshape(found, (1,)), shape=(rows,))
    zeros = c.op("SUB", kept, kept)
    return c.op("PACK", zeros, zeros, kept, shape=(rows, 3), Axis=1, ValuesCount=3)


def _limit(c: Call, count: Dim) -> tuple[Dim, Tensor]:
    """How many boxes at most, as a dimension and as an operand."""
    value = c.value(2)
    known = np.zeros(()) if value is None else c.constant(value)
    if known is not None and isinstance(count, int):
        most = min(int(known.reshape(())), count)
        return most, c.const(most, np.int32)
    limit = c.const(int(known.reshape(())), np.int32) if known is not None else c.reshape(c.tensor(2), ())
    return f"{c.node.outputs[0].name}_limit", limit
