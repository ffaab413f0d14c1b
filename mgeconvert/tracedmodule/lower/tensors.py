"""megengine.functional.tensor and the Tensor methods that move, make or reshape data.

Source: megengine/functional/tensor.py and megengine/core/tensor/array_method.py of MegEngine 1.13.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder

from ..read.arrays import MgeDType
from .operands import FLOAT32, INT32, INT64, Tensor, axes_of, cast, in_dtype, is_narrow, promote, rank, tensor, widened
from .quantization import convert
from .shapes import (
    Size,
    as_shape_operand,
    broadcast_sizes,
    dimension,
    expand,
    follow,
    known_elements,
    pack,
    reshape,
    reshape_to,
    shape_of,
    sizes_of,
)
from .table import lower

F = "megengine.functional.tensor."
T = "megengine.tensor.Tensor."
OP = "megengine.core.ops.builtin."


@lower(OP + "GetVarShape")
def get_var_shape(b: Builder, inp: Value, axis: int = 7) -> Value:
    """Axis 7 (MegEngine's MAX_NDIM) asks for the whole shape."""
    if axis == 7:
        return shape_of(b, inp)
    size = dimension(b, inp, axis)
    return b.constant([size], INT32) if isinstance(size, int) else b.op("Reshape", size, [1])


@lower(T + "reshape")
def reshape_method(b: Builder, self: Value, *args: Any) -> Value:
    return reshape(b, self, args)


@lower(F + "reshape")
def reshape_function(b: Builder, inp: Value, target_shape: Any) -> Value:
    return reshape(b, inp, target_shape)


@lower(F + "flatten", T + "flatten")
def flatten(b: Builder, inp: Value, start_axis: int = 0, end_axis: int = -1) -> Value:
    """Axes start_axis to end_axis, both included, become one."""
    count = rank(inp)
    start, end = start_axis % max(count, 1), end_axis % max(count, 1)
    sizes = [dimension(b, inp, axis) for axis in range(count)]
    return reshape_to(b, inp, [*sizes[:start], -1, *sizes[end + 1 :]])


@lower(T + "transpose")
def transpose_method(b: Builder, self: Value, *args: Any) -> Value:
    pattern = args[0] if len(args) == 1 and not isinstance(args[0], int | str) else args
    return transpose(b, self, pattern or None)


@lower(F + "transpose")
def transpose(b: Builder, inp: Value, pattern: Any = None) -> Value:
    """``'x'`` in a pattern adds an axis of size 1."""
    if pattern is None:
        pattern = range(rank(inp))[::-1]
    order = [item if item == "x" else int(sizes_of(b, item)[0]) % rank(inp) for item in pattern]  # type: ignore[arg-type]
    kept = [item for item in order if item != "x"]
    moved = inp if kept == list(range(len(kept))) else b.op("Transpose", inp, perm=kept)
    added = [axis for axis, item in enumerate(order) if item == "x"]
    return b.op("Unsqueeze", moved, added) if added else moved


@lower(T + "T")
def transposed(b: Builder, self: Value) -> Value:
    return transpose(b, self)


@lower(F + "swapaxes")
def swapaxes(b: Builder, inp: Value, axis1: int, axis2: int) -> Value:
    order = list(range(rank(inp)))
    order[axis1], order[axis2] = order[axis2], order[axis1]
    return transpose(b, inp, order)


@lower(F + "expand_dims")
def expand_dims(b: Builder, inp: Tensor, axis: int | Sequence[int]) -> Value:
    return b.op("Unsqueeze", tensor(b, inp), [axis] if isinstance(axis, int) else sorted(axis))


@lower(F + "squeeze")
def squeeze(b: Builder, inp: Value, axis: int | Sequence[int] | None = None) -> Value:
    """Without an axis every axis of size 1 goes."""
    if axis is None:
        if inp.static_shape is None:
            refuse("squeeze without an axis on a tensor whose shape is only known at run time")
        axis = [index for index, size in enumerate(inp.static_shape) if size == 1]
    axes = axes_of(inp, axis)
    return b.op("Squeeze", inp, axes) if axes else inp


@lower(F + "broadcast_to", T + "_broadcast")
def broadcast_to(b: Builder, inp: Tensor, shape: Any) -> Value:
    x = tensor(b, inp)
    sizes = broadcast_sizes(b, x, sizes_of(b, shape))
    return expand(b, x, sizes)


@lower(F + "concat")
def concat(b: Builder, inps: Sequence[Tensor], axis: int = 0, device: Any = None) -> Value:
    """Scalars count as vectors of one element."""
    sizes = known_elements(b, inps)
    if sizes is not None:
        return pack(b, sizes)
    values = [value if rank(value) else b.op("Reshape", value, [1]) for value in promote(b, *inps)]
    return values[0] if len(values) == 1 else b.op("Concat", *follow(b, values, axis % rank(values[0])), axis=axis)


@lower(F + "stack")
def stack(b: Builder, inps: Sequence[Tensor], axis: int = 0, device: Any = None) -> Value:
    return concat(b, [b.op("Unsqueeze", value, [axis]) for value in promote(b, *inps)], axis)


@lower(F + "split")
def split(b: Builder, inp: Value, nsplits_or_sections: Any, axis: int = 0) -> list[Value]:
    """A number of equal parts, or the positions to cut at."""
    (along,) = axes_of(inp, axis)
    length = dimension(b, inp, along)
    if isinstance(nsplits_or_sections, int | np.integer):
        count = int(nsplits_or_sections)
        if isinstance(length, int) and length % count:
            refuse(f"split of {length} into {count} parts that are not equal")
        return b.ops("Split", count, inp, None, axis=along, num_outputs=count)
    cuts = sizes_of(b, nsplits_or_sections)
    if not isinstance(length, int) or not all(isinstance(cut, int) for cut in cuts):
        refuse("split at positions that are only known at run time")
    bounds = [0, *(min(cut, length) for cut in cuts if isinstance(cut, int)), length]
    sizes = [end - start for start, end in itertools.pairwise(bounds)]
    return b.ops("Split", len(sizes), inp, sizes, axis=along)


@lower(F + "where")
def where(b: Builder, mask: Value, x: Tensor, y: Tensor) -> Value:
    values = promote(b, x, y)
    dtype = values[0].dtype
    if is_narrow(dtype):  # onnxruntime does not choose among all of them
        return cast(b, b.op("Where", mask, *(cast(b, value, INT32) for value in values)), dtype)
    return b.op("Where", mask, *values)


@lower(F + "repeat")
def repeat(b: Builder, inp: Value, repeats: Size, axis: int | None = None) -> Value:
    if axis is None:
        return repeat(b, reshape(b, inp, -1), repeats, 0)
    (along,) = axes_of(inp, axis)
    sizes = [dimension(b, inp, index) for index in range(rank(inp))]
    wide = b.op("Unsqueeze", inp, [along + 1])
    copies = sizes_of(b, repeats)
    spread = expand(b, wide, [*sizes[: along + 1], *copies, *sizes[along + 1 :]])
    return reshape_to(b, spread, [*sizes[:along], -1, *sizes[along + 1 :]])


@lower(F + "tile")
def tile(b: Builder, inp: Value, reps: Any) -> Value:
    counts = sizes_of(b, reps)
    missing = len(counts) - rank(inp)
    wide = b.op("Unsqueeze", inp, list(range(missing))) if missing > 0 else inp
    return b.op("Tile", wide, as_shape_operand(b, counts))


@lower(F + "roll")
def roll(b: Builder, inp: Value, shift: Any, axis: Any = None) -> Value:
    if axis is None:
        return b.op(
            "Reshape", roll(b, reshape(b, inp, -1), shift, 0), as_shape_operand(b, sizes_of(b, shape_of(b, inp)))
        )
    shifts = [shift] if isinstance(shift, int) else shift
    for offset, along in zip(shifts, axes_of(inp, axis), strict=True):
        size = dimension(b, inp, along)
        cut = (-offset) % size if isinstance(size, int) and size else -offset
        if cut:
            head = b.op("Slice", inp, [0], [cut], [along])
            tail = b.op("Slice", inp, [cut], [np.iinfo(np.int64).max], [along])
            inp = b.op("Concat", tail, head, axis=along)
    return inp


@lower(F + "cumsum")
def cumsum(b: Builder, inp: Value, axis: int, exclusive: bool = False, reverse: bool = False) -> Value:
    """MegEngine's function takes the axis only."""
    along = b.constant(axis % rank(inp), INT64)
    return widened(b, inp, lambda wide: b.op("CumSum", wide, along, exclusive=exclusive, reverse=reverse))


@lower(F + "meshgrid")
def meshgrid(b: Builder, *inputs: Value, indexing: str = "xy") -> list[Value]:
    """`xy` swaps the first two axes of the grid."""
    order = list(range(len(inputs)))
    if indexing == "xy" and len(inputs) > 1:
        order[:2] = [1, 0]
    sizes: list[Size] = [dimension(b, inputs[index], 0) for index in order]
    grids = []
    for index, value in enumerate(inputs):
        column = reshape(b, value, [-1 if axis == order.index(index) else 1 for axis in range(len(inputs))])
        grids.append(broadcast_to(b, column, sizes))
    return grids


@lower(F + "full")
def full(b: Builder, shape: Any, value: Tensor, dtype: Any = None, device: Any = None) -> Value:
    """This and the next four take dtype and device by position as well: MegEngine 1.6 and some of 1.7 wrote them so."""
    return broadcast_to(b, tensor(b, value, dtype), shape)


@lower(F + "ones")
def ones(b: Builder, shape: Any, dtype: Any = "float32", device: Any = None) -> Value:
    return full(b, shape, 1, dtype=dtype)


@lower(F + "zeros")
def zeros(b: Builder, shape: Any, dtype: Any = "float32", device: Any = None) -> Value:
    return full(b, shape, 0, dtype=dtype)


@lower(F + "full_like")
def full_like(b: Builder, inp: Value, value: Tensor) -> Value:
    return broadcast_to(b, b.constant(value, inp.dtype), shape_of(b, inp))


@lower(F + "zeros_like")
def zeros_like(b: Builder, inp: Value) -> Value:
    return full_like(b, inp, 0)


@lower(F + "ones_like")
def ones_like(b: Builder, inp: Value) -> Value:
    return full_like(b, inp, 1)


@lower(F + "linspace")
def linspace(b: Builder, start: Tensor, stop: Tensor, num: Tensor, dtype: Any = "float32", device: Any = None) -> Value:
    """num values from start to stop, computed in float32 and then cast."""
    first, last = in_dtype(b, [start, stop], FLOAT32)
    (count,) = sizes_of(b, num)  # type: ignore[arg-type]
    if not isinstance(count, int):
        intervals = b.op("Max", cast(b, b.op("Sub", count, 1), FLOAT32), 1.0)
    else:
        intervals = b.constant(max(count - 1, 1), FLOAT32)
        count = b.constant(count, INT32)
    steps = cast(b, b.op("Range", b.constant(0, INT32), b.op("Reshape", count, []), b.constant(1, INT32)), FLOAT32)
    step = b.op("Div", b.op("Sub", last, first), intervals)
    return cast(b, b.op("Add", first, b.op("Mul", steps, step)), dtype)


def _is(x: Tensor, number: int) -> bool:
    array = x.array if isinstance(x, Value) else x
    return array is not None and np.size(array) == 1 and bool(np.all(array == number))


@lower(F + "arange")
def arange(
    b: Builder,
    start: Tensor = 0,
    stop: Tensor | None = None,
    step: Tensor = 1,
    dtype: Any = "float32",
    device: Any = None,
) -> Value:
    """ceil((stop - start) / step) values, in float32 and then cast."""
    if stop is None:
        start, stop = 0, start
    if isinstance(stop, Value) and stop.dtype == INT32 and _is(start, 0) and _is(step, 1):
        return cast(b, b.op("Range", b.constant(0, INT32), b.op("Reshape", stop, []), b.constant(1, INT32)), dtype)
    first, last, pace = in_dtype(b, [start, stop, step], FLOAT32)
    first, last, pace = (b.op("Reshape", value, []) for value in (first, last, pace))
    count = cast(b, b.op("Ceil", b.op("Div", b.op("Sub", last, first), pace)), INT32)
    steps = cast(b, b.op("Range", b.constant(0, INT32), count, b.constant(1, INT32)), FLOAT32)
    return cast(b, b.op("Add", first, b.op("Mul", steps, pace)), dtype)


@lower(F + "eye")
def eye(b: Builder, N: Any, M: Any = None, *, dtype: Any = "float32", device: Any = None) -> Value:
    rows, columns = known_sides([*sizes_of(b, N), *([] if M is None else sizes_of(b, M))])
    return b.constant(np.eye(rows, columns, dtype=np.dtype(dtype)))


def known_sides(sizes: Sequence[Any]) -> tuple[int, int]:
    """Rows and columns of an identity matrix; one size stands for both."""
    if not all(isinstance(size, int) for size in sizes):
        refuse("eye of a size that is only known at run time")
    return sizes[0], sizes[-1]


@lower(T + "astype")
def astype(b: Builder, self: Value, dtype: Any) -> Value:
    return convert(b, self, dtype) if isinstance(dtype, MgeDType) else cast(b, self, dtype)


@lower(T + "__new__")
def new_tensor(b: Builder, cls: Any, data: Tensor, dtype: Any = None, *args: Any, **kwargs: Any) -> Value:
    """`mge.Tensor(x)` on a tensor that is already there: the tensor, or a cast of it."""
    return tensor(b, data, dtype)


@lower(T + "detach", T + "to", F + "copy", OP + "Copy", OP + "Identity", OP + "FastpathCopy")
def same(b: Builder, inp: Value, *args: Any, **kwargs: Any) -> Value:
    """Gradients and devices do not exist in a converted model."""
    return inp


@lower(OP + "TypeCvt")
def type_cvt(b: Builder, inp: Value, *, dtype: Any) -> Value:
    return astype(b, inp, dtype)
