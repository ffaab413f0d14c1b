"""ScatterND and ScatterElements with a reduction, which came with opset 16 (add, mul) and 18 (max, min): for each
element the updates that name it are chosen by comparing indices, reduced, and combined with what was there.
"""

from __future__ import annotations

import math

import numpy as np

from mgeconvert.ir import Node, Value

from .table import Result, Rewriter, axis_of, data, downgrade, dtype_of, shape_of, size

REDUCTIONS = {"add": ("ReduceSum", "Add"), "mul": ("ReduceProd", "Mul"), "max": ("ReduceMax", "Max"),
              "min": ("ReduceMin", "Min")}  # fmt: skip


@downgrade("ScatterElements", "ScatterND", since=18)
def scatter_extremes(r: Rewriter, node: Node) -> Result:
    if node.attrs.get("reduction", "none") in ("max", "min"):
        return scatter_reduced(r, node)
    return r.form(*node.inputs, **node.attrs)


@downgrade("ScatterElements", "ScatterND", since=16)
def scatter_reduced(r: Rewriter, node: Node) -> Result:
    """A point of ScatterND is a row of the data as a matrix."""
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


def _reduced(r: Rewriter, reduction: str, x: Value, indices: Value, updates: Value, axis: int) -> Value:
    """`x` combined with `updates` at `indices` along an axis; where these are smaller along others, the rest stays."""
    reduce, combine = REDUCTIONS[reduction]
    sizes, given = _sizes(x), _sizes(updates)
    neutral = _neutral(reduction, dtype_of(x))
    own = np.arange(sizes[axis], dtype=dtype_of(indices)).reshape(-1, *[1] * (len(sizes) - axis))
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


def _opened(r: Rewriter, x: Value, axis: int) -> Value:
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
