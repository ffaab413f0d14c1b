"""Gather and Scatter: indices below zero came with opset 11, reductions with 16 and 18."""

from __future__ import annotations

import numpy as np

from mgeconvert.ir import Node, Value

from ..rewrite import (
    RefusedError,
    Result,
    Rewriter,
    axis_of,
    data,
    downgrade,
    dtype_of,
    shape_of,
    size,
    without_attribute,
)


@downgrade("Gather", since=11)
def gather_from_the_front(r: Rewriter, node: Node) -> Result:
    axis = axis_of(node, 0)
    return r.form(data(node), _from_the_front(r, node, axis), axis=axis)


@downgrade("ScatterElements", since=11)
def scatter(r: Rewriter, node: Node) -> Result:
    """The same operator under its older name."""
    axis = axis_of(node, 0)
    return r.become("Scatter", data(node), _from_the_front(r, node, axis), data(node, 2), axis=axis)


def _from_the_front(r: Rewriter, node: Node, axis: int) -> Value | np.ndarray:
    """The second input with what is below zero counted from the front; at run time by adding the size times (i < 0)."""
    indices = data(node, 1)
    if indices.array is not None and (indices.array >= 0).all():
        return indices
    length = np.array(size(shape_of(data(node))[axis], "an axis indexed from the back"), dtype_of(indices))
    if indices.array is not None:
        return np.where(indices.array < 0, indices.array + length, indices.array)
    below = r.op("Less", r.cast(indices, np.float32), np.zeros((), np.float32), dtype=bool)
    return r.op("Add", indices, r.op("Mul", r.cast(below, indices.dtype), length))


@downgrade("ScatterElements", "ScatterND", since=18)
def scatter_extremes(r: Rewriter, node: Node) -> Result:
    reduction = node.attrs.get("reduction", "none")
    if reduction in ("max", "min"):
        raise RefusedError(f"reduction {reduction}")
    return r.form(*node.inputs, **node.attrs)


without_attribute("reduction", "ScatterElements", "ScatterND", since=16, only="none")
without_attribute("batch_dims", "GatherND", since=12, only=0)
without_attribute(
    "coordinate_transformation_mode", "RoiAlign", since=16, only="output_half_pixel", default="half_pixel"
)


@downgrade("GridSample", since=20)
def grid_sample_mode_names(r: Rewriter, node: Node) -> Result:
    """Modes linear and cubic were called bilinear and bicubic, for images only."""
    if len(shape_of(data(node))) != 4:
        raise RefusedError("volumes")
    mode = {"linear": "bilinear", "cubic": "bicubic"}.get(str(node.attrs.get("mode", "linear")), "nearest")
    return r.form(*node.inputs, **{**node.attrs, "mode": mode})
