"""The grids of quantized values, as MegEngine's dtypes say them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from mgeconvert.ir import Node, Value

DTYPES = {"int8": "QuantizedS8", "uint8": "Quantized8Asymm", "int32": "QuantizedS32"}
"""MegEngine's quantized dtype of an integer dtype."""
MIDDLE = 128
"""A uint8 of this zero point is the int8 of zero point 0."""


def quantized_dtype(integers: np.dtype[Any], scale: float, zero_point: int) -> np.dtype[Any]:
    """The numpy dtype with MegEngine's metadata."""
    fields: dict[str, Any] = {"name": DTYPES[integers.name], "scale": scale}
    if integers.name == "uint8":
        fields["zero_point"] = zero_point
    dtype: np.dtype[Any] = np.dtype(integers.str, metadata={"mgb_dtype": fields})
    return dtype


@dataclass(frozen=True, slots=True)
class Grid:
    """value = scale (q - zero_point), with q a uint8; an int8 is the uint8 that is 128 larger."""

    scale: float
    zero_point: int

    @property
    def is_symmetric(self) -> bool:
        """Whether an int8 with zero point 0 has the same values."""
        return self.zero_point == MIDDLE

    def dtype(self, symmetric: bool) -> np.dtype[Any]:
        """The quantized dtype, of int8 or of uint8."""
        storage = np.dtype(np.int8 if symmetric else np.uint8)
        return quantized_dtype(storage, self.scale, self.zero_point)

    def float_dtype(self, symmetric: bool) -> np.dtype[Any]:
        """The dtype of a float value on the grid, which a TracedModule holds in the quantized dtype."""
        dtype: np.dtype[Any] = np.dtype(np.float32, metadata=dict(self.dtype(symmetric).metadata or {}))
        return dtype


def held_dtype(floats: np.dtype[Any]) -> np.dtype[Any]:
    """The quantized dtype that a `Grid.float_dtype` stands for."""
    metadata = dict(floats.metadata or {})
    storage = np.int8 if metadata["mgb_dtype"]["name"] == DTYPES["int8"] else np.uint8
    dtype: np.dtype[Any] = np.dtype(storage, metadata=metadata)
    return dtype


def grid_of(node: Node) -> Grid | None:
    """The grid of a QuantizeLinear's result or a DequantizeLinear's operand, where one scale holds for all of it and it
    is of 8 bits."""
    _, scale, zero = [*node.inputs, None][:3]
    of = node.inputs[0] if node.op == "DequantizeLinear" else node.output
    if not _is_one(scale) or scale is None or scale.array is None or scale.array.dtype != np.float32:
        return None
    if (zero is not None and not _is_one(zero)) or node.attrs.get("block_size"):
        return None
    if of is None or of.dtype is None or of.dtype.name not in ("int8", "uint8"):
        return None
    shift = MIDDLE if of.dtype.name == "int8" else 0
    point = 0 if zero is None or zero.array is None else int(zero.array.flat[0])
    return Grid(float(scale.array.flat[0]), point + shift)


def _is_one(value: Value | None) -> bool:
    """Whether a constant is one number, however often it stands there."""
    if value is None or value.array is None or not value.array.size:
        return False
    return bool((value.array == value.array.flat[0]).all())


def stored(value: Value, symmetric: bool) -> np.ndarray[Any, Any]:
    """Constant integers of 8 bits as int8 or uint8."""
    assert value.array is not None
    is_signed = value.array.dtype == np.int8
    if is_signed == symmetric:
        return value.array
    shifted = value.array.astype(np.int16) + (-MIDDLE if symmetric else MIDDLE)
    return shifted.astype(np.int8 if symmetric else np.uint8)


def floats_of(node: Node) -> np.ndarray[Any, Any] | None:
    """What a DequantizeLinear makes of constant integers of 32 bits with one scale, or one for each element."""
    integers, scale, zero = [*node.inputs, None][:3]
    if integers is None or integers.array is None or scale is None or scale.array is None:
        return None
    if integers.array.dtype != np.int32 or integers.array.ndim != 1 or scale.array.dtype != np.float32:
        return None
    if zero is not None and (zero.array is None or zero.array.any()):
        return None
    floats: np.ndarray[Any, Any] = (integers.array * scale.array.reshape(-1).astype(np.float64)).astype(np.float32)
    return floats
