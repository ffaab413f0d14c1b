"""Operators that move data: Pad, Slice, Expand, Reshape, Shape, depth to space, constants and casts."""

from __future__ import annotations

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Node
from mgeconvert.ir.dtypes import ELEM_TYPES

from .table import Result, Rewriter, constant, data, downgrade, dtype_of, operand, shape_of, size, without_attribute


@downgrade("Pad", since=19)
def pad_wrap(r: Rewriter, node: Node) -> Result:
    """Mode wrap repeats the tensor: each padded axis becomes a concatenation of its end, itself and its beginning."""
    if node.attrs.get("mode") != "wrap":
        return r.form(*node.inputs, **node.attrs)
    x = data(node)
    for axis, before, after in _padded_axes(node):
        length = size(shape_of(data(node))[axis], "a dimension to wrap")
        positions = np.arange(-before, length + after) % length
        shape = tuple(len(positions) if at == axis else dim for at, dim in enumerate(shape_of(x)))
        x = r.op("Gather", x, positions, axis=axis, shape=shape)
    return x


@downgrade("Pad", since=18)
def pad_all_axes(r: Rewriter, node: Node) -> Result:
    if operand(node, 3) is None:
        return r.form(*node.inputs, **node.attrs)
    rank = len(shape_of(data(node)))
    pads = np.zeros((2, rank), np.int64)
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
def pad_attributes(r: Rewriter, node: Node) -> Result:
    pads, value = constant(node, 1, "pads"), constant(node, 2, "a padding value")
    assert pads is not None
    number = None if value is None or not value.size else float(value.item())
    return r.form(data(node), mode=node.attrs.get("mode"), pads=tuple(pads.tolist()), value=number)


@downgrade("Slice", since=11)
def slice_from_the_front(r: Rewriter, node: Node) -> Result:
    axes = constant(node, 3, "axes")
    if axes is None or (axes >= 0).all():
        return r.form(*node.inputs)
    rank = len(shape_of(data(node)))
    return r.form(*node.inputs[:3], axes % rank, operand(node, 4))


@downgrade("Slice", since=10)
def slice_attributes(r: Rewriter, node: Node) -> Result:
    """Steps other than 1 become a Gather of the positions."""
    starts, ends = constant(node, 1, "starts"), constant(node, 2, "ends")
    axes, steps = constant(node, 3, "axes"), constant(node, 4, "steps")
    assert starts is not None
    assert ends is not None
    if steps is None or (steps == 1).all():
        numbers = None if axes is None else tuple(axes.tolist())
        return r.form(data(node), starts=tuple(starts.tolist()), ends=tuple(ends.tolist()), axes=numbers)
    x = data(node)
    for axis, *bounds in zip(range(len(starts)) if axes is None else axes.tolist(), starts, ends, steps, strict=True):
        length = size(shape_of(x)[axis], "a dimension sliced with steps")
        positions = np.arange(length)[slice(*_python_bounds(int(bounds[0]), int(bounds[1]), int(bounds[2]), length))]
        shape = tuple(len(positions) if at == axis else dim for at, dim in enumerate(shape_of(x)))
        x = r.op("Gather", x, positions, axis=axis, shape=shape)
    return x


def _python_bounds(start: int, end: int, step: int, length: int) -> tuple[int, int | None, int]:
    """ONNX counts a negative bound from the back once and clamps it; -1 then ends a backward slice before element 0."""
    start, end = (bound + length if bound < 0 else bound for bound in (start, end))
    if step < 0:
        return max(min(start, length - 1), 0), (None if end < 0 else end), step
    return max(start, 0), max(end, 0), step


@downgrade("Expand", since=8)
def expand_by_multiplying(r: Rewriter, node: Node) -> Result:
    shape = constant(node, 1, "a shape")
    assert shape is not None
    x = data(node)
    op, one = ("And", True) if dtype_of(x).kind == "b" else ("Mul", 1)
    return r.op(op, x, np.full(shape, one, x.dtype), shape=node.outputs[0].shape)


@downgrade("Reshape", since=14)
def reshape_without_zeros(r: Rewriter, node: Node) -> Result:
    if node.attrs.get("allowzero"):
        shape = constant(node, 1, "a shape that may hold zeros")
        if shape is not None and (shape == 0).any():
            refuse("allowzero")
    return r.form(*node.inputs)


@downgrade("Shape", since=15)
def shape_then_slice(r: Rewriter, node: Node) -> Result:
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
def depth_to_space_by_columns(r: Rewriter, node: Node) -> Result:
    """Mode CRD: N, C, b, b, H, W -> N, C, H, b, W, b."""
    if node.attrs.get("mode", "DCR") == "DCR":
        return r.form(data(node), blocksize=node.attrs["blocksize"])
    block = node.attrs["blocksize"]
    assert isinstance(block, int)
    batch, channels, height, width = shape_of(data(node))
    split = (batch, size(channels, "the channels") // block**2, block, block, height, width)
    moved = r.transpose(r.reshape(data(node), split), (0, 1, 4, 2, 5, 3))
    return r.reshape(moved, shape_of(node.outputs[0]))


@downgrade("Constant", since=12)
def constant_as_tensor(r: Rewriter, node: Node) -> Result:
    """`value_int` and its like: the same constant as a tensor."""
    for name, attribute in node.attrs.items():
        if name.startswith("value_"):
            return r.op("Identity", np.asarray(attribute, _CONSTANT_TYPES[name.rstrip("s")]))
    return r.form(**node.attrs)


_CONSTANT_TYPES = {"value_int": np.int64, "value_float": np.float32, "value_string": object}


@downgrade("ConstantOfShape", since=9)
def filled(r: Rewriter, node: Node) -> Result:
    value = node.attrs.get("value", np.zeros(1, np.float32))
    assert isinstance(value, np.ndarray)
    shape = constant(node, 0, "a shape")
    assert shape is not None
    return r.op("Identity", np.broadcast_to(value.reshape(()), tuple(shape.tolist())))


@downgrade("CastLike", since=15)
def cast_like(r: Rewriter, node: Node) -> Result:
    """CastLike takes the type from a second tensor; it is known here."""
    return r.become("Cast", data(node), to=ELEM_TYPES[dtype_of(data(node, 1)).name])


# About float8 types only, which are newer than the forms without these attributes.
without_attribute("saturate", "Cast", "CastLike", since=19)
without_attribute("round_mode", "Cast", "CastLike", since=24)


@downgrade("Range", since=27)
def range_without_stash_type(r: Rewriter, node: Node) -> Result:
    if node.attrs.get("stash_type", 1) != 1 and dtype_of(data(node)).itemsize < 4:
        refuse("stash_type")
    return r.form(*node.inputs)


@downgrade("Gemm", since=11)
def gemm_with_bias(r: Rewriter, node: Node) -> Result:
    """Before 11 C could not be left out."""
    c = operand(node, 2) or np.zeros(1, dtype_of(data(node)))
    return r.form(data(node), data(node, 1), c, **node.attrs)


@downgrade("Scan", since=9)
def scan_of_a_batch(_: Rewriter, node: Node) -> Result:
    refuse(f"the form without a batch dimension, with {len(node.inputs)} inputs")


@downgrade("Range", since=11)
def range_constant(r: Rewriter, node: Node) -> Result:
    start, limit, delta = (constant(node, index, "bounds") for index in range(3))
    assert start is not None
    assert limit is not None
    assert delta is not None
    return r.op("Identity", np.arange(start.item(), limit.item(), delta.item(), dtype=start.dtype))


@downgrade("Trilu", since=14)
def triangle(r: Rewriter, node: Node) -> Result:
    """The half above (or below) the k-th diagonal by a constant mask."""
    x, k = data(node), constant(node, 1, "k")
    rows, columns = (size(dim, "a matrix") for dim in shape_of(x)[-2:])
    offset = np.arange(columns) - np.arange(rows)[:, None] - (0 if k is None else int(k.item()))
    mask = offset >= 0 if node.attrs.get("upper", 1) else offset <= 0
    zero = np.zeros((), dtype_of(x))
    return r.op("Where", mask, x, zero, dtype=x.dtype, shape=x.shape)


@downgrade("EyeLike", since=9)
def eye(r: Rewriter, node: Node) -> Result:
    rows, columns = (size(dim, "a matrix") for dim in shape_of(data(node)))
    k = node.attrs.get("k", 0)
    assert isinstance(k, int)
    return r.op("Identity", np.eye(rows, columns, k, dtype_of(node.outputs[0])))


@downgrade("Dropout", since=12)
def dropout_at_inference(r: Rewriter, node: Node) -> Result:
    ratio, training = constant(node, 1, "a ratio"), constant(node, 2, "a training mode")
    if training is not None and training.item():
        refuse("training mode")
    return r.form(data(node), ratio=0.5 if ratio is None else float(ratio.item()))


@downgrade("Dropout", since=10)
def dropout_without_bool_mask(r: Rewriter, node: Node) -> Result:
    if len(node.outputs) > 1:
        refuse("a mask of type bool")
    return r.form(data(node), **node.attrs)


without_attribute("mode", "SpaceToDepth", since=28, only="DCR")
