"""The types of static graphs and the bytes of their values."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from mgeconvert.errors import BadInputError
from mgeconvert.tracedmodule.read.arrays import DType, MgeDType, storage

from .flat import Table

_PLAIN = {
    "Float32": "f4", "Uint8": "u1", "Int8": "i1", "Int16": "i2", "Int32": "i4", "Byte": "u1", "Float16": "f2",
    "Bool": "b1", "Uint16": "u2", "Complex64": "c8",
}  # fmt: skip
_QUANTIZED = {
    "QuantizedS1": "i1", "QuantizedS4": "i1", "Quantized4Asymm": "u1", "QuantizedS8": "i1", "Quantized8Asymm": "u1",
    "QuantizedS16": "i2", "QuantizedS32": "i4",
}  # fmt: skip
_OTHERS = {"BFloat16": ("bfloat16", "u2"), "IntB1": ("intb1", "u1"), "IntB2": ("intb2", "u1"),
           "IntB4": ("intb4", "u1"), "UintB4": ("uintb4", "u1")}  # fmt: skip
_BITS = {"QuantizedS1": 1, "QuantizedS4": 4, "Quantized4Asymm": 4, "intb1": 1, "intb2": 2, "intb4": 4, "uintb4": 4}
"""Types of less than a byte; the values of a row are packed, the first in the low bits, and a row begins a byte."""


def dtype_of(table: Table | None) -> DType:
    """What a DType table says; float32 where there is none. The number of an unknown type is its name."""
    if table is None:
        return np.dtype(np.float32)
    name = table["type"]
    if name not in _QUANTIZED:
        return plain(name)
    given = table["param"]
    if given is None:
        raise BadInputError(f"a type {name} without a scale")
    scale, zero = given[1]["scale"], given[1]["zero_point"]
    if not (math.isfinite(scale) and scale > 0):
        raise BadInputError(f"a type {name} with the scale {scale}")
    return MgeDType(name, np.dtype(_QUANTIZED[name]), scale, zero if name.endswith("Asymm") else None)


def plain(name: str) -> DType:
    """The type of that name, which has no parameters."""
    if name in _PLAIN:
        return np.dtype(_PLAIN[name])
    if name in _OTHERS:
        return MgeDType(_OTHERS[name][0], np.dtype(_OTHERS[name][1]))
    raise BadInputError(f"a type {name}, which MegEngine 1.13 does not have without parameters")


def byte_count(shape: Sequence[int], dtype: DType) -> int:
    """How many bytes the values take."""
    bits = _BITS.get(dtype.name)
    if bits is None:
        return math.prod(shape) * storage(dtype).itemsize
    *rows, last = shape or (1,)
    return math.prod(rows) * -(-last * bits // 8)


def array_of(data: memoryview, shape: Sequence[int], dtype: DType) -> np.ndarray:
    """The values as a read-only view of the file; those of less than a byte one value per element."""
    bits = _BITS.get(dtype.name)
    if bits is None:
        array = np.frombuffer(data, storage(dtype)) if len(data) else np.empty(0, storage(dtype))
    else:
        array = _unpacked(np.frombuffer(data, np.uint8), shape, bits, storage(dtype))
    array = array.reshape(shape)
    array.flags.writeable = False
    return array


def _unpacked(data: np.ndarray, shape: Sequence[int], bits: int, kind: np.dtype) -> np.ndarray:
    *rows, last = shape or (1,)
    parts = [data >> (bits * place) & (2**bits - 1) for place in range(8 // bits)]
    values = np.stack(parts, -1).reshape(math.prod(rows), -1)[:, :last].astype(np.int16)
    if kind.kind == "i":
        values = np.where(values >= 2 ** (bits - 1), values - 2**bits, values)
    return values.astype(kind)
