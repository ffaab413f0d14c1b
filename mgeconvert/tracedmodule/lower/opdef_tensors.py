"""Raw operators that move or make data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder

from . import assignment, tensors
from .elemwise import elemwise
from .opdefs import OP
from .operands import rank
from .shapes import reshape, sizes_of
from .table import lower


@lower(OP + "Reshape")
def reshape_opdef(b: Builder, inp: Value, size: Any = None, *, shape: Any = (), axis: int = 7) -> Value:
    """`axis` is the position of the size to infer."""
    sizes = sizes_of(b, shape if size is None else size)
    return reshape(b, inp, [-1 if index == axis else item for index, item in enumerate(sizes)])


@lower(OP + "Broadcast")
def broadcast_opdef(b: Builder, inp: Value, size: Any = None, *, shape: Any = ()) -> Value:
    return tensors.broadcast_to(b, inp, shape if size is None else size)


@lower(OP + "Dimshuffle")
def dimshuffle(b: Builder, inp: Value, *, pattern: Sequence[int]) -> Value:
    """-1 adds an axis; an axis that is left out has size 1 and goes."""
    dropped = sorted(set(range(rank(inp))) - set(pattern))
    x = b.op("Squeeze", inp, dropped) if dropped else inp
    moved = [item if item < 0 else item - sum(axis < item for axis in dropped) for item in pattern]
    return tensors.transpose(b, x, ["x" if item < 0 else item for item in moved])


@lower(OP + "AddAxis")
def add_axis(b: Builder, inp: Value, *, axis: Sequence[int]) -> Value:
    """One after the other, each position in the result so far."""
    for position in axis:
        inp = b.op("Unsqueeze", inp, [position])
    return inp


@lower(OP + "RemoveAxis")
def remove_axis(b: Builder, inp: Value, *, axis: Sequence[int]) -> Value:
    """One after the other, each position in what is left."""
    for position in axis:
        inp = b.op("Squeeze", inp, [position])
    return inp


@lower(OP + "Concat")
def concat_opdef(b: Builder, *inputs: Value, axis: int, comp_node: Any = None) -> Value:
    return tensors.concat(b, inputs, axis)


@lower(OP + "Stack")
def stack_opdef(b: Builder, *inputs: Value, axis: int, comp_node: Any = None) -> Value:
    return tensors.stack(b, inputs, axis)


@lower(OP + "Split")
def split_opdef(b: Builder, inp: Value, *sizes: Value, axis: int, nsections: int = 0) -> list[Value]:
    """Either equal parts, or one size input a part."""
    if not sizes:
        return tensors.split(b, inp, nsections, axis)
    lengths = [int(length) for size in sizes for length in sizes_of(b, size) if isinstance(length, int)]
    if len(lengths) != len(sizes):
        refuse("split into sizes that are only known at run time")
    return b.ops("Split", len(lengths), inp, lengths, axis=axis)


@lower(OP + "Linspace")
def linspace_opdef(
    b: Builder, start: Value, stop: Value, num: Value, *, endpoint: bool = True, comp_node: Any = None
) -> Value:
    if endpoint:
        return tensors.linspace(b, start, stop, num)
    whole = tensors.linspace(b, start, stop, elemwise(b, "ADD", num, 1))
    return b.op("Slice", whole, [0], [-1], [0])


@lower(OP + "Eye")
def eye_opdef(b: Builder, shape: Value, *, k: int, dtype: Any, comp_node: Any = None) -> Value:
    rows, columns = tensors.known_sides(sizes_of(b, shape))
    return b.constant(np.eye(rows, columns, k, dtype=np.dtype(dtype)))


@lower(OP + "Fill")
def fill(b: Builder, shape: Value, *, value: float, dtype: Any = None, comp_node: Any = None) -> Value:
    return tensors.full(b, shape, value, dtype=dtype or "float32")


@lower(OP + "FillLike")
def fill_like(b: Builder, inp: Value, *, value: float, comp_node: Any = None) -> Value:
    return tensors.full_like(b, inp, value)


@lower(OP + "MaskedFill")
def masked_fill(b: Builder, inp: Value, mask: Value, *, value: float) -> Value:
    return assignment.setitem(b, inp, mask, value)


@lower(OP + "MeshGrid")
def meshgrid_opdef(b: Builder, *inputs: Value, indexing: str) -> list[Value]:
    return tensors.meshgrid(b, *inputs, indexing=indexing)


@lower(OP + "Dropout")
def dropout_opdef(b: Builder, inp: Value, *, drop_prob: float, seed: Any = 0, handle: Any = 0) -> list[Value]:
    """Nothing is dropped at inference; the second output is the mask of what was kept."""
    return [inp, tensors.ones_like(b, inp)]


@lower(OP + "Borrow")
def borrow(b: Builder, inp: Value, *, comp_node: Any = None) -> Value:
    return inp
