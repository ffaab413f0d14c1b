"""Gather, Slice and Scatter: indices below zero came with opset 11, batches with 12, reductions with 16 and 18.

A scatter with a reduction: for each element the updates that name it are chosen by comparing indices, reduced, and
combined with what was there.
"""

from __future__ import annotations

import math

import numpy as np

from mgeconvert.ir import Node, Value, table_size

from .operands import axis_of, constant, data, dtype_of, operand, shape_of, size
from .replacement import Replacement
from .table import Result, downgrade, without_attribute


@downgrade("Gather", since=11)
def gather_from_the_front(r: Replacement, node: Node) -> Result:
    """Gather(x, i) -> Gather(x, i + size (i < 0))"""
    axis = axis_of(node, 0)
    return r.form(data(node), _from_the_front(r, node, axis), axis=axis)


@downgrade("ScatterElements", since=11)
def scatter(r: Replacement, node: Node) -> Result:
    """ScatterElements(x, i, updates) -> Scatter(x, i, updates), the same operator under its older name."""
    axis = axis_of(node, 0)
    return r.become("Scatter", data(node), _from_the_front(r, node, axis), data(node, 2), axis=axis)


def _from_the_front(r: Replacement, node: Node, axis: int) -> Value | np.ndarray:
    """The second input with what is below zero counted from the front; at run time by adding the size times (i < 0)."""
    indices = data(node, 1)
    if indices.array is not None and (indices.array >= 0).all():
        return indices
    length = np.array(size(shape_of(data(node))[axis], "an axis indexed from the back"), dtype_of(indices))
    if indices.array is not None:
        return np.where(indices.array < 0, indices.array + length, indices.array)
    below = r.op("Less", r.cast(indices, np.float32), np.zeros((), np.float32), dtype=bool)
    return r.op("Add", indices, r.op("Mul", r.cast(below, indices.dtype), length))


downgrade("GatherND", since=12)(without_attribute("batch_dims", only=0))


@downgrade("Slice", since=11)
def slice_from_the_front(r: Replacement, node: Node) -> Result:
    """Slice(x, starts, ends, axes) -> Slice(x, starts, ends, axes mod rank)"""
    axes = constant(node, 3, "axes")
    if axes is None or (axes >= 0).all():
        return r.form(*node.inputs)
    rank = len(shape_of(data(node)))
    return r.form(*node.inputs[:3], axes % rank, operand(node, 4))


@downgrade("Slice", since=10)
def slice_attributes(r: Replacement, node: Node) -> Result:
    """Slice(x, starts, ends, axes) -> Slice(x, starts=, ends=, axes=), or a Gather of positions for steps not 1"""
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
        start, end, step = map(int, bounds)
        positions = table_size.arange(length)[slice(*_python_bounds(start, end, step, length))]
        shape = tuple(len(positions) if at == axis else dim for at, dim in enumerate(shape_of(x)))
        x = r.op("Gather", x, positions, axis=axis, shape=shape)
    return x


def _python_bounds(start: int, end: int, step: int, length: int) -> tuple[int, int | None, int]:
    """ONNX counts a negative bound from the back once and clamps it; -1 then ends a backward slice before element 0."""
    start, end = (bound + length if bound < 0 else bound for bound in (start, end))
    if step < 0:
        return max(min(start, length - 1), 0), (None if end < 0 else end), step
    return max(start, 0), max(end, 0), step


REDUCTIONS = {"add": ("ReduceSum", "Add"), "mul": ("ReduceProd", "Mul"), "max": ("ReduceMax", "Max"),
              "min": ("ReduceMin", "Min")}  # fmt: skip


@downgrade("ScatterElements", "ScatterND", since=18)
def scatter_extremes(r: Replacement, node: Node) -> Result:
    """ScatterElements(x, i, updates, reduction=max) -> Max(x, ReduceMax(Where(i = position, updates, -inf)))"""
    if node.attrs.get("reduction", "none") in ("max", "min"):
        return scatter_reduced(r, node)
    return r.form(*node.inputs, **node.attrs)


@downgrade("ScatterElements", "ScatterND", since=16)
def scatter_reduced(r: Replacement, node: Node) -> Result:
    """ScatterElements(x, i, updates, reduction=add) -> x + ReduceSum(Where(i = position, updates, 0)).

    A point of ScatterND is a row of the data as a matrix.
    """
    plain = {key: value for key, value in node.attrs.items() if key != "reduction"}
    x, indices, updates = data(node), data(node, 1), data(node, 2)
    reduction = str(node.attrs.get("reduction", "none"))
    if reduction == "none":
        return r.form(x, indices, updates, **plain)
    if node.op == "ScatterElements":
        axis = axis_of(node, 0)
        wrapped = r.op("Mod", indices, np.array(_sizes(x)[axis], dtype_of(indices)), shape=indices.shape)
        return _reduced(r, reduction, x, wrapped, updates, axis)
    sizes, (*points, depth) = _sizes(x), _sizes(indices)
    indexed, rest = sizes[:depth], math.prod(sizes[depth:])
    strides = np.array([math.prod(indexed[axis + 1 :]) for axis in range(depth)], np.int64)
    wrapped = r.op("Mod", indices, np.array(indexed, np.int64), shape=indices.shape)
    scaled = r.op("Mul", wrapped, strides, shape=indices.shape)
    rows = r.op("ReduceSum", scaled, np.array([len(points)], np.int64), shape=tuple(points), keepdims=0)
    count = math.prod(points)
    matrix = r.reshape(x, (math.prod(indexed), rest))
    made = _reduced(r, reduction, matrix, r.reshape(rows, (count, 1)), r.reshape(updates, (count, rest)), 0)
    return r.reshape(made, shape_of(x))


def _reduced(r: Replacement, reduction: str, x: Value, indices: Value, updates: Value, axis: int) -> Value:
    """`x` combined with `updates` at `indices` along an axis; where these are smaller along others, the rest stays."""
    reduce, combine = REDUCTIONS[reduction]
    sizes, given = _sizes(x), _sizes(updates)
    neutral = _neutral(reduction, dtype_of(x))
    own = table_size.arange(sizes[axis], dtype=dtype_of(indices)).reshape(-1, *[1] * (len(sizes) - axis))
    is_named = r.op("Equal", _opened(r, indices, axis), own, dtype=bool)
    spread = (*given[:axis], sizes[axis], *given[axis:])
    chosen = r.op("Where", is_named, _opened(r, updates, axis), neutral, dtype=x.dtype, shape=spread)
    shape = (*given[:axis], sizes[axis], *given[axis + 1 :])
    if reduction == "add":
        total = r.op(reduce, chosen, np.array([axis + 1], np.int64), shape=shape, keepdims=0)
    else:
        total = r.op(reduce, chosen, shape=shape, axes=(axis + 1,), keepdims=0)
    missing = [size - there for size, there in zip(sizes, shape, strict=True)]
    if any(missing):
        total = r.op("Pad", total, np.array([*[0] * len(sizes), *missing], np.int64), neutral, shape=x.shape)
    return r.op(combine, x, total, shape=x.shape)


def _opened(r: Replacement, x: Value, axis: int) -> Value:
    """With an axis of size 1 in front of `axis`."""
    shape = shape_of(x)
    return r.reshape(x, (*shape[:axis], 1, *shape[axis:]))


def _sizes(x: Value) -> list[int]:
    return [size(dim, "a dimension to scatter into") for dim in shape_of(x)]


def _neutral(reduction: str, dtype: np.dtype) -> np.ndarray:
    """What changes nothing."""
    if reduction in ("add", "mul"):
        return np.array(reduction == "mul", dtype)
    if dtype.kind == "f":
        return np.array(-np.inf if reduction == "max" else np.inf, dtype)
    limits = np.iinfo(dtype)
    return np.array(limits.min if reduction == "max" else limits.max, dtype)
