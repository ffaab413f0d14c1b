"""Rewrites of resizing, reductions, sorting and data movement that MegEngine has in fewer forms than ONNX."""

from __future__ import annotations

from typing import Any

import numpy as np

from mgeconvert.builder import Builder
from mgeconvert.ir import Node, Value

from .calls import ints, sole
from .layers import floats, numbers, rank
from .prepare import RewriteBuilder
from .table import refuse, rewrite

INTERPOLATE: dict[tuple[str, str], tuple[str, bool | None]] = {
    ("linear", "half_pixel"): ("bilinear", False),
    ("linear", "align_corners"): ("bilinear", True),
    ("nearest", "asymmetric"): ("nearest", None),
    ("cubic", "half_pixel"): ("bicubic", None),
}
"""ONNX's (mode, coordinates) to MegEngine's (mode, align_corners)."""


@rewrite("Resize")
def resize(b: Builder, node: Node) -> Value | None:
    """One interpolate call where MegEngine's rule is the wanted one, else nearest as indices and linear as two products."""
    assert isinstance(b, RewriteBuilder)
    x = node.inputs[0]
    assert x is not None
    before, after = x.static_shape, node.output.static_shape
    if before is None or after is None:
        refuse("a resize whose sizes are only known at run time")
    mode = str(node.attrs.get("mode", "nearest"))
    coordinates = str(node.attrs.get("coordinate_transformation_mode", "half_pixel"))
    two = len(before) == 4 and before[:2] == after[:2] and x.dtype == np.float32
    if two and _scales_fit(node, before, after) and _same_rule(node, mode, coordinates, before, after):
        name, corners = INTERPOLATE.get((mode, coordinates), ("nearest", None))
        attrs = {"mode": name} if corners is None else {"mode": name, "align_corners": int(corners)}
        return b.call("Interpolate", [b.typed(node.output)], x, **attrs)[0]
    if node.attrs.get("antialias") or mode == "cubic" or coordinates == "tf_crop_and_resize":
        refuse(f"a {mode} resize with {coordinates} coordinates{' and antialias' * bool(node.attrs.get('antialias'))}")
    for axis, (size, target) in enumerate(zip(before, after, strict=True)):
        if size != target:
            places = _places(coordinates, size, target, _scale(node, axis, size, target))
            x = _along_axis(b, x, axis, places, mode, str(node.attrs.get("nearest_mode", "round_prefer_floor")))
    return x


def _scales_fit(node: Node, before: tuple[int, ...], after: tuple[int, ...]) -> bool:
    """Whether the scales are what the sizes say; MegEngine knows sizes only."""
    return all(
        _scale(node, axis, *pair) == pair[1] / pair[0] for axis, pair in enumerate(zip(before, after, strict=True))
    )


def _scale(node: Node, axis: int, size: int, target: int) -> float:
    scales = node.inputs[2] if len(node.inputs) > 2 else None
    if scales is None or scales.array is None or not scales.array.size:
        return target / size
    axes = list(numbers(node, "axes", range(scales.array.size)))
    return float(scales.array[axes.index(axis)]) if axis in axes else 1.0


def _same_rule(node: Node, mode: str, coordinates: str, before: tuple[int, ...], after: tuple[int, ...]) -> bool:
    if mode == "nearest":
        rounding = str(node.attrs.get("nearest_mode", "round_prefer_floor"))
        return all(_floors(coordinates, rounding, *pair) for pair in zip(before[2:], after[2:], strict=True))
    if mode == "cubic" and (floats(node, "cubic_coeff_a", -0.75) != -0.75 or node.attrs.get("exclude_outside")):
        return False
    if coordinates == "pytorch_half_pixel" and min(after[2:]) > 1 and mode == "linear":
        return True
    return (mode, coordinates) in INTERPOLATE and not (coordinates == "align_corners" and min(after[2:]) == 1)


def _floors(coordinates: str, rounding: str, size: int, target: int) -> bool:
    """Whether the rule reads the element floor(i * size / target)."""
    wanted = [index * size // target for index in range(target)]
    return _nearest(_places(coordinates, size, target, target / size), rounding, size) == wanted


def _places(coordinates: str, size: int, target: int, scale: float) -> np.ndarray[Any, Any]:
    """Where each output element lies between the input's, by ONNX's formulas."""
    index = np.arange(target, dtype=np.float64)
    if coordinates == "align_corners":
        return index * (size - 1) / (target - 1) if target > 1 else index * 0
    if coordinates == "asymmetric":
        return index / scale
    if coordinates == "pytorch_half_pixel" and target == 1:
        return index * 0
    if coordinates == "half_pixel_symmetric":
        adjustment = target / (scale * size)
        return size / 2 * (1 - adjustment) + (index + 0.5) / scale - 0.5
    return (index + 0.5) / scale - 0.5


def _nearest(places: np.ndarray[Any, Any], rounding: str, size: int) -> list[int]:
    rules = {
        "round_prefer_floor": lambda x: np.ceil(x - 0.5), "round_prefer_ceil": lambda x: np.floor(x + 0.5),
        "floor": np.floor, "ceil": np.ceil,
    }  # fmt: skip
    return [int(place) for place in np.clip(rules[rounding](places), 0, size - 1)]


def _along_axis(b: Builder, x: Value, axis: int, places: np.ndarray[Any, Any], mode: str, rounding: str) -> Value:
    """Resize one axis: by indices, or by a matrix that blends two neighbours."""
    assert x.shape is not None
    size = int(x.shape[axis])
    if mode == "nearest":
        return b.op("Gather", x, np.array(_nearest(places, rounding, size), np.int32), axis=axis)
    low = np.clip(np.floor(places), 0, size - 1).astype(int)
    high = np.clip(np.floor(places) + 1, 0, size - 1).astype(int)
    share = np.clip(places, 0, size - 1) - low
    matrix = np.zeros((size, len(places)), x.dtype)
    for column, (first, second, weight) in enumerate(zip(low, high, share, strict=True)):
        matrix[first, column] += 1 - weight
        matrix[second, column] += weight
    order = [*(index for index in range(rank(x)) if index != axis), axis]
    blended = b.op("MatMul", b.op("Transpose", x, perm=order), matrix)
    return b.op("Transpose", blended, perm=[int(place) for place in np.argsort(order)])


@rewrite("ReduceSumSquare", "ReduceLogSum", "ReduceL1", "ReduceL2")
def derived_reductions(b: Builder, node: Node) -> Value | None:
    """norm takes one axis or all of them; sums of squares and logarithms are put together."""
    x, axes = [*node.inputs, None][:2]
    keep = node.attrs.get("keepdims", 1)
    if node.op in ("ReduceL1", "ReduceL2"):
        found = ints(axes)
        whole = axes is None and not keep
        if whole or (found is not None and len(found) == 1):
            return None
    before = {"ReduceSumSquare": ("Mul", x, x), "ReduceL2": ("Mul", x, x), "ReduceL1": ("Abs", x)}.get(node.op)
    total = b.op("ReduceSum", b.op(*before) if before else x, axes, keepdims=keep)
    return (
        b.op({"ReduceLogSum": "Log", "ReduceL2": "Sqrt"}[node.op], total)
        if node.op in ("ReduceLogSum", "ReduceL2")
        else total
    )


@rewrite("ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceLogSumExp")
def reductions(b: Builder, node: Node) -> Value | None:
    """No axes mean all or none; keeping all axes is reducing them all and making them again."""
    x, axes = [*node.inputs, None][:2]
    assert x is not None
    empty = axes is None or (axes.array is not None and not axes.array.size)
    if empty and node.attrs.get("noop_with_empty_axes"):
        return x
    if not rank(x):
        return x if node.op != "ReduceLogSumExp" else None
    if empty and node.attrs.get("keepdims", 1):
        return b.op(node.op, x, list(range(rank(x))), keepdims=1)
    return None


@rewrite("TopK")
def topk(b: Builder, node: Node) -> list[Value] | None:
    """MegEngine sorts the rows of a matrix; other axes go last, more axes become rows."""
    x, k = node.inputs
    assert x is not None
    count, axis = rank(x), int(node.attrs.get("axis", -1)) % rank(x)  # type: ignore[call-overload]
    if axis == count - 1 and count <= 2:
        return None
    shape = x.static_shape
    if shape is None or k is None or k.array is None:
        refuse("the largest elements along an axis that is not the last, of a shape that is only known at run time")
    order = [*(index for index in range(count) if index != axis), axis]
    moved = b.op("Transpose", x, perm=order)
    rows = b.op("Reshape", moved, [-1, shape[axis]])
    attrs = {**node.attrs, "axis": -1}
    back = [int(place) for place in np.argsort(order)]
    sizes = [*(shape[index] for index in order[:-1]), int(sole(k))]
    return [b.op("Transpose", b.op("Reshape", value, sizes), perm=back) for value in b.ops("TopK", 2, rows, k, **attrs)]


@rewrite("OneHot")
def one_hot(b: Builder, node: Node) -> Value | None:
    """MegEngine's has ones among zeros, of int32, along the last axis."""
    index, depth, values = node.inputs
    if depth is None or depth.array is None or values is None or index is None:
        refuse("OneHot of a number of classes that is only known at run time")
    axis = int(node.attrs.get("axis", -1)) % (rank(index) + 1)  # type: ignore[call-overload]
    plain = values.array is not None and values.array.tolist() == [0, 1] and values.dtype.kind == "i"  # type: ignore[union-attr]
    if plain and axis == rank(index) and index.dtype == values.dtype:
        return None
    classes = np.arange(int(sole(depth)), dtype=np.int32).reshape(
        [-1 if place == axis else 1 for place in range(rank(index) + 1)]
    )
    hot = b.op("Equal", b.op("Cast", b.op("Unsqueeze", index, [axis]), to=6), classes)
    off, on = (b.op("Gather", values, np.array(place), axis=0) for place in (0, 1))
    return b.op("Where", hot, on, off)


@rewrite("Pad")
def pad(b: Builder, node: Node) -> Value | None:
    """Widths for some axes, and negative widths, which cut."""
    x, widths, value, axes = [*node.inputs, None, None][:4]
    assert x is not None
    given, count = ints(widths), rank(x)
    if given is None:
        refuse("padding by widths that are only known at run time")
    places = [axis % count for axis in ints(axes) or []] if axes is not None else list(range(count))
    pads = [0] * 2 * count
    for index, place in enumerate(places):
        pads[place], pads[place + count] = given[index], given[index + len(places)]
    if axes is None and min(pads, default=0) >= 0:
        return _bool_pad(b, node, x, pads) if x.dtype == bool else None
    if min(pads) < 0:
        cuts = [axis for axis in range(count) if min(pads[axis], pads[axis + count]) < 0]
        stops = [min(pads[axis + count], 0) or (1 << 62) for axis in cuts]
        x = b.op("Slice", x, [max(-pads[axis], 0) for axis in cuts], stops, cuts, [1] * len(cuts))
    return b.op("Pad", x, [max(width, 0) for width in pads], value, mode=node.attrs.get("mode", "constant"))


def _bool_pad(b: Builder, node: Node, x: Value, pads: list[int]) -> Value:
    value = node.inputs[2] if len(node.inputs) > 2 else None
    fill = b.constant(0 if value is None or value.array is None else int(sole(value)), np.int32)
    wide = b.op("Pad", b.op("Cast", x, to=6), pads, fill, mode=node.attrs.get("mode", "constant"))
    return b.op("Cast", wide, to=9)


@rewrite("Flatten")
def flatten(b: Builder, node: Node) -> Value:
    shape = node.output.static_shape
    x = node.inputs[0]
    if shape is not None:
        return b.op("Reshape", x, list(shape))
    if int(node.attrs.get("axis", 1)) != 1:  # type: ignore[call-overload]
        refuse("Flatten at another axis than 1 of a shape that is only known at run time")
    return b.op("Reshape", x, [0, -1])


@rewrite("DepthToSpace", "SpaceToDepth")
def block_moves(b: Builder, node: Node) -> Value:
    x = node.inputs[0]
    shape = None if x is None else x.static_shape
    if shape is None:
        refuse(f"{node.op} of a shape that is only known at run time")
    n, c, h, w = shape
    size = int(node.attrs["blocksize"])  # type: ignore[arg-type]
    if node.op == "SpaceToDepth":
        split, order = [n, c, h // size, size, w // size, size], [0, 3, 5, 1, 2, 4]
        final = [n, c * size * size, h // size, w // size]
    else:
        crd = node.attrs.get("mode", "DCR") == "CRD"
        inner = c // (size * size)
        split = [n, inner, size, size, h, w] if crd else [n, size, size, inner, h, w]
        order = [0, 1, 4, 2, 5, 3] if crd else [0, 3, 4, 1, 5, 2]
        final = [n, inner, h * size, w * size]
    return b.op("Reshape", b.op("Transpose", b.op("Reshape", x, split), perm=order), final)


@rewrite("Shape")
def part_of_shape(b: Builder, node: Node) -> Value | None:
    """`start` and `end` become a Slice."""
    x = node.inputs[0]
    start, end = node.attrs.get("start", 0), node.attrs.get("end")
    if not start and end is None:
        return None
    last = rank(x) if end is None else end
    return b.op("Slice", b.op("Shape", x), [start], [last], [0])


@rewrite("Size")
def size(b: Builder, node: Node) -> Value:
    return b.op("ReduceProd", b.op("Shape", node.inputs[0]), None, keepdims=0)


@rewrite("ConstantOfShape")
def constant_of_shape(b: Builder, node: Node) -> Value:
    value = node.attrs.get("value")
    number = np.zeros(1, np.float32) if not isinstance(value, np.ndarray) else value
    return b.op("Expand", b.constant(number.reshape(())), node.inputs[0])


@rewrite("Constant")
def constant(b: Builder, node: Node) -> Value | None:
    value = node.attrs.get("value")
    return b.constant(value) if isinstance(value, np.ndarray) else None


@rewrite("Trilu")
def triangle(b: Builder, node: Node) -> Value:
    x, k = [*node.inputs, None][:2]
    assert x is not None
    if x.static_shape is None or (k is not None and k.array is None):
        refuse("Trilu of a shape that is only known at run time")
    ones = np.ones(x.static_shape[-2:], bool)
    offset = 0 if k is None else int(sole(k))
    mask = np.triu(ones, offset) if node.attrs.get("upper", 1) else np.tril(ones, offset)
    shaped = mask.reshape([1] * (rank(x) - 2) + list(mask.shape))
    return b.op("Where", shaped, x, b.constant(0, x.dtype))


@rewrite("Softmax", "LogSoftmax")
def softmax_of_scalars(b: Builder, node: Node) -> Value | None:
    x = node.inputs[0]
    assert x is not None
    return b.constant(float(node.op == "Softmax"), x.dtype) if not rank(x) else None


@rewrite("CumSum")
def reversed_cumsum(b: Builder, node: Node) -> Value | None:
    """From the end: the total minus what comes before. Without the element itself: minus that."""
    x, axis = node.inputs
    backwards, exclusive = node.attrs.get("reverse"), node.attrs.get("exclusive")
    if axis is None or axis.array is None or not (backwards or exclusive):
        return None
    total = b.op("CumSum", x, axis)
    if backwards:
        total = b.op("Add", b.op("Sub", b.op("ReduceSum", x, [int(sole(axis))], keepdims=1), total), x)
    return b.op("Sub", total, x) if exclusive else total
