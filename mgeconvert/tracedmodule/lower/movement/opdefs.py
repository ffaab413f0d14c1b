"""The opdefs that move or make data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Value, table_size
from mgeconvert.ir.builder import Builder

from ..elementwise.modes import elemwise
from ..names import OPDEF
from ..operands import rank
from ..shapes import reshape, sizes_of
from ..table import lower
from .creation import full, full_like, known_sides, linspace, meshgrid
from .functional import broadcast_to, concat, pad, pixel_shuffle, split, stack, transpose


@lower(OPDEF + "PixelShuffle")
def pixel_shuffle_opdef(b: Builder, inp: Value, *, factor: int) -> Value:
    return pixel_shuffle(b, inp, factor)


@lower(OPDEF + "Padding")
def padding_opdef(b: Builder, inp: Value, *, padding_mode: str, padding_val: float, **offsets: int) -> Value:
    widths = [(offsets[f"front_offset_dim{axis}"], offsets[f"back_offset_dim{axis}"]) for axis in range(rank(inp))]
    return pad(b, inp, widths, padding_mode, padding_val)


@lower(OPDEF + "Reshape")
def reshape_opdef(b: Builder, inp: Value, size: Any = None, *, shape: Any = (), axis: int = 7) -> Value:
    """`axis` is the position of the size to infer."""
    sizes = sizes_of(b, shape if size is None else size)
    return reshape(b, inp, [-1 if index == axis else item for index, item in enumerate(sizes)])


@lower(OPDEF + "Broadcast")
def broadcast_opdef(b: Builder, inp: Value, size: Any = None, *, shape: Any = ()) -> Value:
    return broadcast_to(b, inp, shape if size is None else size)


@lower(OPDEF + "Dimshuffle")
def dimshuffle(b: Builder, inp: Value, *, pattern: Sequence[int]) -> Value:
    """-1 adds an axis; an axis that is left out has size 1 and goes."""
    dropped = sorted(set(range(rank(inp))) - set(pattern))
    x = b.op("Squeeze", inp, dropped) if dropped else inp
    moved = [item if item < 0 else item - sum(axis < item for axis in dropped) for item in pattern]
    return transpose(b, x, ["x" if item < 0 else item for item in moved])


@lower(OPDEF + "AddAxis")
def add_axis(b: Builder, inp: Value, *, axis: Sequence[int]) -> Value:
    """One after the other, each position in the result so far."""
    for position in axis:
        inp = b.op("Unsqueeze", inp, [position])
    return inp


@lower(OPDEF + "RemoveAxis")
def remove_axis(b: Builder, inp: Value, *, axis: Sequence[int]) -> Value:
    """One after the other, each position in what is left."""
    for position in axis:
        inp = b.op("Squeeze", inp, [position])
    return inp


@lower(OPDEF + "Concat")
def concat_opdef(b: Builder, *inputs: Value, axis: int, comp_node: Any = None) -> Value:
    return concat(b, inputs, axis)


@lower(OPDEF + "Stack")
def stack_opdef(b: Builder, *inputs: Value, axis: int, comp_node: Any = None) -> Value:
    return stack(b, inputs, axis)


@lower(OPDEF + "Split")
def split_opdef(b: Builder, inp: Value, *sizes: Value, axis: int, nsections: int = 0) -> list[Value]:
    """Either equal parts, or one input per part that holds its size."""
    if not sizes:
        return split(b, inp, nsections, axis)
    lengths = [int(length) for size in sizes for length in sizes_of(b, size) if isinstance(length, int)]
    if len(lengths) != len(sizes):
        refuse("split into sizes that are only known at run time")
    return b.ops("Split", len(lengths), inp, lengths, axis=axis)


@lower(OPDEF + "Linspace")
def linspace_opdef(
    b: Builder, start: Value, stop: Value, num: Value, *, endpoint: bool = True, comp_node: Any = None
) -> Value:
    if endpoint:
        return linspace(b, start, stop, num)
    whole = linspace(b, start, stop, elemwise(b, "ADD", num, 1))
    return b.op("Slice", whole, [0], [-1], [0])


@lower(OPDEF + "Eye")
def eye_opdef(b: Builder, shape: Value, *, k: int, dtype: Any, comp_node: Any = None) -> Value:
    rows, columns = known_sides(sizes_of(b, shape))
    return b.constant(table_size.eye(rows, columns, k, dtype=np.dtype(dtype)))


@lower(OPDEF + "Fill")
def fill(b: Builder, shape: Value, *, value: float, dtype: Any = None, comp_node: Any = None) -> Value:
    return full(b, shape, value, dtype=dtype or "float32")


@lower(OPDEF + "FillLike")
def fill_like(b: Builder, inp: Value, *, value: float, comp_node: Any = None) -> Value:
    return full_like(b, inp, value)


@lower(OPDEF + "MeshGrid")
def meshgrid_opdef(b: Builder, *inputs: Value, indexing: str) -> list[Value]:
    return meshgrid(b, *inputs, indexing=indexing)
