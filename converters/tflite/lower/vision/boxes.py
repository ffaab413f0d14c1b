"""Boxes: non-maximum suppression, and TensorFlow's detection head.

Source: non_max_suppression.cc, detection_postprocess.cc of tensorflow/lite/kernels/.
"""

from __future__ import annotations

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Value, table_size

from ...layout.holding import Held, held
from ...layout.wants import PLAIN
from ...model import identity
from ..custom import flexible
from ..table import lower
from ..translation import Translation

MOST_BOXES = 1 << 20
"""More results, which are filled up with zeros, nobody wants."""


@lower("NON_MAX_SUPPRESSION_V4", wants=PLAIN, data=2)
def non_max_suppression_v4(t: Translation, boxes: Value, scores: Value) -> list[Held]:
    """Indices filled up with zeros to the limit (operand 2), and how many are valid."""
    limit = t.number(2, "limit")
    if not 0 < limit <= MOST_BOXES:
        refuse(f"{limit} boxes at most")
    found = _suppressed(t, boxes, scores, np.array([limit], np.int64), t.value(3), t.value(4))
    count = t.b.op("Shape", found)
    filled = t.b.op("Slice", t.b.op("Concat", found, table_size.zeros(limit, np.int64), axis=0), [0], [limit])
    filled.shape = (limit,) if filled.shape is None else filled.shape
    return [held(filled, (0,)), held(t.b.op("Reshape", count, np.array([], np.int64)), ())]


@lower("NON_MAX_SUPPRESSION_V5", wants=PLAIN, data=2, note="without the decay of scores")
def non_max_suppression_v5(t: Translation, boxes: Value, scores: Value) -> list[Held]:
    """Version 4 and the scores of what stays, filled up with zeros; a sigma (operand 5) above 0 lets scores decay."""
    sigma = t.array(5, "sigma")
    if sigma is not None and sigma.any():
        refuse("scores that decay with the overlap (soft suppression)")
    indices, count = non_max_suppression_v4(t, boxes, scores)
    there = t.b.op("Less", table_size.arange(t.number(2, "limit"), dtype=np.int64), t.b.op("Reshape", count.value, [1]))
    kept = t.b.op("Where", there, t.b.op("Gather", scores, indices.value, axis=0), np.float32(0))
    return [indices, held(kept, (0,)), count]


def _suppressed(t: Translation, boxes: Value, scores: Value, limit: np.ndarray, overlap: Value, lowest: Value) -> Value:
    """The indices of the boxes that stay, best first."""
    rows = t.b.op(
        "NonMaxSuppression", t.b.op("Unsqueeze", boxes, [0]), t.b.op("Unsqueeze", scores, [0, 1]), limit,
        t.b.op("Reshape", overlap, [1]), t.b.op("Reshape", lowest, [1]),
    )  # fmt: skip
    return t.b.op("Reshape", t.b.op("Slice", rows, [2], [3], [1]), [-1])


@lower("TFLite_Detection_PostProcess", wants=PLAIN, data=2, note="one class per box, or the regular suppression")
def detection_postprocess(t: Translation, encodings: Value, predictions: Value) -> list[Held]:
    """tensorflow/lite/kernels/detection_postprocess.cc: boxes from encodings and anchors, suppression, the best ones.

    Results: boxes (1, n, 4) as (y0, x0, y1, x1), classes (1, n), scores (1, n), their number (1); zeros fill them up.
    """
    options = flexible(t)
    classes, most = int(options["num_classes"]), int(options["max_detections"])
    count, wide = t.known((predictions.shape or ())[1:], "the scores of boxes")
    if not 0 < classes <= wide or most < 1 or (encodings.shape or ())[0] != 1:
        refuse(f"{classes} classes of {wide}, {most} boxes")
    boxes = _decoded(t, t.b.op("Reshape", encodings, [count, 4]), options)
    scores = t.b.op("Slice", t.b.op("Reshape", predictions, [count, wide]), [wide - classes], [wide], [1])
    lowest = np.nextafter(np.float32(options["nms_score_threshold"]), np.float32(-np.inf))
    thresholds = np.array([options["nms_iou_threshold"]], np.float32), np.array([lowest], np.float32)
    if options.get("use_regular_nms", False):
        limit, each = int(options.get("detections_per_class", 100)), t.b.op("Transpose", scores, perm=(1, 0))
    elif options.get("max_classes_per_detection", 1) == 1:
        limit, each = most, t.b.op("Transpose", t.b.op("ReduceMax", scores, [1], keepdims=1), perm=(1, 0))
    else:
        refuse("several classes per box")
    rows = t.b.op(
        "NonMaxSuppression", t.b.op("Unsqueeze", boxes, [0]), t.b.op("Unsqueeze", each, [0]),
        np.array([limit], np.int64), *thresholds,
    )  # fmt: skip
    which, kind = (t.b.op("Slice", rows, [at], [at + 1], [1]) for at in (2, 1))
    found = t.b.op("GatherND", each, t.b.op("Concat", kind, which, axis=1))
    if not options.get("use_regular_nms", False):
        best = t.b.op("ArgMax", scores, axis=1, keepdims=1)
        kind = t.b.op("GatherND", best, which)
    return _best(t, boxes, which, t.b.op("Reshape", kind, [-1]), found, most)


def _best(t: Translation, boxes: Value, which: Value, kind: Value, found: Value, most: int) -> list[Held]:
    """The `most` best of what is found and of as many that are nothing, which come last."""
    padded = t.b.op("Concat", found, table_size.full(most, -np.inf, np.float32), axis=0)
    scores, order = t.b.ops("TopK", 2, padded, [most], axis=0)
    there = t.b.op("Greater", scores, np.float32(-np.inf))
    index = t.b.op("Concat", t.b.op("Reshape", which, [-1]), table_size.zeros(most, np.int64), axis=0)
    kinds = t.b.op("Gather", t.b.op("Concat", kind, table_size.zeros(most, np.int64), axis=0), order, axis=0)
    corners = t.b.op("Gather", boxes, t.b.op("Gather", index, order, axis=0), axis=0)
    zero = np.float32(0)
    corners = t.b.op("Where", t.b.op("Unsqueeze", there, [1]), corners, zero)
    number = t.b.op("ReduceSum", t.b.op("Cast", there, to=1), [0], keepdims=1)
    flat = (t.b.op("Where", there, value, zero) for value in (t.b.op("Cast", kinds, to=1), scores))
    results = [*(t.b.op("Unsqueeze", value, [0]) for value in (corners, *flat)), number]
    return [held(value, identity(len(value.shape or ()))) for value in results]


def _decoded(t: Translation, encodings: Value, options: dict[str, float]) -> Value:
    """Corners (y0, x0, y1, x1) from (y, x, h, w) relative to the anchors, which have centre and size too."""
    anchors = t.array(2, "anchors")
    if anchors is None or anchors.shape != encodings.shape:
        refuse("anchors that do not fit the boxes")
    places, sizes = anchors[:, :2].astype(np.float32), anchors[:, 2:].astype(np.float32)
    shift = np.array([options["y_scale"], options["x_scale"]], np.float32)
    grow = np.array([options["h_scale"], options["w_scale"]], np.float32)
    first, second = (t.b.op("Slice", encodings, [at], [at + 2], [1]) for at in (0, 2))
    center = t.b.op("Add", t.b.op("Mul", t.b.op("Div", first, shift), sizes), places)
    half = t.b.op("Mul", t.b.op("Exp", t.b.op("Div", second, grow)), sizes * np.float32(0.5))
    return t.b.op("Concat", t.b.op("Sub", center, half), t.b.op("Add", center, half), axis=1)
