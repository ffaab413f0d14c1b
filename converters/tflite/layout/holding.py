"""The engine run backwards: where the tensors of a TFLite file are held in the IR.

A `Held` is to reading what a `Stored` is to writing: an IR value and the view by which the value holds the tensor.
Axes, shapes and layouts are the file's own; layout (0, 3, 1, 2) is an image whose IR value is channels-first.
Transposes and reshapes of the file only change the view; a node is built where an operator needs another order of
elements.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Dim, Shape, Value
from mgeconvert.ir.builder import Builder
from mgeconvert.ir.quantization import dequantized_blocks

from ..dtypes import fits_int32
from ..model import Array, Layout, Quantization, Tensor, channels_first, identity, merged, permuted
from .view import View, direct, plain, runs

Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Held:
    """Where a tensor's elements are: an IR value, and how the value holds them."""

    value: Value
    view: View


def held(value: Value, layout: Layout) -> Held:
    """A tensor whose IR value has its axes in that layout."""
    shape = value.shape
    if shape is None:
        refuse(f"the rank of {value.name} is known only at run time")
    back = [layout.index(axis) for axis in range(len(layout))]
    return Held(value, plain(permuted(shape, tuple(back)), layout))


def is_real(tensor: Tensor) -> bool:
    """Whether the tensor's integers stand for real numbers; int32 does so for biases only."""
    if tensor.quantization is None:
        return False
    return tensor.dtype.itemsize <= 2 or tensor.is_constant


class Holding:
    """All tensors of a subgraph while it is lowered.

    `preferring` are the tensors that end up in an operator that computes channels-first in the IR, `same` the tensors
    that are constants in another form, `imaginary` the second parts of complex values.
    """

    def __init__(self, b: Builder, preferring: Collection[Tensor]) -> None:
        self.b = b
        self.preferring = preferring
        self.tensors: dict[Tensor, Held] = {}
        self.same: dict[Tensor, Tensor] = {}
        self.imaginary: dict[Value, Value] = {}
        self._realised: dict[tuple[Value, View, Layout], Value] = {}
        self._constants: dict[Key, Value] = {}

    def resolved(self, tensor: Tensor) -> Tensor:
        """The constant that a tensor is, else the tensor."""
        return self.same.get(tensor, tensor)

    def knows(self, tensor: Tensor) -> bool:
        return tensor in self.tensors or tensor.is_constant

    def preferred(self, tensor: Tensor) -> list[Layout]:
        """The layouts that the readers of the tensor would rather have."""
        return [channels_first(tensor.rank)] if tensor in self.preferring and tensor.rank > 2 else []

    def held(self, tensor: Tensor) -> Held:
        if tensor in self.tensors:
            return self.tensors[tensor]
        return held(self.constant(tensor, identity(tensor.rank)), identity(tensor.rank))

    def shape(self, tensor: Tensor) -> Shape:
        """The tensor's shape in the file's order of axes."""
        if tensor in self.tensors:
            return self.tensors[tensor].view.shape
        return tensor.shape

    def realise(self, tensor: Tensor, layout: Layout) -> Value:
        """A value with the tensor's axes in that layout, built once; real numbers where integers stand for them."""
        if tensor in self.tensors:
            return self.realise_view(self.tensors[tensor], layout)
        return self.constant(tensor, layout)

    def aligned(self, tensor: Tensor, layout: Layout) -> Value:
        """`realise` with leading axes of size 1 up to the layout's rank."""
        shape = self.shape(tensor)
        missing = len(layout) - len(shape)
        if not missing or not shape:
            return self.realise(tensor, layout if shape else ())
        if tensor not in self.tensors:
            return self.constant(tensor, layout, missing)
        view = self.tensors[tensor].view.reshaped((1,) * missing + shape)
        if view is None:
            refuse(f"a broadcast of {list(shape)} to {len(layout)} axes")
        return self.realise_view(Held(self.tensors[tensor].value, view), layout)

    def constant(self, tensor: Tensor, layout: Layout, missing: int = 0) -> Value:
        """A constant, with so many leading axes of size 1, in that layout; dequantized where it has scales."""
        raw = self.raw_constant(tensor, layout, missing)
        if not is_real(tensor):
            return raw
        key = (raw, "dequantized")
        if key not in self._constants:
            scales = tensor.quantization
            assert scales is not None
            axis = layout.index(scales.axis + missing) if layout and scales.scale.size > 1 else 0
            if scales.block:
                scale, zero = (
                    np.transpose(part.reshape((1,) * missing + part.shape), layout)
                    for part in (scales.scale, scales.zero_point)
                )
                scales = replace(scales, scale=scale, zero_point=zero)
            self._constants[key] = dequantize(self.b, raw, replace(scales, axis=axis))
        return self._constants[key]

    def raw_constant(self, tensor: Tensor, layout: Layout, missing: int = 0) -> Value:
        """A constant with the integers that the file stores."""
        array = tensor.array
        if array is None:
            refuse(f"{tensor.name or 'an input'} is read before anything makes it")
        key: Key = (id(array), layout, missing, _scales_key(tensor.quantization))
        if key not in self._constants:
            if is_real(tensor) and array.dtype == np.int64:
                array = fits_int32(array, tensor.name)
            array = np.transpose(array.reshape((1,) * missing + array.shape), layout)
            self._constants[key] = self.b.constant(array, name=tensor.name or None)
        return self._constants[key]

    def realise_view(self, where: Held, layout: Layout) -> Value:
        """`realise` for a view of one's own."""
        value, view = where.value, where.view
        shape = permuted(view.shape, layout)
        if view.has(layout) and value.shape == shape:
            return value
        key = (value, view, layout)
        if key not in self._realised:
            self._realised[key] = self._rearranged(value, view, layout, shape)
        return self._realised[key]

    def _rearranged(self, value: Value, view: View, layout: Layout, shape: Shape) -> Value:
        if view.has(layout):
            return self.reshape(value, shape)
        assert value.shape is not None
        perm = direct(value.shape, view, layout, shape)
        if perm is not None:
            return self.reshape(self.b.op("Transpose", value, perm=perm), shape)
        grouped, order = runs(view, view.sequence(layout))
        if sum(isinstance(atom, str) for atom in view.atoms) > 1:
            # a product of sizes that only the run will tell could not be taken apart again
            grouped, order = [[atom] for atom in view.order], [view.order.index(a) for a in view.sequence(layout)]
        split = self.reshape(value, tuple(merged(tuple(view.atoms[atom] for atom in run)) for run in grouped))
        return self.reshape(self.b.op("Transpose", split, perm=tuple(order)), shape)

    def reshape(self, value: Value, shape: Shape) -> Value:
        """Reshape, unless the shape is the same already; one size that only the run will tell is -1."""
        if value.shape == shape:
            return value
        made = self.b.op("Reshape", value, self._shape_operand(value, shape))
        if not made.is_constant and (made.shape is None or any(isinstance(dim, str) for dim in made.shape)):
            made.shape = shape
        return made

    def _shape_operand(self, value: Value, shape: Shape) -> Sequence[int] | Value:
        numbers = [dim if isinstance(dim, int) else -1 for dim in shape]
        if numbers.count(-1) <= 1:
            return numbers
        assert value.shape is not None
        own = self.b.op("Shape", value)
        return self.b.op("Concat", *(self._size(value.shape, own, dim) for dim in shape), axis=0)

    def _size(self, shape: Shape, own: Value, dim: Dim) -> Value:
        if isinstance(dim, int):
            return self.b.constant(np.array([dim], np.int64))
        if dim not in shape:
            refuse(f"a reshape of {list(shape)}: several sizes that only the run will tell")
        return self.b.op("Gather", own, [shape.index(dim)], axis=0)


def dequantize(b: Builder, value: Value, scales: Quantization) -> Value:
    """scale * (value - zero point), per tensor, along the axis or for each block of it."""
    one = scales.scale.size == 1
    scale, zero = scales.scale.astype(np.float32), scales.zero_point.astype(value.dtype)
    if scales.block:
        return b.op("DequantizeLinear", value, scale, zero, axis=scales.axis, block_size=scales.block)
    if one:
        return b.op("DequantizeLinear", value, scale.reshape(()), zero.reshape(()))
    return b.op("DequantizeLinear", value, scale, zero, axis=scales.axis)


def quantize(b: Builder, value: Value, scales: Quantization, dtype: np.dtype[Any]) -> Value:
    """round(value / scale) + zero point, clipped to the integers of the dtype."""
    scale, zero = scales.scale.astype(np.float32), scales.zero_point.astype(dtype)
    if scale.size == 1:
        return b.op("QuantizeLinear", value, scale.reshape(()), zero.reshape(()))
    return b.op("QuantizeLinear", value, scale, zero, axis=scales.axis)


def same_scales(first: Quantization | None, second: Quantization | None) -> bool:
    """Whether two tensors have the same scales and zero points."""
    if first is None or second is None:
        return first is second
    return np.array_equal(first.scale, second.scale) and np.array_equal(first.zero_point, second.zero_point)


def _scales_key(scales: Quantization | None) -> Key:
    return () if scales is None else (scales.scale.tobytes(), scales.zero_point.tobytes(), scales.axis)


def constant_array(tensor: Tensor) -> Array | None:
    """The numbers of a constant; real ones where integers stand for them."""
    array, scales = tensor.array, tensor.quantization
    if array is None or scales is None or not is_real(tensor):
        return array
    if scales.block:
        return dequantized_blocks(array, scales.scale, scales.zero_point, scales.axis, scales.block)
    shape = [1] * array.ndim
    if scales.scale.size > 1:
        shape[scales.axis] = -1
    scale, zero = (part.reshape(shape if array.ndim else ()) for part in (scales.scale, scales.zero_point))
    real: Array = (array.astype(np.float32) - zero.astype(np.float32)) * scale
    return real
