"""Axes that were attributes before they were inputs, and that were counted from the front only before opset 11."""

from __future__ import annotations

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Node

from .table import Result, Rewriter, axis_of, constant, data, downgrade, operand, shape_of, size


@downgrade("Squeeze", "Unsqueeze", since=13)
def axes_as_attribute(r: Rewriter, node: Node) -> Result:
    axes = constant(node, 1, "axes")
    return r.form(data(node), axes=None if axes is None else tuple(axes.ravel().tolist()))


@downgrade("Squeeze", since=11)
def squeeze_from_the_front(r: Rewriter, node: Node) -> Result:
    return _axes_from_the_front(r, node, 0)


@downgrade("Unsqueeze", since=11)
def unsqueeze_from_the_front(r: Rewriter, node: Node) -> Result:
    axes = node.attrs["axes"]
    assert isinstance(axes, tuple)
    return _axes_from_the_front(r, node, len(axes))


@downgrade(
    "ReduceL1",
    "ReduceL2",
    "ReduceLogSum",
    "ReduceLogSumExp",
    "ReduceMax",
    "ReduceMean",
    "ReduceMin",
    "ReduceProd",
    "ReduceSum",
    "ReduceSumSquare",
    since=11,
)
def reduce_from_the_front(r: Rewriter, node: Node) -> Result:
    return _axes_from_the_front(r, node, 0)


def _axes_from_the_front(r: Rewriter, node: Node, more: int) -> Result:
    """`more` is how many dimensions the axes count beyond those of the input."""
    axes = node.attrs.get("axes")
    if not isinstance(axes, tuple) or all(int(axis) >= 0 for axis in axes):
        return r.form(*node.inputs, **node.attrs)
    rank = len(shape_of(data(node))) + more
    return r.form(*node.inputs, **{**node.attrs, "axes": tuple(int(axis) % rank for axis in axes)})


_DEFAULT_AXIS = {"ArgMax": 0, "ArgMin": 0, "Flatten": 1, "Hardmax": 1, "LogSoftmax": 1, "Softmax": 1, "Split": 0}


@downgrade("ArgMax", "ArgMin", "Concat", "Flatten", "Hardmax", "LogSoftmax", "Softmax", "Split", since=11)
def axis_from_the_front(r: Rewriter, node: Node) -> Result:
    axis = node.attrs.get("axis", _DEFAULT_AXIS.get(node.op))
    assert isinstance(axis, int)
    if axis < 0:
        axis += len(shape_of(data(node)))
    return r.form(*node.inputs, **{**node.attrs, "axis": axis})


@downgrade("Compress", since=11)
def compress_from_the_front(r: Rewriter, node: Node) -> Result:
    return r.form(*node.inputs, axis=axis_of(node, 0) if "axis" in node.attrs else None)


@downgrade("OneHot", since=11)
def one_hot_from_the_front(r: Rewriter, node: Node) -> Result:
    """The new axis may also be the last, which is -1 by default. Indices below zero count from the back since 11."""
    axis = node.attrs.get("axis", -1)
    assert isinstance(axis, int)
    indices = constant(node, 0, "indices")
    if indices is not None and indices.size and indices.min() < 0:
        refuse("indices below zero")
    return r.form(*node.inputs, axis=axis if axis >= 0 else axis + len(shape_of(data(node))) + 1)


@downgrade("Split", since=18)
def split_into_equal_parts(r: Rewriter, node: Node) -> Result:
    """`num_outputs`: parts of equal size, the last one smaller where that does not divide."""
    parts = node.attrs.get("num_outputs")
    dim = shape_of(data(node))[axis_of(node, 0)]
    if not isinstance(parts, int) or (isinstance(dim, int) and dim % parts == 0):
        return r.form(*node.inputs, axis=node.attrs.get("axis"))
    length = size(dim, "a dimension to split")
    each = -(-length // parts)
    sizes = [each] * (parts - 1) + [length - each * (parts - 1)]
    return r.form(data(node), np.array(sizes, np.int64), axis=node.attrs.get("axis"))


@downgrade("Split", since=13)
def split_sizes_as_attribute(r: Rewriter, node: Node) -> Result:
    sizes = constant(node, 1, "sizes")
    return r.form(
        data(node), axis=node.attrs.get("axis"), split=None if sizes is None else tuple(sizes.ravel().tolist())
    )


@downgrade("Hardmax", "LogSoftmax", "Softmax", since=13)
def softmax_of_the_last_axis(r: Rewriter, node: Node) -> Result:
    """Before 13 all dimensions from `axis` on were taken as one; the last axis alone means the same in both forms."""
    rank = len(shape_of(data(node)))
    axis, last = axis_of(node, -1), rank - 1
    if axis == last:
        return r.form(data(node), axis=last)
    perm = [*range(rank)]
    perm[axis], perm[last] = last, axis
    return r.transpose(r.op(node.op, r.transpose(data(node), perm), axis=last), perm)


@downgrade("DFT", since=20)
def dft_axis_as_attribute(r: Rewriter, node: Node) -> Result:
    axis = constant(node, 2, "an axis")
    return r.form(data(node), operand(node, 1), **{**node.attrs, "axis": -2 if axis is None else int(axis)})
