"""One tensor of the file: its type, its shape, its numbers, its scales."""

from __future__ import annotations

import math
from typing import Any

import ml_dtypes
import numpy as np

from mgeconvert.ir.packing import PER_BYTE, stored_bytes, unpacked

from ..dtypes import INERT, TYPES
from ..model import Array, Quantization, Tensor
from .blocks import blocks_of
from .fields import BufferFields, QuantizationFields, TensorFields
from .sparse import dense
from .tables import Bytes, Table

LARGEST = 1 << 40
"""More elements than this no tensor has."""
_DTYPES: dict[int, np.dtype[Any]] = {
    **{number: np.dtype(name) for name, number in TYPES.items()},
    17: np.dtype(ml_dtypes.int4),
    18: np.dtype(ml_dtypes.bfloat16),
    19: np.dtype(ml_dtypes.int2),
    20: np.dtype(ml_dtypes.uint4),
    21: np.dtype(ml_dtypes.float8_e4m3fn),
    22: np.dtype(ml_dtypes.float8_e5m2),
    5: INERT,
    13: INERT,
    14: INERT,
}
"""TensorType to dtype: names of numpy's types, those of fewer bits, then STRING, RESOURCE, VARIANT."""


class Buffers:
    """The buffers of a file; tensors that share one share its array."""

    def __init__(self, content: Bytes, tables: list[Table]) -> None:
        self.content = content
        self.tables = tables
        self._arrays: dict[tuple[int, str, tuple[int, ...]], Array] = {}

    def raw(self, number: int) -> Array:
        """The bytes of a buffer: inside the flatbuffer, or behind it where the file is larger than 2 GB."""
        if not 0 <= number < len(self.tables):
            self.content.damaged(f"buffer {number} of {len(self.tables)}")
        table = self.tables[number]
        offset, size = table.scalar(BufferFields.OFFSET, "Q"), table.scalar(BufferFields.SIZE, "Q")
        if offset > 1 and size > 1:
            return self.content.view(offset, np.uint8, size)
        return table.data(BufferFields.DATA, np.uint8)

    def numbers(self, number: int, dtype: np.dtype[Any], shape: tuple[int, ...], name: str) -> Array:
        """The buffer as an array; its size must be that of the shape."""
        key = (number, dtype.name, shape)
        if key not in self._arrays:
            self._arrays[key] = self._decoded(self.raw(number), dtype, shape, name)
        return self._arrays[key]

    def _decoded(self, raw: Array, dtype: np.dtype[Any], shape: tuple[int, ...], name: str) -> Array:
        count = math.prod(shape)
        expected, per_byte = stored_bytes(count, dtype), PER_BYTE.get(dtype.name, 1)
        if raw.nbytes != expected:
            self.content.damaged(f"tensor {name} of {expected} bytes has a buffer of {raw.nbytes}")
        if per_byte > 1:
            codes: Array = unpacked(raw, count, per_byte).view(dtype).reshape(shape)
            return codes
        return raw.view(dtype.newbyteorder("<") if dtype.itemsize > 1 else dtype).reshape(shape)


def tensors_of(tables: list[Table], buffers: Buffers) -> list[Tensor]:
    """The tensors of a subgraph, with the scales of blocks that others of them hold."""
    found = [_tensor(table, buffers) for table in tables]
    for table, tensor in zip(tables, found, strict=True):
        blocks = blocks_of(table, tensor)
        if blocks is not None:
            tensor.quantization = blocks.quantization(tensor, found)
    return found


def _tensor(table: Table, buffers: Buffers) -> Tensor:
    """The tensor; BadInputError for one that no file of the format can have."""
    name = table.text(TensorFields.NAME)
    content = table.bytes
    kind = table.scalar(TensorFields.TYPE, "b")
    if kind not in _DTYPES:
        content.damaged(f"tensor {name} of type {kind}, which the schema does not have")
    sizes = tuple(table.vector(TensorFields.SHAPE, np.int32).tolist())
    signature = table.vector(TensorFields.SHAPE_SIGNATURE, np.int32).tolist()
    if any(size < 0 for size in sizes) or math.prod(sizes) > LARGEST:
        content.damaged(f"tensor {name} of shape {list(sizes)}")
    if signature and (len(signature) != len(sizes) or any(size < -1 for size in signature)):
        content.damaged(f"tensor {name} of shape {list(sizes)} has the signature {signature}")
    tensor = Tensor(name, _DTYPES[kind], sizes, variable=bool(table.scalar(TensorFields.IS_VARIABLE, "?")))
    number = table.scalar(TensorFields.BUFFER, "I")
    if buffers.raw(number).size and tensor.dtype != INERT:
        sparsity = table.table(TensorFields.SPARSITY)
        tensor.array = _constant(tensor, buffers, number, sizes, sparsity)
    elif -1 in signature:
        named = [f"{name or 'dim'}_{axis}" if size < 0 else size for axis, size in enumerate(signature)]
        tensor.shape = tuple(named)
    quantization = table.table(TensorFields.QUANTIZATION)
    if quantization is not None and tensor.dtype.kind not in "fcbO":
        tensor.quantization = _quantization(quantization, tensor, sizes)
    return tensor


def _constant(tensor: Tensor, buffers: Buffers, number: int, sizes: tuple[int, ...], sparsity: Table | None) -> Array:
    if sparsity is None:
        return buffers.numbers(number, tensor.dtype, sizes, tensor.name)
    raw = buffers.raw(number)
    if raw.nbytes % tensor.dtype.itemsize or tensor.dtype.name in PER_BYTE:
        buffers.content.damaged(f"tensor {tensor.name}: {raw.nbytes} bytes of sparse {tensor.dtype.name}")
    return dense(sparsity, sizes, raw.view(tensor.dtype))


def _quantization(table: Table, tensor: Tensor, sizes: tuple[int, ...]) -> Quantization | None:
    scale = table.vector(QuantizationFields.SCALE, np.float32)
    zero = table.vector(QuantizationFields.ZERO_POINT, np.int64)
    axis = table.scalar(QuantizationFields.AXIS, "i")
    if not scale.size:
        return None
    content = table.bytes
    if not np.isfinite(scale).all() or (scale < 0).any():
        content.damaged(f"tensor {tensor.name} has a scale that is negative or no number")
    if scale.size > 1 and (not 0 <= axis < len(sizes) or sizes[axis] != scale.size):
        content.damaged(f"tensor {tensor.name} of shape {list(sizes)} has {scale.size} scales along axis {axis}")
    if zero.size not in (0, 1, scale.size):
        content.damaged(f"tensor {tensor.name} has {scale.size} scales and {zero.size} zero points")
    zeros = np.broadcast_to(zero, scale.shape) if zero.size else np.zeros(scale.shape, np.int64)
    return Quantization(scale, zeros, axis if scale.size > 1 else 0)
