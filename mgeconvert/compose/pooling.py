"""Pools of other norms than the mean and the largest, and pools with gaps between the elements of a window."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import cast

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Node, Value, table_size
from mgeconvert.ir.builder import Builder
from mgeconvert.ir.table_size import check_table

from .table import Result, attributes, compose, compose_form, compose_where_lacking, data, integer, scalar, shape_of


@compose("LpPool")
def lp_pool(b: Builder, node: Node) -> Result:
    """LpPool(x, p) -> (AveragePool(|x|^p, count_include_pad) * size of the window)^(1/p)"""
    x, p = data(node), integer(node, "p", 2)
    if integer(node, "ceil_mode", 0):
        refuse("LpPool whose last window may stand beyond the image")
    kernel = cast("tuple[int, ...]", node.attrs["kernel_shape"])
    mean = b.op("AveragePool", _power(b, x, p), count_include_pad=1, **attributes(node, "p"))
    return _root(b, b.op("Mul", mean, scalar(x, math.prod(kernel))), p)


@compose("GlobalLpPool")
def global_lp_pool(b: Builder, node: Node) -> Result:
    """GlobalLpPool(x, p) -> ReduceSum(|x|^p)^(1/p) over all axes behind the channels."""
    x, p = data(node), integer(node, "p", 2)
    axes = list(range(2, len(shape_of(x))))
    return _root(b, b.op("ReduceSum", _power(b, x, p), axes, keepdims=1), p)


def _power(b: Builder, x: Value, p: int) -> Value:
    if p == 2:
        return b.op("Mul", x, x)
    magnitude = b.op("Abs", x)
    return magnitude if p == 1 else b.op("Pow", magnitude, scalar(x, p))


def _root(b: Builder, x: Value, p: int) -> Value:
    if p == 1:
        return x
    return b.op("Sqrt", x) if p == 2 else b.op("Pow", x, np.array(1 / p, x.dtype))


def _has_gaps(node: Node) -> bool:
    return any(step != 1 for step in cast("tuple[int, ...]", node.attrs.get("dilations", ())))


@compose_where_lacking("AveragePool", _has_gaps)
def average_pool_with_gaps(b: Builder, node: Node) -> Result:
    """AveragePool(x, dilations) -> Conv(x, ones, one group per channel) / the number of elements that count."""
    x = data(node)
    before, after = x.static_shape, node.output.static_shape
    if before is None or after is None:
        refuse("a pool with gaps between the elements of a window, of sizes known only at run time")
    windows = _windows(node, before[2:], after[2:])
    ones = b.constant(table_size.ones((before[1], 1, *(each.size for each in windows))), x.dtype)
    total = b.op(
        "Conv", x, ones, group=before[1], strides=[each.stride for each in windows],
        dilations=[each.dilation for each in windows],
        pads=[*(each.begin for each in windows), *(each.end for each in windows)],
    )  # fmt: skip
    counted = np.ones(())
    for each in windows:
        counted = np.multiply.outer(counted, each.counted(bool(integer(node, "count_include_pad", 0))))
    return b.op("Mul", total, b.constant(1 / counted[None, None], x.dtype))


@compose_where_lacking("MaxPool", _has_gaps)
def max_pool_with_gaps(b: Builder, node: Node) -> Result:
    """MaxPool(x, dilations) -> the Max of one strided Slice per element of the window."""
    return b.op("Max", *_elements(b, node)[0])


def _elements(b: Builder, node: Node) -> tuple[list[Value], list[_Window]]:
    """One strided Slice per element of the window, and the windows."""
    x = data(node)
    before, after = x.static_shape, node.outputs[0].static_shape
    if before is None or after is None or x.dtype is None or x.dtype.kind != "f":
        refuse("a pool with gaps between the elements of a window, or with positions, of integers or unknown sizes")
    windows = _windows(node, before[2:], after[2:])
    if math.prod(each.size for each in windows) > ELEMENTS:
        refuse(f"a pool with gaps, or with positions, of more than {ELEMENTS} elements of a window")
    if any(each.begin or each.end for each in windows):
        pads = [0, 0, *(each.begin for each in windows), 0, 0, *(each.end for each in windows)]
        x = b.op("Pad", x, pads, scalar(x, float(np.finfo(x.dtype).min)))
    axes = list(range(2, len(before)))
    steps = [each.stride for each in windows]
    slices = []
    for taps in np.ndindex(*(each.size for each in windows)):
        starts = [tap * each.dilation for tap, each in zip(taps, windows, strict=True)]
        ends = [start + (each.out - 1) * each.stride + 1 for start, each in zip(starts, windows, strict=True)]
        slices.append(b.op("Slice", x, starts, ends, axes, steps))
    return slices, windows


def _gives_positions(node: Node) -> bool:
    return len(node.outputs) > 1


@compose_form("MaxPool", _gives_positions)
def max_pool_with_positions(b: Builder, node: Node) -> Result:
    """MaxPool(x) -> MaxPool(x), place of the window's corner + place in the window of ArgMax(one Slice per element)"""
    largest = b.op("MaxPool", data(node), **attributes(node, "storage_order"))
    slices, windows = _elements(b, node)
    (batch, channels, *spatial), (_, _, *after) = data(node).static_shape or (), node.outputs[0].static_shape or ()
    check_table(batch, channels, *after)
    order = range(len(spatial)) if integer(node, "storage_order", 0) else range(len(spatial))[::-1]
    places, size = [0] * len(spatial), 1
    for axis in order:
        places[axis], size = size, size * spatial[axis]
    taps = [
        sum(tap * each.dilation * place for tap, each, place in zip(at, windows, places, strict=True))
        for at in np.ndindex(*(each.size for each in windows))
    ]
    corners = table_size.arange(batch * channels).reshape(batch, channels, *[1] * len(spatial)) * size
    for axis, (each, place) in enumerate(zip(windows, places, strict=True)):
        along = (table_size.arange(each.out) * each.stride - each.begin) * place
        corners = corners + along.reshape([-1 if at == axis + 2 else 1 for at in range(len(spatial) + 2)])
    first = b.op(
        "ArgMax", b.op("Concat", *(b.op("Unsqueeze", each, [0]) for each in slices), axis=0), axis=0, keepdims=0
    )
    inside = b.op("Gather", b.constant(np.array(taps, np.int64)), first, axis=0)
    return [largest, b.op("Add", b.constant(corners.astype(np.int64)), inside)]


@compose("MaxUnpool")
def max_unpool(b: Builder, node: Node) -> Result:
    """MaxUnpool(x, places) -> Reshape(ScatterElements(zeros, places, x)) of windows that do not overlap"""
    x, shape = data(node), node.output.static_shape
    kernel = cast("tuple[int, ...]", node.attrs["kernel_shape"])
    strides = cast("tuple[int, ...]", node.attrs.get("strides", (1,) * len(kernel)))
    if shape is None or any(size > stride for size, stride in zip(kernel, strides, strict=True)):
        refuse("windows that overlap, or a size known only at run time")
    pads = cast("tuple[int, ...]", node.attrs.get("pads", (0,) * 2 * len(kernel)))
    inner = [
        (length - 1) * stride + size - pads[axis] - pads[axis + len(kernel)]
        for axis, (length, stride, size) in enumerate(zip(shape_of(x)[2:], strides, kernel, strict=True))
        if isinstance(length, int)
    ]
    if inner != list(shape[2:]):
        refuse("a result of another size than what was pooled: its places are told in two ways")
    check_table(*shape)
    zeros = b.constant(table_size.zeros(math.prod(shape)), x.dtype)
    filled = b.op("ScatterElements", zeros, b.op("Reshape", data(node, 1), [-1]), b.op("Reshape", x, [-1]), axis=0)
    return b.op("Reshape", filled, list(shape))


ELEMENTS = 49
"""A window of more elements would be as many nodes."""


@dataclass(frozen=True, slots=True)
class _Window:
    """One axis of a pool: sizes of the window, the input and the output, and the padding with which every window of the
    output lies inside; `given` of it is the node's own."""

    size: int
    stride: int
    dilation: int
    length: int
    out: int
    begin: int
    end: int
    given: tuple[int, int]

    def counted(self, with_padding: bool) -> np.ndarray:
        """How many elements of each window count."""
        low, high = (-self.given[0], self.length + self.given[1]) if with_padding else (0, self.length)
        check_table(self.out, self.size)
        starts = table_size.arange(self.out) * self.stride - self.begin
        at = starts[:, None] + table_size.arange(self.size) * self.dilation
        return np.asarray(((at >= low) & (at < high)).sum(axis=1))


def _windows(node: Node, lengths: tuple[int, ...], outs: tuple[int, ...]) -> list[_Window]:
    kernel, count = cast("tuple[int, ...]", node.attrs["kernel_shape"]), len(lengths)
    strides = cast("tuple[int, ...]", node.attrs.get("strides", (1,) * count))
    dilations = cast("tuple[int, ...]", node.attrs.get("dilations", (1,) * count))
    pads = cast("tuple[int, ...]", node.attrs.get("pads", (0,) * 2 * count))
    mode = str(node.attrs.get("auto_pad", "NOTSET"))
    windows = []
    for axis, (size, stride, dilation) in enumerate(zip(kernel, strides, dilations, strict=True)):
        needed = (outs[axis] - 1) * stride + (size - 1) * dilation + 1 - lengths[axis]
        begin, end = (0, 0) if mode == "VALID" else (pads[axis], pads[axis + count])
        if mode.startswith("SAME"):
            begin = max(needed, 0) // 2 if mode == "SAME_UPPER" else (max(needed, 0) + 1) // 2
            end = max(needed, 0) - begin
        windows.append(
            _Window(size, stride, dilation, lengths[axis], outs[axis], begin, max(needed - begin, 0), (begin, end))
        )
    return windows
