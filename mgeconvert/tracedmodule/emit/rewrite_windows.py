"""Rewrites of convolutions and pooling: padding that differs by side, other ranks, other modes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Node, Value
from mgeconvert.ir.inference import elem_type

from .attributes import numbers, rank
from .rewrite_elemwise import is_float
from .rewriter import Rewriter
from .table import rewrite


def spatial_sizes(x: Value | None) -> tuple[int, ...]:
    """The sizes of the spatial axes, which padding depends on."""
    if x is None or x.shape is None or any(isinstance(size, str) for size in x.shape[2:]):
        refuse("padding that depends on a size which is only known at run time")
    return tuple(int(size) for size in x.shape[2:])


def kernel_of(node: Node) -> tuple[int, ...]:
    """The window; a convolution may leave it to its weight."""
    given = numbers(node, "kernel_shape", ())
    weight = node.inputs[1] if len(node.inputs) > 1 else None
    return given or (() if weight is None or weight.static_shape is None else weight.static_shape[2:])


def explicit_pads(node: Node) -> tuple[int, ...]:
    """The padding before and after each axis, with auto_pad worked out."""
    kernel = kernel_of(node)
    dims = len(kernel)
    mode = str(node.attrs.get("auto_pad", "NOTSET"))
    if not mode.startswith("SAME"):
        return (0,) * 2 * dims if mode == "VALID" else numbers(node, "pads", (0,) * 2 * dims)
    strides, dilations = (numbers(node, name, (1,) * dims) for name in ("strides", "dilations"))
    before, after = [], []
    for size, window, stride, dilation in zip(spatial_sizes(node.inputs[0]), kernel, strides, dilations, strict=True):
        total = max((math.ceil(size / stride) - 1) * stride + (window - 1) * dilation + 1 - size, 0)
        less, more = total // 2, total - total // 2
        before.append(less if mode == "SAME_UPPER" else more)
        after.append(more if mode == "SAME_UPPER" else less)
    return (*before, *after)


def padded(b: Rewriter, x: Value | None, pads: tuple[int, ...], fill: float) -> Value:
    """`x` with its spatial axes padded."""
    assert x is not None
    dims = len(pads) // 2
    return b.op("Pad", x, [0, 0, *pads[:dims], 0, 0, *pads[dims:]], b.constant(fill, x.dtype), mode="constant")


def again(b: Rewriter, node: Node, x: Value, inputs: list[Value | None], **changes: Any) -> Value:
    """The node on other inputs and with changed attributes (None: left out)."""
    attrs = {key: value for key, value in {**node.attrs, **changes}.items() if value is not None}
    return b.op(node.op, x, *inputs, **attrs)


@rewrite("Conv")
def uneven_convolution(b: Rewriter, node: Node) -> Value | None:
    """Padding by name, or different on both sides, becomes a Pad."""
    pads = explicit_pads(node)
    half = len(pads) // 2
    if pads[:half] == pads[half:]:
        if pads == numbers(node, "pads", (0,) * len(pads)) and "auto_pad" not in node.attrs:
            return None
        return again(b, node, data(node), node.inputs[1:], pads=pads, auto_pad=None)
    x = padded(b, node.inputs[0], pads, 0.0)
    return again(b, node, x, node.inputs[1:], pads=(0,) * len(pads), auto_pad=None)


def data(node: Node) -> Value:
    x = node.inputs[0]
    assert x is not None
    return x


@rewrite("ConvTranspose")
def transposed_convolution(b: Rewriter, node: Node) -> Value | None:
    """One spatial axis becomes two. Cropping by name, different on both sides or with extra output is done by a Slice
    of the uncropped result (or a Pad, where the extra output goes beyond it), before the bias."""
    x, weight, bias = [*node.inputs, None][:3]
    dims = rank(x) - 2
    if dims == 1:
        return _with_unit_axis(b, node)
    strides, dilations = (numbers(node, name, (1,) * dims) for name in ("strides", "dilations"))
    extra = numbers(node, "output_padding", (0,) * dims)
    pads = _crop(node, dims, strides, dilations, extra)
    even = pads[:dims] == pads[dims:]
    known = even and "auto_pad" not in node.attrs and "output_shape" not in node.attrs
    if known and (not any(extra) or (dims == 2 and extra[0] and all(map(int.__lt__, extra, strides)))):
        return None
    removed = {"auto_pad": None, "output_shape": None}
    if even and not any(extra):
        return again(b, node, data(node), node.inputs[1:], pads=pads, output_padding=None, **removed)
    full = again(b, node, data(node), [weight], pads=(0,) * 2 * dims, output_padding=None, **removed)
    sizes = spatial_sizes(full)
    stops = [size - after + more for size, after, more in zip(sizes, pads[dims:], extra, strict=True)]
    beyond = tuple(max(stop - size, 0) for stop, size in zip(stops, sizes, strict=True))
    if any(beyond):
        full = padded(b, full, (0,) * dims + beyond, 0.0)
    cut = b.op("Slice", full, list(pads[:dims]), stops, list(range(2, 2 + dims)), [1] * dims)
    return cut if bias is None else b.op("Add", cut, b.op("Reshape", bias, [1, -1, *[1] * dims]))


def _crop(
    node: Node, dims: int, strides: tuple[int, ...], dilations: tuple[int, ...], extra: tuple[int, ...]
) -> tuple[int, ...]:
    mode = str(node.attrs.get("auto_pad", "NOTSET"))
    wanted = numbers(node, "output_shape", ())[-dims:]
    if not wanted and not mode.startswith("SAME"):
        return numbers(node, "pads", (0,) * 2 * dims)
    before, after = [], []
    for axis, (size, window) in enumerate(zip(spatial_sizes(node.inputs[0]), kernel_of(node), strict=True)):
        target = wanted[axis] if wanted else size * strides[axis]
        total = strides[axis] * (size - 1) + extra[axis] + (window - 1) * dilations[axis] + 1 - target
        less, more = total // 2, total - total // 2
        before.append(less if mode == "SAME_UPPER" else more)
        after.append(more if mode == "SAME_UPPER" else less)
    return (*before, *after)


_UNIT = {"kernel_shape": 1, "strides": 1, "dilations": 1, "output_padding": 0}
"""What a window has along an axis of size 1."""


def _with_unit_axis(b: Rewriter, node: Node) -> Value:
    """A node of one spatial axis as one of two, the second of size 1."""
    changes: dict[str, Any] = {
        name: (*numbers(node, name, ()), unit) for name, unit in _UNIT.items() if name in node.attrs
    }
    if "pads" in node.attrs:
        before, after = numbers(node, "pads", ())
        changes["pads"] = (before, 0, after, 0)
    operands = list(node.inputs[1:])
    if operands and operands[0] is not None:
        operands[0] = b.op("Unsqueeze", operands[0], [3])
    return b.op("Squeeze", again(b, node, b.op("Unsqueeze", node.inputs[0], [3]), operands, **changes), [3])


@rewrite("MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool")
def pooling(b: Rewriter, node: Node) -> Value | None:
    """MegEngine pools two spatial axes, with the same padding on both sides and no window cut off at the end."""
    dims = rank(node.inputs[0]) - 2
    if node.op.startswith("Global"):
        return _reduced(b, node, dims) if dims != 2 else None
    if len(node.outputs) > 1:
        refuse("pooling that gives the positions too")
    if not is_float(node.inputs[0]):
        wide = again(b, node, b.op("Cast", node.inputs[0], to=elem_type(np.float32)), [])
        return b.op("Cast", wide, to=elem_type(node.output.dtype))
    if any(step != 1 for step in numbers(node, "dilations", (1,) * dims)):
        refuse("pooling with gaps between the elements of a window")
    if dims == 1:
        return _with_unit_axis(b, node)
    if dims != 2:
        refuse(f"pooling of {dims} spatial axes; MegEngine has 2")
    pads = explicit_pads(node)
    reach = _with_last_window(node, pads) if node.attrs.get("ceil_mode") else pads
    if reach[:2] == reach[2:]:
        done = pads == reach and "auto_pad" not in node.attrs and "ceil_mode" not in node.attrs
        if done or (node.attrs.get("ceil_mode") and node.op == "AveragePool" and reach != pads):
            return None if done else _weighed(b, node, pads, reach)
        return again(b, node, data(node), [], pads=reach, auto_pad=None, ceil_mode=None)
    if node.op == "MaxPool":
        x = padded(b, node.inputs[0], reach, _lowest(data(node)))
        return again(b, node, x, [], pads=(0,) * 4, auto_pad=None, ceil_mode=None)
    return _weighed(b, node, pads, reach)


def _lowest(x: Value) -> float:
    """What no maximum ever is."""
    return float(np.finfo(np.float32 if x.dtype is None else x.dtype).min)


def _reduced(b: Rewriter, node: Node, dims: int) -> Value:
    reduction = "ReduceMean" if node.op == "GlobalAveragePool" else "ReduceMax"
    return b.op(reduction, node.inputs[0], list(range(2, 2 + dims)), keepdims=1)


def _with_last_window(node: Node, pads: tuple[int, ...]) -> tuple[int, ...]:
    """ceil_mode as more padding at the end; a window that would start in that padding is none."""
    ends = []
    strides = numbers(node, "strides", (1, 1))
    for axis, (size, window, stride) in enumerate(
        zip(spatial_sizes(node.inputs[0]), kernel_of(node), strides, strict=True)
    ):
        before, after = pads[axis], pads[axis + 2]
        steps = math.ceil((size + before + after - window) / stride)
        if steps * stride >= size + before:
            steps -= 1
        ends.append(max(steps * stride + window - size - before, after))
    return (*pads[:2], *ends)


def _weighed(b: Rewriter, node: Node, pads: tuple[int, ...], reach: tuple[int, ...]) -> Value:
    """Sum over the padded input, divided by how many elements each window counts (a constant)."""
    x = data(node)
    kernel, strides = kernel_of(node), numbers(node, "strides", (1, 1))
    counted = np.zeros([size + reach[axis] + reach[axis + 2] for axis, size in enumerate(spatial_sizes(x))])
    inside = pads if node.attrs.get("count_include_pad") else (0,) * 4
    rows, columns = (
        slice(reach[axis] - inside[axis], reach[axis] + size + inside[axis + 2])
        for axis, size in enumerate(spatial_sizes(x))
    )
    counted[rows, columns] = 1.0
    windows = np.lib.stride_tricks.sliding_window_view(counted, kernel)[:: strides[0], :: strides[1]]
    factor = kernel[0] * kernel[1] / windows.sum((2, 3))
    mean = b.op(
        "AveragePool",
        padded(b, x, reach, 0.0),
        kernel_shape=kernel,
        strides=strides,
        pads=(0,) * 4,
        count_include_pad=1,
    )
    return b.op("Mul", mean, b.constant(factor[None, None], x.dtype))
