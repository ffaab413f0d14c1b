"""MediaPipe's operators for landmarks: mediapipe/util/tflite/operations of its repository says what they compute.

A transform is a matrix (1, 4, 4) of which the rows of x and y count: x' = m00 * x + m01 * y + m03.
"""

from __future__ import annotations

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Value, table_size

from ...layout.wants import CHANNELS_FIRST, PLAIN
from ..custom import flexible
from ..table import lower
from ..translation import Translation


@lower("TransformLandmarks", wants=PLAIN, note="MediaPipe's")
def transform_landmarks(t: Translation, landmarks: Value, matrix: Value) -> Value:
    """Every landmark (x, y) or (x, y, z) by the matrix; z stays. The first version scales the shift."""
    options = flexible(t)
    shape = t.known(landmarks.shape or (), "landmarks")
    dimensions = options.get("dimensions", 3)
    if dimensions not in (2, 3) or shape[-1] % dimensions:
        refuse(f"landmarks {list(shape)} of {dimensions} dimensions")
    scale = options.get("scale", 1.0) if len(shape) == 4 else 1.0
    linear, shift = _parts(t, matrix)
    if scale != 1:
        shift = t.b.op("Mul", shift, float(scale))
    points = t.b.op("Reshape", landmarks, [-1, dimensions])
    moved = t.b.op("Add", t.b.op("MatMul", t.b.op("Slice", points, [0], [2], [1]), linear), shift)
    if dimensions == 3:
        moved = t.b.op("Concat", moved, t.b.op("Slice", points, [2], [3], [1]), axis=1)
    return t.b.op("Reshape", moved, shape)


def _parts(t: Translation, matrix: Value) -> tuple[Value, Value]:
    """[[m00, m10], [m01, m11]], which multiplies rows (x, y) from the right, and (m03, m13)."""
    rows = t.b.op("Slice", t.b.op("Reshape", matrix, [4, 4]), [0], [2], [0])
    linear = t.b.op("Transpose", t.b.op("Slice", rows, [0], [2], [1]), perm=(1, 0))
    return linear, t.b.op("Reshape", t.b.op("Slice", rows, [3], [4], [1]), [2])


@lower("TransformTensorBilinear", "TransformTensor", wants=CHANNELS_FIRST, data=1, note="MediaPipe's; one image")
def transform_tensor_bilinear(t: Translation, x: Value) -> Value:
    """Each output pixel reads the input at its transformed place; positions outside are 0, not a blend with the border.

    The second version, TransformTensorBilinear, transforms the middles of pixels.
    """
    _, _, height, width = t.known(x.shape or (), "an image")
    size = flexible(t).get("output_size", {})
    recorded = t.known(t.output.shape, "an image")
    rows, columns = int(size.get("h", recorded[1])), int(size.get("w", recorded[2]))
    middle = 0.5 if t.operator.custom and t.operator.custom[0] == "TransformTensorBilinear" else 0.0
    linear, shift = _parts(t, t.value(1))
    grid = (
        np.stack(table_size.grid(table_size.arange(rows), table_size.arange(columns))[::-1], -1)
        .reshape(-1, 2)
        .astype(np.float32)
    )
    positions = t.b.op("Add", t.b.op("MatMul", t.b.constant(grid + np.float32(middle)), linear), shift)
    positions = t.b.op("Sub", positions, np.float32(middle)) if middle else positions
    last = np.array([width - 1, height - 1], np.float32)
    inside = t.b.op("And", t.b.op("GreaterOrEqual", positions, 0.0), t.b.op("LessOrEqual", positions, last))
    both = t.b.op("ReduceMin", t.b.op("Cast", inside, to=6), [1], keepdims=0)
    at = t.b.op("Sub", t.b.op("Mul", positions, np.float32(2) / np.maximum(last, 1)), np.float32(1))
    found = t.b.op("GridSample", x, t.b.op("Reshape", at, [1, rows, columns, 2]), align_corners=1, padding_mode="zeros")
    mask = t.b.op("Reshape", t.b.op("Cast", both, to=1), [1, 1, rows, columns])
    return t.b.op("Mul", found, mask)


@lower("Landmarks2TransformMatrix", wants=PLAIN, note="MediaPipe's, the second version")
def landmarks_2_transform_matrix(t: Translation, landmarks: Value) -> Value:
    """The transform of an upright crop: around a subset of landmarks, turned so that two of them are level."""
    options = flexible(t)
    if "subset_idxs" not in options:
        refuse("the first version of Landmarks2TransformMatrix")
    subset = np.array(options["subset_idxs"], np.int64).reshape(-1)
    points = t.b.op("Reshape", landmarks, [-1, 3])
    left, right = (
        t.b.op("Slice", points, [options[f"{side}_rotation_idx"], 0], [options[f"{side}_rotation_idx"] + 1, 2])
        for side in ("left", "right")
    )
    # the cosine and sine of target - atan2(dy, dx), without the angle
    delta = t.b.op("Sub", right, left)
    unit = t.b.op("Div", delta, t.b.op("ReduceL2", delta, [1], keepdims=1))
    along, across = (t.b.op("Slice", unit, [at], [at + 1], [1]) for at in (0, 1))
    target = float(options.get("target_rotation_radians", 0.0))
    c, s = np.float32(np.cos(target)), np.float32(np.sin(target))
    cos = t.b.op("Add", t.b.op("Mul", along, c), t.b.op("Mul", across, s))
    sin = t.b.op("Sub", t.b.op("Mul", along, s), t.b.op("Mul", across, c))
    back = _rotation(t, cos, sin)  # rows (x, y) times the inverse rotation's transpose turn forwards
    chosen = t.b.op("Slice", t.b.op("Gather", points, subset, axis=0), [0], [2], [1])
    turned = t.b.op("MatMul", chosen, t.b.op("Transpose", back, perm=(1, 0)))
    low, high = (t.b.op(op, turned, [0], keepdims=1) for op in ("ReduceMin", "ReduceMax"))
    center = t.b.op("MatMul", t.b.op("Mul", t.b.op("Add", low, high), 0.5), back)
    size = np.array([[options["output_width"], options["output_height"]]], np.float32)
    factor = np.array([[options.get("scale_x", 1.0), options.get("scale_y", 1.0)]], np.float32) / size
    scale = t.b.op("Mul", t.b.op("Sub", high, low), factor)
    linear = t.b.op("Mul", t.b.op("Transpose", back, perm=(1, 0)), scale)
    moved = t.b.op("MatMul", linear, (-size / 2).T)
    shift = t.b.op("Add", moved, t.b.op("Transpose", center, perm=(1, 0)))
    top = t.b.op("Concat", linear, table_size.zeros((2, 1), np.float32), shift, axis=1)
    whole = t.b.op("Concat", top, table_size.eye(4, dtype=np.float32)[2:], axis=0)
    t.layout = (0, 1, 2)
    return t.b.op("Reshape", whole, [1, 4, 4])


def _rotation(t: Translation, cos: Value, sin: Value) -> Value:
    """[[cos, -sin], [sin, cos]] of the rotation r; a row times this is turned by -r."""
    upper = t.b.op("Concat", cos, t.b.op("Neg", sin), axis=1)
    return t.b.op("Concat", upper, t.b.op("Concat", sin, cos, axis=1), axis=0)
