"""Which dtypes TFLite computes with: 64-bit integers and half floats are narrowed or widened inside."""

from __future__ import annotations

from typing import Any

import numpy as np

from .model import Array
from .table import Refusal

COMPUTED_AS = {"int64": np.dtype(np.int32), "float16": np.dtype(np.float32), "uint64": np.dtype(np.int32)}
"""Most kernels have neither 64-bit integers nor half floats: indices and sizes fit int32, floats are computed wider."""
REFUSED = {
    "float64": "float64 has no TFLite kernels; convert the model to float32",
    "complex64": "complex numbers have no TFLite kernels",
    "complex128": "complex numbers have no TFLite kernels",
}


def stored_dtype(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """The dtype a value of that IR dtype has inside the file; refuses what has no kernels."""
    if dtype.name in REFUSED:
        raise Refusal(REFUSED[dtype.name])
    return COMPUTED_AS.get(dtype.name, dtype)


def narrowed(array: Array, name: str) -> Array:
    """A constant in the dtype it is stored with; refuses 64-bit numbers that do not fit."""
    dtype = stored_dtype(array.dtype)
    if dtype == array.dtype:
        return array
    if dtype.kind == "i" and array.size:
        limits = np.iinfo(dtype)
        if array.max() > limits.max or array.min() < limits.min:
            raise Refusal(f"{name} holds 64-bit integers beyond int32, the widest TFLite computes with")
    return array.astype(dtype)
