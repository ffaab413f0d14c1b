"""Tensors made from sizes and numbers. Source: megengine/functional/tensor.py (MegEngine 1.13)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Value, table_size
from mgeconvert.ir.builder import Builder

from ..names import TENSOR
from ..operands import FLOAT32, INT32, Tensor, cast, in_dtype, tensor
from ..shapes import Size, dimension, reshape, shape_of, sizes_of
from ..table import lower
from .functional import broadcast_to


@lower(TENSOR + "meshgrid")
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


@lower(TENSOR + "full")
def full(b: Builder, shape: Any, value: Tensor, dtype: Any = None, device: Any = None) -> Value:
    """This and the next four take dtype and device by position as well: MegEngine 1.6 and some of 1.7 wrote them so."""
    return broadcast_to(b, tensor(b, value, dtype), shape)


@lower(TENSOR + "ones")
def ones(b: Builder, shape: Any, dtype: Any = "float32", device: Any = None) -> Value:
    return full(b, shape, 1, dtype=dtype)


@lower(TENSOR + "zeros")
def zeros(b: Builder, shape: Any, dtype: Any = "float32", device: Any = None) -> Value:
    return full(b, shape, 0, dtype=dtype)


@lower(TENSOR + "full_like")
def full_like(b: Builder, inp: Value, value: Tensor) -> Value:
    """A Python number goes through float32."""
    stored = float(np.float32(value)) if isinstance(value, bool | int | float) else value
    return broadcast_to(b, tensor(b, stored, inp.dtype), shape_of(b, inp))


@lower(TENSOR + "zeros_like")
def zeros_like(b: Builder, inp: Value) -> Value:
    return full_like(b, inp, 0)


@lower(TENSOR + "ones_like")
def ones_like(b: Builder, inp: Value) -> Value:
    return full_like(b, inp, 1)


@lower(TENSOR + "linspace")
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


@lower(TENSOR + "arange")
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


@lower(TENSOR + "eye")
def eye(b: Builder, N: Any, M: Any = None, *, dtype: Any = "float32", device: Any = None) -> Value:
    rows, columns = known_sides([*sizes_of(b, N), *([] if M is None else sizes_of(b, M))])
    return b.constant(table_size.eye(rows, columns, dtype=np.dtype(dtype)))


def known_sides(sizes: Sequence[Any]) -> tuple[int, int]:
    """Rows and columns of an identity matrix; one size stands for both."""
    if not all(isinstance(size, int) for size in sizes):
        refuse("eye of a size that is only known at run time")
    return sizes[0], sizes[-1]
