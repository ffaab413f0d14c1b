"""The dtypes of the format, and which of them TFLite computes with: 64-bit integers and float16 are narrowed or
widened inside."""

from __future__ import annotations

from typing import Any

import numpy as np

from mgeconvert.errors import refuse

from .model import Array

COMPUTED_AS = {"int64": np.dtype(np.int32), "float16": np.dtype(np.float32), "uint64": np.dtype(np.int32)}
"""Most kernels have neither 64-bit integers nor float16: indices and sizes fit int32, floats are computed wider."""
TYPES = {
    "float32": 0, "float16": 1, "int32": 2, "uint8": 3, "int64": 4, "bool": 6, "int16": 7, "complex64": 8, "int8": 9,
    "float64": 10, "complex128": 11, "uint64": 12, "uint32": 15, "uint16": 16,
}  # fmt: skip
"""TensorType in the schema."""
PACKED = {"int4": 17, "int2": 19}
"""The types of weights of which several share a byte, and their TensorType."""
INERT = np.dtype(object)
"""The dtype of resources, variants and texts, which have no numbers."""
REFUSED = {
    "float64": "float64 has no TFLite kernels; convert the model to float32",
    "complex64": "complex numbers have no TFLite kernels",
    "complex128": "complex numbers have no TFLite kernels",
}

STORED = frozenset(
    ["bool", "float16", "float32", "int16", "int32", "int64", "int8", "uint16", "uint32", "uint64", "uint8"]
)
NARROW = frozenset(["int8", "uint8", "int16", "uint16", "uint32"])
"""Kernels take these for quantized numbers and want scales: plain ones are computed as int32 or float32."""
_INT32 = """ABS ADD CUMSUM DIV EQUAL FLOOR_MOD GREATER GREATER_EQUAL LESS LESS_EQUAL MAXIMUM MINIMUM MUL NEG NOT_EQUAL
    POW REDUCE_MAX REDUCE_MIN REDUCE_PROD SIGN SQUARE SUB SUM"""
_FLOAT32 = "AVERAGE_POOL_2D BATCH_MATMUL MAX_POOL_2D MEAN RESIZE_BILINEAR"
WIDENED = {
    **dict.fromkeys(_INT32.split(), np.dtype(np.int32)),
    **dict.fromkeys(_FLOAT32.split(), np.dtype(np.float32)),
}
"""What an operator computes plain narrow integers in; the others only move numbers."""


def stored_dtype(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """The dtype a value of that IR dtype has inside the file; refuses what has no kernels."""
    if dtype.name in REFUSED:
        refuse(REFUSED[dtype.name])
    if dtype.name not in STORED:
        refuse(f"{dtype.name} has no TFLite kernels")
    return COMPUTED_AS.get(dtype.name, dtype)


def is_stored(dtype: np.dtype[Any]) -> bool:
    """Whether `stored_dtype` takes it."""
    return dtype.name in STORED


def narrowed(array: Array, name: str) -> Array:
    """A constant in the dtype it is stored with; refuses 64-bit numbers that do not fit."""
    dtype = stored_dtype(array.dtype)
    if dtype == array.dtype:
        return array
    return fits_int32(array, name) if dtype.kind == "i" else array.astype(dtype)


def fits_int32(array: Array, name: str) -> Array:
    """64-bit integers as int32; refuses those that do not fit."""
    limits = np.iinfo(np.int32)
    if array.size and (array.max() > limits.max or array.min() < limits.min):
        refuse(f"{name} holds 64-bit integers beyond int32, the widest TFLite computes with")
    return array.astype(np.int32)
