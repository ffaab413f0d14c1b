"""SSD's detection layers: prior boxes are constants, detections a NonMaxSuppression; Fast R-CNN's region pooling.

Source: prior_box_layer, detection_output_layer of the SSD fork; roi_pooling_layer of Fast R-CNN.
"""

from __future__ import annotations

import itertools
import math

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Value, table_size
from mgeconvert.ir.builder import Builder
from mgeconvert.ir.table_size import check_table

from .table import FLOAT, Layer, lower, shape_of


@lower("ROIPooling", param="roi_pooling_param", axes=4)
def roi_pooling(b: Builder, layer: Layer, x: Value, regions: Value) -> Value:
    p = layer.param
    rows = b.op("Reshape", regions, [-1, 5])
    return b.op("MaxRoiPool", x, rows, pooled_shape=[p.pooled_h, p.pooled_w], spatial_scale=p.spatial_scale)


CORNER, CENTER_SIZE = 1, 2


@lower("PriorBox", param="prior_box_param", axes=4)
def prior_box(b: Builder, layer: Layer, features: Value, image: Value) -> Value:
    """[1, 2, 4 * boxes]: the boxes as fractions of the image, then the variances of their corners."""
    p = layer.param
    if len(shape_of(image)) != 4:
        raise layer.invalid(f"the image is {image.type_text}; expected four axes")
    height, width = shape_of(features)[2:4]
    image_h, image_w = (p.img_h or p.img_size or shape_of(image)[2], p.img_w or p.img_size or shape_of(image)[3])
    step_h, step_w = p.step_h or p.step or image_h / height, p.step_w or p.step or image_w / width
    sizes = np.array(_box_sizes(layer)) / 2
    check_table(height, width, len(sizes), 4)
    rows, columns = (table_size.arange(count) + p.offset for count in (height, width))
    cy, cx = table_size.grid(rows * step_h, columns * step_w)
    centres = np.stack([cx, cy], -1)[:, :, None]
    boxes = np.concatenate([centres - sizes, centres + sizes], -1) / [image_w, image_h, image_w, image_h]
    boxes = (boxes.clip(0, 1) if p.clip else boxes).reshape(-1, 4)
    variance = list(p.variance) or [0.1]
    variances = np.tile(variance * (4 // len(variance)), len(boxes))
    return b.constant(np.stack([boxes.reshape(-1), variances])[None].astype(np.float32), name=layer.name)


def _box_sizes(layer: Layer) -> list[tuple[float, float]]:
    """(width, height) of each box of a cell, in Caffe's order."""
    p = layer.param
    if not p.min_size:
        raise layer.invalid("no min_size")
    ratios = [1.0]
    for ratio in p.aspect_ratio:
        if all(abs(ratio - known) >= 1e-6 for known in ratios):
            ratios += [ratio, 1 / ratio] if p.flip else [ratio]
    sizes = []
    for smallest, largest in itertools.zip_longest(p.min_size, p.max_size):
        sizes.append((smallest, smallest))
        if largest is not None:
            sizes.append((math.sqrt(smallest * largest),) * 2)
        sizes += [(smallest * math.sqrt(r), smallest / math.sqrt(r)) for r in ratios if abs(r - 1) >= 1e-6]
    return sizes


@lower("DetectionOutput", param="detection_output_param", note="one image; no rows where Caffe gives one row of -1")
def detection_output(b: Builder, layer: Layer, location: Value, confidence: Value, priors: Value) -> Value:
    """[1, 1, detections, 7]: image, label, score and the corners, by label and falling score."""
    p = layer.param
    if len(shape_of(priors)) != 3 or shape_of(priors)[2] % 4:
        raise layer.invalid(f"the prior boxes are {priors.type_text}; expected [1,2,4 * boxes]")
    batch, count, classes = shape_of(location)[0], shape_of(priors)[2] // 4, p.num_classes
    if batch != 1 or not p.share_location or p.nms_param.eta != 1:
        refuse("more than one image, boxes of each class, or an adaptive overlap")
    boxes = _decoded(b, layer, b.op("Reshape", location, [count, 4]), priors, count)
    scores = b.op("Transpose", b.op("Reshape", confidence, [1, count, classes]), perm=[0, 2, 1])
    background = p.background_label_id
    if 0 <= background < classes:
        mask = table_size.zeros((1, classes, 1), np.float32)
        mask[0, background] = -2
        scores = b.op("Add", scores, mask)
    threshold = p.confidence_threshold if p.HasField("confidence_threshold") else -1.0
    if 0 < p.nms_param.top_k < count:
        best = b.ops("TopK", 2, scores, [p.nms_param.top_k], axis=2)[0]
        last = b.op("Slice", best, [p.nms_param.top_k - 1], [p.nms_param.top_k], [2])
        scores = b.op("Where", b.op("Less", scores, last), np.full(1, -2, np.float32), scores)
    chosen = b.op(
        "NonMaxSuppression",
        b.op("Unsqueeze", boxes, [0]),
        scores,
        np.array([count], np.int64),
        np.array([p.nms_param.nms_threshold], np.float32),
        np.array([max(threshold, -1.0)], np.float32),
    )
    _, label, place = b.ops("Split", 3, chosen, [1, 1, 1], axis=1)
    score = b.op("GatherND", scores, chosen_scores(b, label, place))
    rows = [
        b.op("Mul", b.op("Cast", label, to=FLOAT), 0.0),
        b.op("Cast", label, to=FLOAT),
        b.op("Unsqueeze", score, [1]),
        b.op("GatherND", boxes, place),
    ]
    table = b.op("Concat", *rows, axis=1)
    if p.keep_top_k > -1:
        found = b.op("Shape", score)
        keep = b.op("Min", found, np.array([p.keep_top_k], np.int64))
        best_places = b.ops("TopK", 2, score, keep, axis=0)[1]
        # Caffe lists what it keeps by label again: back into the order of the rows
        order = b.ops("TopK", 2, best_places, keep, axis=0, largest=0)[0]
        table = b.op("Gather", table, order, axis=0)
    return b.op("Unsqueeze", table, [0, 1])


def chosen_scores(b: Builder, label: Value, place: Value) -> Value:
    """Positions in [1, classes, boxes] from positions in the last two."""
    return b.op("Concat", b.op("Mul", label, table_size.zeros((1, 1), np.int64)), label, place, axis=1)


def _decoded(b: Builder, layer: Layer, offsets: Value, priors: Value, count: int) -> Value:
    """[boxes, 4] corners: the network's offsets applied to the prior boxes."""
    p = layer.param
    if p.code_type not in (CORNER, CENTER_SIZE):
        refuse("code_type CORNER_SIZE")
    kinds = shape_of(priors)[1]  # the boxes, and their variances unless the network has learned to include them
    rows = b.op("Reshape", priors, [kinds * count, 4])
    prior = b.op("Slice", rows, [0], [count], [0])
    if not p.variance_encoded_in_target:
        offsets = b.op("Mul", offsets, b.op("Slice", rows, [count], [2 * count], [0]))
    if p.code_type == CORNER:
        return b.op("Add", prior, offsets)
    low, high = b.ops("Split", 2, prior, [2, 2], axis=1)
    shift, growth = b.ops("Split", 2, offsets, [2, 2], axis=1)
    size = b.op("Sub", high, low)
    centre = b.op("Add", b.op("Mul", b.op("Add", low, high), 0.5), b.op("Mul", shift, size))
    half = b.op("Mul", b.op("Mul", size, b.op("Exp", growth)), 0.5)
    return b.op("Concat", b.op("Sub", centre, half), b.op("Add", centre, half), axis=1)
