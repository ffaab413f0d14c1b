"""Squeeze, Split, Pad, Expand, Reshape, Shape, DepthToSpace, constants: elements move, none is chosen."""

from __future__ import annotations

import math

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Node, table_size
from mgeconvert.ir.table_size import check_table

from .axes_from_the_front import axes_from_the_front, axis_from_the_front
from .operands import axis_of, constant, data, dtype_of, operand, shape_of, size
from .replacement import Replacement
from .table import Result, downgrade, without_attribute

downgrade("Concat", "Flatten", "Split", since=11)(axis_from_the_front)


@downgrade("Squeeze", "Unsqueeze", since=13)
def axes_as_attribute(r: Replacement, node: Node) -> Result:
    """Squeeze(x, axes) -> Squeeze(x, axes=)"""
    axes = constant(node, 1, "axes")
    return r.form(data(node), axes=None if axes is None else tuple(axes.ravel().tolist()))


@downgrade("Squeeze", since=11)
def squeeze_from_the_front(r: Replacement, node: Node) -> Result:
    """Squeeze(x, axes) -> Squeeze(x, axes mod rank)"""
    return axes_from_the_front(r, node, 0)


@downgrade("Unsqueeze", since=11)
def unsqueeze_from_the_front(r: Replacement, node: Node) -> Result:
    """Unsqueeze(x, axes) -> Unsqueeze(x, axes mod (rank + count of axes))"""
    axes = node.attrs["axes"]
    assert isinstance(axes, tuple)
    return axes_from_the_front(r, node, len(axes))


@downgrade("Split", since=18)
def split_into_equal_parts(r: Replacement, node: Node) -> Result:
    """Split(x, num_outputs=n) -> Split(x, sizes): equal ones, the last smaller where that does not divide."""
    parts = node.attrs.get("num_outputs")
    dim = shape_of(data(node))[axis_of(node, 0)]
    if not isinstance(parts, int) or (isinstance(dim, int) and dim % parts == 0):
        return r.form(*node.inputs, axis=node.attrs.get("axis"))
    length = size(dim, "a dimension to split")
    each = -(-length // parts)
    sizes = [each] * (parts - 1) + [length - each * (parts - 1)]
    return r.form(data(node), np.array(sizes, np.int64), axis=node.attrs.get("axis"))


@downgrade("Split", since=13)
def split_sizes_as_attribute(r: Replacement, node: Node) -> Result:
    """Split(x, sizes) -> Split(x, split=sizes)"""
    sizes = constant(node, 1, "sizes")
    return r.form(
        data(node), axis=node.attrs.get("axis"), split=None if sizes is None else tuple(sizes.ravel().tolist())
    )


@downgrade("Pad", since=19)
def pad_wrap(r: Replacement, node: Node) -> Result:
    """Pad(x, pads, mode=wrap) -> Gather(x, positions mod size) along each padded axis."""
    if node.attrs.get("mode") != "wrap":
        return r.form(*node.inputs, **node.attrs)
    x = data(node)
    for axis, before, after in _padded_axes(node):
        length = size(shape_of(data(node))[axis], "a dimension to wrap")
        check_table(length + before + after)
        positions = table_size.arange(-before, length + after) % length
        shape = tuple(len(positions) if at == axis else dim for at, dim in enumerate(shape_of(x)))
        x = r.op("Gather", x, positions, axis=axis, shape=shape)
    return x


@downgrade("Pad", since=18)
def pad_all_axes(r: Replacement, node: Node) -> Result:
    """Pad(x, pads, value, axes) -> Pad(x, pads of every axis, value)"""
    if operand(node, 3) is None:
        return r.form(*node.inputs, **node.attrs)
    rank = len(shape_of(data(node)))
    pads = table_size.zeros((2, rank), np.int64)
    for axis, before, after in _padded_axes(node):
        pads[:, axis] = before, after
    return r.form(data(node), pads.ravel(), operand(node, 2), **node.attrs)


def _padded_axes(node: Node) -> list[tuple[int, int, int]]:
    """(axis, before, after) from the `pads` and `axes` inputs."""
    pads, axes = constant(node, 1, "pads"), constant(node, 3, "axes")
    assert pads is not None
    rank = len(shape_of(data(node)))
    numbers = range(rank) if axes is None else [int(axis) % rank for axis in axes]
    before, after = pads.reshape(2, -1).tolist()
    return list(zip(numbers, before, after, strict=True))


@downgrade("Pad", since=11)
def pad_attributes(r: Replacement, node: Node) -> Result:
    """Pad(x, pads, value) -> Pad(x, pads=, value=)"""
    pads, value = constant(node, 1, "pads"), constant(node, 2, "a padding value")
    assert pads is not None
    number = None if value is None or not value.size else float(value.item())
    return r.form(data(node), mode=node.attrs.get("mode"), pads=tuple(pads.tolist()), value=number)


@downgrade("Expand", since=8)
def expand_by_multiplying(r: Replacement, node: Node) -> Result:
    """Expand(x, shape) -> x * ones(shape), or x and trues(shape) for bool."""
    shape = constant(node, 1, "a shape")
    if shape is None:
        refuse("a tensor whose sizes are not known")
    x = data(node)
    op, one = ("And", True) if dtype_of(x).kind == "b" else ("Mul", 1)
    check_table(*shape)
    return r.op(op, x, table_size.full(shape.tolist(), one, x.dtype), shape=node.outputs[0].shape)


@downgrade("Reshape", since=14)
def reshape_without_zeros(r: Replacement, node: Node) -> Result:
    """Reshape(x, shape, allowzero) -> Reshape(x, shape) where the shape holds no zero."""
    if node.attrs.get("allowzero"):
        shape = constant(node, 1, "a shape that may hold zeros")
        if shape is not None and (shape == 0).any():
            refuse("allowzero")
    return r.form(*node.inputs)


@downgrade("Shape", since=15)
def shape_then_slice(r: Replacement, node: Node) -> Result:
    """Shape(x, start, end) -> Slice(Shape(x), start, end)"""
    start, end = node.attrs.get("start", 0), node.attrs.get("end")
    if not start and end is None:
        return r.form(data(node))
    assert isinstance(start, int)
    assert end is None or isinstance(end, int)
    rank = len(shape_of(data(node)))
    bounds = [np.array([bound], np.int64) for bound in slice(start, end).indices(rank)[:2]]
    shape = r.op("Shape", data(node), dtype=np.int64, shape=(rank,))
    if r.level >= 10:
        return r.op("Slice", shape, *bounds, shape=node.outputs[0].shape)
    return r.op("Slice", shape, starts=(int(bounds[0][0]),), ends=(int(bounds[1][0]),), shape=node.outputs[0].shape)


@downgrade("DepthToSpace", since=11)
def depth_to_space_by_columns(r: Replacement, node: Node) -> Result:
    """DepthToSpace(x, b, mode=CRD) -> Reshape(Transpose(Reshape(x))): N, C, b, b, H, W -> N, C, H, b, W, b."""
    if node.attrs.get("mode", "DCR") == "DCR":
        return r.form(data(node), blocksize=node.attrs["blocksize"])
    block = node.attrs["blocksize"]
    assert isinstance(block, int)
    batch, channels, height, width = shape_of(data(node))
    split = (batch, size(channels, "the channels") // block**2, block, block, height, width)
    moved = r.transpose(r.reshape(data(node), split), (0, 1, 4, 2, 5, 3))
    return r.reshape(moved, shape_of(node.outputs[0]))


downgrade("SpaceToDepth", since=28)(without_attribute("mode", only="DCR"))


@downgrade("Constant", since=12)
def constant_as_tensor(r: Replacement, node: Node) -> Result:
    """Constant(value_int=n) -> the same constant as a tensor."""
    for name, attribute in node.attrs.items():
        if name.startswith("value_"):
            return r.op("Identity", np.asarray(attribute, _CONSTANT_TYPES[name.rstrip("s")]))
    return r.form(**node.attrs)


_CONSTANT_TYPES = {"value_int": np.int64, "value_float": np.float32, "value_string": object}


@downgrade("ConstantOfShape", since=9)
def filled(r: Replacement, node: Node) -> Result:
    """ConstantOfShape(shape, value) -> the constant of that shape."""
    value = node.attrs.get("value", np.zeros(1, np.float32))
    assert isinstance(value, np.ndarray)
    shape = constant(node, 0, "a shape")
    if shape is None:
        refuse("a tensor whose sizes are not known")
    check_table(*shape)
    return r.op("Identity", np.broadcast_to(value.reshape(()), tuple(shape.tolist())))


@downgrade("Range", since=27)
def range_without_stash_type(r: Replacement, node: Node) -> Result:
    """Range(start, limit, delta, stash_type) -> Range(start, limit, delta) where the type is wide enough itself."""
    if node.attrs.get("stash_type", 1) != 1 and dtype_of(data(node)).itemsize < 4:
        refuse("stash_type")
    return r.form(*node.inputs)


@downgrade("Range", since=11)
def range_constant(r: Replacement, node: Node) -> Result:
    """Range(start, limit, delta) -> the constant start, start + delta, ..."""
    start, limit, delta = (constant(node, index, "bounds") for index in range(3))
    assert start is not None
    assert limit is not None
    assert delta is not None
    check_table(math.ceil((limit.item() - start.item()) / delta.item()))
    return r.op("Identity", table_size.arange(start.item(), limit.item(), delta.item(), dtype=start.dtype))


@downgrade("EyeLike", since=9)
def eye(r: Replacement, node: Node) -> Result:
    """EyeLike(x, k) -> the constant with ones on diagonal k."""
    rows, columns = (size(dim, "a matrix") for dim in shape_of(data(node)))
    k = node.attrs.get("k", 0)
    assert isinstance(k, int)
    check_table(rows, columns)
    return r.op("Identity", table_size.eye(rows, columns, k, dtype_of(node.outputs[0])))
