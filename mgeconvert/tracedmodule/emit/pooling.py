"""Pools, and rewrites of those whose padding, rank or type MegEngine does not take."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Node, Value, table_size
from mgeconvert.ir.inference import elem_type
from mgeconvert.ir.table_size import check_table

from .attributes import numbers, one_side
from .builder import EmitBuilder, again
from .calls import EmittedCall, function
from .operands import is_float, rank, tensor_of
from .scopes import module_kind
from .table import emit, rewrite
from .windows import explicit_pads, kernel_of, padded, spatial_sizes, with_unit_axis


def _pool(node: Node, kind: str, name: str, *extra: tuple[str, Any]) -> EmittedCall:
    kernel = numbers(node, "kernel_shape", ())
    values = (kernel, numbers(node, "strides", (1, 1)), one_side(node, 2), *(value for _, value in extra))
    names = ("kernel_size", "stride", "padding", *(key for key, _ in extra))
    module = module_kind(node, kind, dict(zip(names, values, strict=True)), node.inputs[0])
    return module or function(name, node.inputs[0], *values)


@emit("MaxPool")
def max_pool(node: Node) -> EmittedCall:
    return _pool(node, "MaxPool2d", "nn.max_pool2d")


@emit("AveragePool")
def average_pool(node: Node) -> EmittedCall:
    mode = "average" if node.attrs.get("count_include_pad", 0) else "average_count_exclude_padding"
    return _pool(node, "AvgPool2d", "nn.avg_pool2d", ("mode", mode))


@emit("GlobalAveragePool")
def global_average_pool(node: Node) -> EmittedCall:
    module = module_kind(node, "AdaptiveAvgPool2d", {"oshp": 1}, node.inputs[0])
    return module or function("nn.adaptive_avg_pool2d", node.inputs[0], (1, 1))


@emit("GlobalMaxPool")
def global_max_pool(node: Node) -> EmittedCall:
    module = module_kind(node, "AdaptiveMaxPool2d", {"oshp": 1}, node.inputs[0])
    return module or function("nn.adaptive_max_pool2d", node.inputs[0], (1, 1))


@rewrite("MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool")
def pooling(b: EmitBuilder, node: Node) -> Value | None:
    """``MaxPool(x, pads=p) -> MaxPool(Pad(x, p, lowest))``, ``AveragePool(x, pads=p) -> AveragePool(Pad(x, p)) * n``
    with the constant n that makes up for the elements that are not counted.

    MegEngine pools two spatial axes, with the same padding on both sides, and no window is cut off at the end. One
    axis becomes two; a global pool of other than two axes is a reduction; integers are pooled in float32."""
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
        return with_unit_axis(b, node)
    if dims != 2:
        refuse(f"pooling of {dims} spatial axes; MegEngine has 2")
    pads = explicit_pads(node)
    reach = _with_last_window(node, pads) if node.attrs.get("ceil_mode") else pads
    if reach[:2] == reach[2:]:
        done = pads == reach and "auto_pad" not in node.attrs and "ceil_mode" not in node.attrs
        if done or (node.attrs.get("ceil_mode") and node.op == "AveragePool" and reach != pads):
            return None if done else _weighed(b, node, pads, reach)
        return again(b, node, tensor_of(node), [], pads=reach, auto_pad=None, ceil_mode=None)
    if node.op == "MaxPool":
        x = padded(b, node.inputs[0], reach, _lowest(tensor_of(node)))
        return again(b, node, x, [], pads=(0,) * 4, auto_pad=None, ceil_mode=None)
    return _weighed(b, node, pads, reach)


def _lowest(x: Value) -> float:
    """What no maximum ever is."""
    return float(np.finfo(np.float32 if x.dtype is None else x.dtype).min)


def _reduced(b: EmitBuilder, node: Node, dims: int) -> Value:
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


def _weighed(b: EmitBuilder, node: Node, pads: tuple[int, ...], reach: tuple[int, ...]) -> Value:
    """Sum over the padded input, divided by how many elements each window counts (a constant)."""
    x = tensor_of(node)
    kernel, strides = kernel_of(node), numbers(node, "strides", (1, 1))
    check_table(*(size + reach[axis] + reach[axis + 2] for axis, size in enumerate(spatial_sizes(x))), *kernel)
    counted = table_size.zeros([size + reach[axis] + reach[axis + 2] for axis, size in enumerate(spatial_sizes(x))])
    inside = pads if node.attrs.get("count_include_pad") else (0,) * 4
    rows, columns = (
        slice(reach[axis] - inside[axis], reach[axis] + size + inside[axis + 2])
        for axis, size in enumerate(spatial_sizes(x))
    )
    counted[rows, columns] = 1.0
    if any(size < window for size, window in zip(counted.shape, kernel, strict=True)):
        refuse(f"a window of {kernel} that is larger than the padded image, {list(counted.shape)}")
    windows = np.lib.stride_tricks.sliding_window_view(counted, kernel)[:: strides[0], :: strides[1]]
    counts = windows.sum((2, 3))
    if not counts.all():
        refuse("a window lies wholly in the padding")
    factor = kernel[0] * kernel[1] / counts
    mean = b.op(
        "AveragePool",
        padded(b, x, reach, 0.0),
        kernel_shape=kernel,
        strides=strides,
        pads=(0,) * 4,
        count_include_pad=1,
    )
    return b.op("Mul", mean, b.constant(factor[None, None], x.dtype))
