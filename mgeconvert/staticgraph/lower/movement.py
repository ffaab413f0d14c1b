"""Shapes and what only moves elements: reshape, transpose, concat, split, pad, constants made by rule."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder
from mgeconvert.tracedmodule.lower.operands import cast

from .layouts import StaticBuilder, concat_in_nchw
from .matmul import in_one
from .table import lower, opdef, value_of

opdef("Broadcast", "Broadcast")
opdef("Dimshuffle", "Dimshuffle")
opdef("Eye", "Eye")
opdef("Linspace", "Linspace")
opdef("Padding", "Padding")
opdef("Split", "Split")


@lower("Concat")
def concat(b: Builder, *inputs: Value, axis: int) -> Value:
    joined = concat_in_nchw(b, inputs, axis)
    return value_of(b, "Concat", *inputs, axis=axis) if joined is None else joined


@lower("ReshapeV1")
def reshape(b: Builder, inp: Value, shape: Value, *, axis: int) -> Value:
    assert isinstance(b, StaticBuilder)
    result = value_of(b, "Reshape", inp, shape, axis=axis)
    product = in_one(b, inp, result.shape)
    if product is not None:
        return product
    b.reshaped.setdefault(result, inp)
    return result


@lower("GetVarShapeV1")
def get_var_shape(b: Builder, inp: Value, *others: Value, axis: int) -> Value:
    """The shape of the input, of several that of their broadcast result."""
    for other in others:
        inp = b.op("Add", cast(b, inp, "float32"), cast(b, other, "float32"))
    return value_of(b, "GetVarShape", inp, axis=axis)


@lower("AxisAddRemove")
def axis_add_remove(b: Builder, inp: Value, *, desc: Sequence[dict[str, Any]]) -> Value:
    """One after the other, each position in the shape so far."""
    for step in desc:
        inp = b.op("Unsqueeze" if step["method"] == "ADD_1" else "Squeeze", inp, [step["axis"]])
    return inp


@lower("Alloc")
def alloc(b: Builder, shape: Value, *, dtype: Any) -> Value:
    """Memory of a shape, whose content nobody reads: zeros."""
    return value_of(b, "Fill", shape, value=0.0, dtype=dtype)
