"""QuantizeLinear and DequantizeLinear: int8 tensors with their scales in the file."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from mgeconvert.errors import refuse

from ..dtypes import PACKED
from ..layout.view import Stored, plain
from ..layout.wants import FOLLOW, VIEW
from ..model import Array, Quantization, Tensor
from .emission import Emission
from .table import emit


def parameters(c: Emission, rank: int) -> Quantization:
    """Scale and zero point of the node, with the IR's axis."""
    scale, zero = c.array(1, "scale"), c.array(2, "zero point")
    assert scale is not None
    if c.attr("block_size", 0):
        refuse("blocked quantization: TFLite has one scale per tensor or per channel")
    zeros = np.zeros(scale.shape, np.int64) if zero is None else zero.astype(np.int64)
    axis = c.attr("axis", 1) % rank if scale.size > 1 else 0
    return Quantization(scale.reshape(-1).astype(np.float32), zeros.reshape(-1), axis)


@emit("QuantizeLinear", wants=FOLLOW, data=1)
def quantize(c: Emission, x: Tensor) -> Tensor:
    made = c.op("QUANTIZE", x, shape=x.shape, dtype=_stored(c.dtype()))
    made.quantization = _stored_axis(c, parameters(c, x.rank))
    return made


@emit("DequantizeLinear", wants=VIEW, data=1)
def dequantize(c: Emission) -> Stored:
    """A dequantized constant stays a constant that remembers its scales."""
    dims = c.dims()
    source = c.value(0)
    assert source is not None
    quantization = parameters(c, max(len(dims), 1))
    array = c.constant(source)
    if array is not None:
        narrow = array.dtype if array.dtype.name in PACKED else None
        c.storage.fold(c.node.outputs[0], dequantized(array, quantization), replace(quantization, narrow=narrow))
        plainly = tuple(range(len(dims)))
        return Stored(c.storage.realise(c.node.outputs[0], plainly), plain(dims, plainly))
    stored = c.stored()
    layout = stored.view.natural(c.storage.preferred(c.node.outputs[0]), stored.tensor.shape) or tuple(range(len(dims)))
    c.layout = layout
    x = c.tensor(0, layout)
    if x.quantization is None:
        x.quantization = _stored_axis(c, quantization)
    return Stored(c.op("DEQUANTIZE", x, shape=x.shape, dtype=np.float32), plain(dims, layout))


def dequantized(array: Array, quantization: Quantization) -> Array:
    """scale * (array - zero point) in float32."""
    shape = [1] * array.ndim
    if quantization.scale.size > 1:
        shape[quantization.axis] = -1
    scale, zero = quantization.scale.reshape(shape), quantization.zero_point.reshape(shape)
    real: Array = (array.astype(np.int64) - zero) * scale.astype(np.float64)
    result: Array = real.astype(np.float32).reshape(array.shape)
    return result


def _stored_axis(c: Emission, quantization: Quantization) -> Quantization:
    axis = c.axis(quantization.axis) if quantization.scale.size > 1 else 0
    return replace(quantization, axis=axis)


def _stored(dtype: np.dtype[Any]) -> np.dtype[Any]:
    if dtype.name not in ("int8", "uint8", "int16"):
        refuse(f"quantized to {dtype.name}: TFLite has int8, uint8 and int16")
    return dtype
