"""numpy arrays as the data of ONNX tensors: the raw little-endian form, without copies of weights.

Source: the comments on TensorProto in onnx/onnx.proto3.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

import numpy as np

from mgeconvert.ir.dtypes import ELEM_TYPES, type_name

STRING = ELEM_TYPES["object"]
PER_BYTE = {"uint4": 2, "int4": 2, "float4_e2m1fn": 2, "uint2": 4, "int2": 4}
"""How many elements of a type narrower than a byte share one, the first in the lowest bits."""

CHUNK = 1 << 22
"""Elements converted at a time where an array cannot be written as it lies in memory. A multiple of every PER_BYTE."""


class TensorData:
    """The raw_data of an array (a wire.Payload): a view of it where it lies in memory as ONNX wants it."""

    __slots__ = ("array", "nbytes")

    def __init__(self, array: np.ndarray) -> None:
        self.array = array
        per_byte = PER_BYTE.get(type_name(array.dtype), 1)
        self.nbytes = -(-array.size // per_byte) if per_byte > 1 else array.size * array.itemsize

    def buffers(self) -> Iterator[bytes | memoryview]:
        array = self.array
        if not array.size:
            return
        per_byte = PER_BYTE.get(type_name(array.dtype), 1)
        if per_byte == 1 and array.flags.c_contiguous and _is_little_endian(array.dtype):
            yield array.reshape(-1).view(np.uint8).data
            return
        for piece in _pieces(array):
            if per_byte > 1:
                piece = _packed(piece, per_byte)
            elif not _is_little_endian(piece.dtype):
                piece = piece.byteswap()
            yield np.ascontiguousarray(piece).view(np.uint8).data


def text_items(array: np.ndarray) -> list[bytes]:
    """The elements of a text array, in order, as UTF-8."""
    return [item if isinstance(item, bytes) else str(item).encode() for item in array.ravel().tolist()]


def _pieces(array: np.ndarray) -> Iterator[np.ndarray]:
    """The elements in C order, CHUNK at a time, whatever the strides (a broadcast array is never expanded whole)."""
    flat = array.flat
    for start in range(0, array.size, CHUNK):
        yield flat[start : start + CHUNK]


def _packed(piece: np.ndarray, per_byte: int) -> np.ndarray:
    bits = 8 // per_byte
    codes = piece.view(np.uint8) & (2**bits - 1)
    codes = np.pad(codes, (0, -codes.size % per_byte)).reshape(-1, per_byte)
    shifts = np.arange(0, 8, bits, dtype=np.uint8)
    packed: np.ndarray = np.bitwise_or.reduce(codes << shifts, axis=1).astype(np.uint8)
    return packed


def unpacked(data: memoryview, count: int, per_byte: int) -> np.ndarray:
    """`count` elements of which several share a byte, as uint8[count] with the element in the lowest bits."""
    bits = 8 // per_byte
    shifts = np.arange(0, 8, bits, dtype=np.uint8)
    codes = np.frombuffer(data, np.uint8)[:, None] >> shifts & (2**bits - 1)
    elements: np.ndarray = codes.astype(np.uint8).ravel()[:count]
    return elements


def _is_little_endian(dtype: np.dtype) -> bool:
    order = dtype.byteorder
    return order in "<|" or (order == "=" and sys.byteorder == "little")
