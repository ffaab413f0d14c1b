"""Types narrower than a byte: how many of their elements share one, the first in the lowest bits.

Source: the comments on TensorProto in onnx/onnx.proto3; TFLite packs in the same way.
"""

from __future__ import annotations

import numpy as np

PER_BYTE = {"uint4": 2, "int4": 2, "float4_e2m1fn": 2, "uint2": 4, "int2": 4}
"""How many elements of a type share a byte."""


def stored_bytes(count: int, dtype: np.dtype) -> int:
    """The bytes that so many elements of a type have in a file."""
    return -(-count // PER_BYTE.get(dtype.name, 1)) * dtype.itemsize


def packed(codes: np.ndarray, per_byte: int) -> np.ndarray:
    """The bytes of elements of which several share one; the last byte is filled with zeros."""
    bits = 8 // per_byte
    low = codes.view(np.uint8) & (2**bits - 1)
    low = np.pad(low, (0, -low.size % per_byte)).reshape(-1, per_byte)
    shifts = np.arange(0, 8, bits, dtype=np.uint8)
    whole: np.ndarray = np.bitwise_or.reduce(low << shifts, axis=1).astype(np.uint8)
    return whole


def unpacked(data: memoryview | np.ndarray, count: int, per_byte: int) -> np.ndarray:
    """`count` elements of which several share a byte, as uint8[count] with the element in the lowest bits."""
    bits = 8 // per_byte
    shifts = np.arange(0, 8, bits, dtype=np.uint8)
    codes = np.frombuffer(data, np.uint8)[:, None] >> shifts & (2**bits - 1)
    elements: np.ndarray = codes.astype(np.uint8).ravel()[:count]
    return elements
