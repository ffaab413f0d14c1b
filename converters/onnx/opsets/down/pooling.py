"""Pooling: dilations and rounding up came late."""

from __future__ import annotations

from mgeconvert.errors import refuse
from mgeconvert.ir import Attribute, Node, Value

from .operands import data, shape_of, size
from .replacement import Replacement
from .table import Result, downgrade


@downgrade("AveragePool", since=19)
def average_pool_without_dilations(r: Replacement, node: Node) -> Result:
    """AveragePool(x, dilations=1) -> AveragePool(x)"""
    return r.form(*node.inputs, **_without_dilations(node))


@downgrade("LpPool", since=18)
def lp_pool_plain(r: Replacement, node: Node) -> Result:
    """LpPool(x, ceil_mode, dilations=1) -> LpPool(x, pads) with as much padding at the end as fills the last window."""
    return _rounded_down(r, node)


@downgrade("AveragePool", since=10)
def average_pool_rounded_down(r: Replacement, node: Node) -> Result:
    """AveragePool(x, ceil_mode) -> AveragePool(x, pads) with as much padding at the end as fills the last window."""
    if node.attrs.get("ceil_mode") and node.attrs.get("count_include_pad"):
        refuse("ceil_mode with count_include_pad")
    return _rounded_down(r, node)


@downgrade("MaxPool", since=10)
def max_pool_rounded_down(r: Replacement, node: Node) -> Result:
    """MaxPool(x, ceil_mode) -> MaxPool(x, pads) with as much padding at the end as fills the last window."""
    return _rounded_down(r, node)


@downgrade("MaxPool", since=8)
def max_pool_without_indices(r: Replacement, node: Node) -> Result:
    """MaxPool(x, storage_order) -> MaxPool(x); there were no indices before 8."""
    if len(node.outputs) > 1:
        refuse("indices")
    return r.form(data(node), **{key: value for key, value in node.attrs.items() if key != "storage_order"})


def _without_dilations(node: Node) -> dict[str, Attribute]:
    dilations = node.attrs.get("dilations", ())
    assert isinstance(dilations, tuple)
    if any(dilation != 1 for dilation in dilations):
        refuse("dilations")
    return {key: value for key, value in node.attrs.items() if key != "dilations"}


def _rounded_down(r: Replacement, node: Node) -> Result:
    """No dilations, and instead of `ceil_mode` as much padding at the end as makes the last window fit."""
    plain = _without_dilations(node)
    if plain.pop("ceil_mode", 0):
        plain["pads"] = _pads_to_fill(node, data(node))
    return r.form(*node.inputs, **plain)


def _pads_to_fill(node: Node, x: Value) -> tuple[int, ...]:
    if node.attrs.get("auto_pad", "NOTSET") != "NOTSET":
        refuse("ceil_mode with auto_pad")
    kernel = node.attrs["kernel_shape"]
    assert isinstance(kernel, tuple)
    axes = len(kernel)
    pads, strides = node.attrs.get("pads", (0,) * 2 * axes), node.attrs.get("strides", (1,) * axes)
    assert isinstance(pads, tuple)
    assert isinstance(strides, tuple)
    begins, ends = [int(pad) for pad in pads[:axes]], [int(pad) for pad in pads[axes:]]
    for axis in range(axes):
        length = size(shape_of(x)[axis + 2], "a pooled dimension with ceil_mode")
        stride, window = int(strides[axis]), int(kernel[axis])
        count = -(-(length + begins[axis] + ends[axis] - window) // stride) + 1
        if (count - 1) * stride >= length + begins[axis]:
            count -= 1  # a window that would begin in the padding at the end is left out
        fewest = (count - 1) * stride + window - length - begins[axis]
        ends[axis] = max(fewest, min(ends[axis], fewest + stride - 1), 0)
    return (*begins, *ends)
