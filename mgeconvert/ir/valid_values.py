"""What operands with known numbers can be: as `validity`, for operators whose operands are checked by their values.

Definitions: https://onnx.ai/onnx/operators/, opset 21.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .graph import Node, Shape

LARGEST_SIZE = (1 << 31) - 1
"""The largest size that an image is resized to."""


def _array(node: Node, index: int) -> np.ndarray[Any, Any] | None:
    value = node.inputs[index] if index < len(node.inputs) else None
    return None if value is None else value.array


def _shape(node: Node, index: int) -> Shape | None:
    value = node.inputs[index] if index < len(node.inputs) else None
    return None if value is None else value.shape


def resize(node: Node) -> str | None:
    """Scales and sizes are above 0; an image without pixels has none to make others of."""
    scales, sizes, shape = _array(node, 2), _array(node, 3), _shape(node, 0)
    if scales is not None and scales.size and not (np.isfinite(scales).all() and scales.min() > 0):
        return f"scales are {scales.tolist()}, expected numbers above 0"
    if sizes is None or not sizes.size:
        return None
    axes = node.attrs.get("axes")
    if shape is None or axes is not None or len(shape) != sizes.size:
        kept = [False] * sizes.size
    else:
        kept = [size == dim for size, dim in zip(sizes.tolist(), shape, strict=True)]
        if any(dim == 0 and not same for dim, same in zip(shape, kept, strict=True)):
            return f"an input of shape {list(shape)} for the sizes {sizes.tolist()}"
    if not all(same or 0 < size <= LARGEST_SIZE for size, same in zip(sizes.tolist(), kept, strict=True)):
        return f"sizes are {sizes.tolist()}, expected numbers above 0"
    return None


def pad(node: Node) -> str | None:
    """Two widths for each axis, and one number to fill with."""
    shape, pads, axes = _shape(node, 0), _array(node, 1), _shape(node, 3)
    count = None if axes is None else axes[0] if len(axes) == 1 else None
    count = len(shape) if axes is None and shape is not None else count
    if pads is not None and isinstance(count, int) and pads.size != 2 * count:
        return f"{pads.size} pads for {count} axes"
    return _one_number(_shape(node, 2), "a value")


def clip(node: Node) -> str | None:
    """Each limit is one number."""
    return _one_number(_shape(node, 1), "a lower limit") or _one_number(_shape(node, 2), "an upper limit")


def _one_number(shape: Shape | None, what: str) -> str | None:
    if shape is not None and all(isinstance(dim, int) for dim in shape) and math.prod(map(int, shape)) != 1:
        return f"{what} of shape {list(shape)}, expected one number"
    return None


def suppression(node: Node) -> str | None:
    """Boxes (N, count, 4) and scores (N, classes, count)."""
    boxes, scores = _shape(node, 0), _shape(node, 1)
    for name, shape in (("boxes", boxes), ("scores", scores)):
        if shape is not None and len(shape) != 3:
            return f"{name} of shape {list(shape)}, expected 3 axes"
    if boxes is not None and isinstance(boxes[2], int) and boxes[2] != 4:
        return f"boxes of shape {list(boxes)}, expected 4 numbers each"
    if boxes is None or scores is None:
        return None
    pairs = ((boxes[0], scores[0]), (boxes[1], scores[2]))
    if any(isinstance(a, int) and isinstance(b, int) and a != b for a, b in pairs):
        return f"boxes of shape {list(boxes)} and scores of {list(scores)}"
    return None


def picked(node: Node) -> str | None:
    """Constant positions along `axis` are those that there are; a negative one counts from the end."""
    shape, indices, axis = _shape(node, 0), _array(node, 1), node.attrs.get("axis", 0)
    if not shape or indices is None or not indices.size or not isinstance(axis, int) or indices.dtype.kind not in "iu":
        return None
    size = shape[axis]
    if isinstance(size, int) and not -size <= indices.min() <= indices.max() < size:
        return f"positions {indices.min()} to {indices.max()} of {size} along axis {axis}"
    return None
