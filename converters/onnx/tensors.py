"""numpy arrays as the data of ONNX tensors: the raw little-endian form, without copies of weights.

Source: the comments on TensorProto in onnx/onnx.proto3.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

import numpy as np

from mgeconvert.ir.dtypes import ELEM_TYPES, type_name
from mgeconvert.ir.packing import PER_BYTE, packed, stored_bytes

STRING = ELEM_TYPES["object"]
CHUNK = 1 << 22
"""Elements converted at a time where an array cannot be written as it lies in memory. A multiple of every PER_BYTE."""


class TensorData:
    """The raw_data of an array (a wire.Payload): a view of it where it lies in memory as ONNX wants it."""

    __slots__ = ("array", "nbytes")

    def __init__(self, array: np.ndarray) -> None:
        self.array = array
        self.nbytes = stored_bytes(array.size, array.dtype)

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
                piece = packed(piece, per_byte)
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


def _is_little_endian(dtype: np.dtype) -> bool:
    order = dtype.byteorder
    return order in "<|" or (order == "=" and sys.byteorder == "little")
