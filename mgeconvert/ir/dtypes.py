"""numpy types and the numbers ONNX gives them (onnx.TensorProto.DataType); those numpy lacks come from ml_dtypes."""

from __future__ import annotations

import contextlib
import functools
from typing import Any

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
"""Name of a type -> its number; an object array holds text."""

NAMES = {number: name for name, number in ELEM_TYPES.items()}


@functools.lru_cache(256)
def type_name(dtype: np.dtype) -> str:
    """The name of a type as ELEM_TYPES has it: that of numpy, but ``object`` for text of any form."""
    return "object" if dtype.kind in "US" else dtype.name


def elem_type(dtype: Any) -> int:
    """The number of a type, as Cast's `to` wants it; KeyError where ONNX has none."""
    return ELEM_TYPES[type_name(np.dtype(dtype))]


def dtype_of(number: Any) -> np.dtype | None:
    """The type of a number; None where neither numpy nor the installed ml_dtypes has it."""
    name = NAMES.get(number)
    return None if name is None else _dtype(name)


def integer_limits(dtype: Any) -> tuple[int, int]:
    """The smallest and the largest integer of a type, also of those that numpy lacks."""
    import ml_dtypes

    limits: Any = ml_dtypes.iinfo(dtype)  # type: ignore[no-untyped-call]
    return int(limits.min), int(limits.max)


@functools.cache
def _dtype(name: str) -> np.dtype | None:
    with contextlib.suppress(TypeError):
        return np.dtype(name)
    import ml_dtypes

    scalar = getattr(ml_dtypes, name, None)
    return None if scalar is None else np.dtype(scalar)
