"""numpy arrays as the data of ONNX tensors: element types and the raw little-endian form, without copies of weights.

Source: the comments on TensorProto in onnx/onnx.proto3.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Iterator

import numpy as np

ELEM_TYPES: dict[str, int] = {
    "float32": 1,
    "uint8": 2,
    "int8": 3,
    "uint16": 4,
    "int16": 5,
    "int32": 6,
    "int64": 7,
    "object": 8,
    "bool": 9,
    "float16": 10,
    "float64": 11,
    "uint32": 12,
    "uint64": 13,
    "complex64": 14,
    "complex128": 15,
    "bfloat16": 16,
    "float8_e4m3fn": 17,
    "float8_e4m3fnuz": 18,
    "float8_e5m2": 19,
    "float8_e5m2fnuz": 20,
    "uint4": 21,
    "int4": 22,
    "float4_e2m1fn": 23,
    "float8_e8m0fnu": 24,
    "uint2": 25,
    "int2": 26,
}
"""numpy (or ml_dtypes) name -> TensorProto.DataType; an object array holds text."""

STRING = ELEM_TYPES["object"]
PER_BYTE = {"uint4": 2, "int4": 2, "float4_e2m1fn": 2, "uint2": 4, "int2": 4}
"""How many elements of a type narrower than a byte share one, the first in the lowest bits."""

CHUNK = 1 << 22
"""Elements converted at a time where an array cannot be written as it lies in memory. A multiple of every PER_BYTE."""


@functools.lru_cache(256)
def type_name(dtype: np.dtype) -> str:
    """The name of a type as ELEM_TYPES has it."""
    return "object" if dtype.kind in "US" else dtype.name


def elem_type(dtype: np.dtype) -> int | None:
    """The TensorProto.DataType of a numpy type, None where ONNX has none."""
    return ELEM_TYPES.get(type_name(dtype))


class TensorData:
    """The raw_data of an array (a wire.Payload): a view of it where it lies in memory as ONNX wants it."""

    __slots__ = ("array", "nbytes")

    def __init__(self, array: np.ndarray) -> None:
        self.array = array
        per_byte = PER_BYTE.get(array.dtype.name, 1)
        self.nbytes = -(-array.size // per_byte) if per_byte > 1 else array.size * array.itemsize

    def buffers(self) -> Iterator[bytes | memoryview]:
        array = self.array
        if not array.size:
            return
        per_byte = PER_BYTE.get(array.dtype.name, 1)
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


def _is_little_endian(dtype: np.dtype) -> bool:
    order = dtype.byteorder
    return order in "<|" or (order == "=" and sys.byteorder == "little")
