"""Smaller weights: float16 with a DEQUANTIZE, or int8 per output channel for the kernels that take it."""

from __future__ import annotations

import numpy as np

from ..dtypes import PACKED
from ..model import Array, Model, Operator, Quantization, Tensor

SMALLEST = 32
"""Constants with fewer elements are not worth an operator."""
INT8_SMALLEST = 1024
"""Below this int8 saves nothing and costs accuracy (TensorFlow's converter draws the same line)."""
CHANNEL_AXIS = {"CONV_2D": 0, "FULLY_CONNECTED": 0, "DEPTHWISE_CONV_2D": 3, "TRANSPOSE_CONV": 0, "GATHER": 0}
"""Operators with weights, and the weights' output channels."""
NARROW_KERNELS = {"int4": ("FULLY_CONNECTED", "CONV_2D"), "int2": ("FULLY_CONNECTED",)}
"""The hybrid kernels that LiteRT 2.3 has for integers of fewer than 8 bits, found by running each."""
HALF_MAX = float(np.finfo(np.float16).max)


def half_weights(model: Model, exactly: bool = False) -> None:
    """Store every larger float32 constant as float16; equal ones share a DEQUANTIZE before their first reader.

    `exactly` leaves constants that would be rounded.

    The biases of operators with int8 weights stay: XNNPACK wants those constant.
    """
    replaced: dict[Tensor, Tensor] = {}
    stored: dict[object, list[tuple[Array, Tensor]]] = {}
    operators: list[Operator] = []
    for operator in model.operators:
        small = any(tensor is not None and tensor.dtype == np.int8 for tensor in operator.inputs)
        for index, tensor in enumerate(operator.inputs):
            if small or tensor is None or tensor.array is None or not _halvable(tensor.array):
                continue
            if exactly and not _exact(tensor.array):
                continue
            if tensor not in replaced:
                array = tensor.array.astype(np.float16)
                alike = stored.setdefault((array.shape, array.flat[:8].tobytes()), [])
                same = next((whole for other, whole in alike if _same_bits(array, other)), None)
                if same is not None:
                    replaced[tensor] = operator.inputs[index] = same
                    continue
                half = Tensor(f"{tensor.name}_fp16", array.dtype, tensor.shape, array)
                replaced[tensor] = Tensor(tensor.name, tensor.dtype, tensor.shape)
                alike.append((array, replaced[tensor]))
                operators.append(Operator("DEQUANTIZE", [half], [replaced[tensor]], origin=operator.origin))
            operator.inputs[index] = replaced[tensor]
        operators.append(operator)
    model.operators[:] = operators


def _same_bits(first: Array, second: Array) -> bool:
    return np.array_equal(np.ascontiguousarray(first).view(np.uint16), np.ascontiguousarray(second).view(np.uint16))


def _halvable(array: Array) -> bool:
    return array.dtype == np.float32 and array.size >= SMALLEST and bool(np.abs(array).max() <= HALF_MAX)


def _exact(array: Array) -> bool:
    """Whether float16 holds every number of the array."""
    return np.array_equal(array.astype(np.float16).astype(np.float32), array)


def int8_weights(model: Model) -> None:
    """Store the weights of convolutions and products as int8 with one scale per output channel.

    Kernels without a form for int8 weights (grouped and transposed convolutions) get them through a DEQUANTIZE, tables
    of embeddings behind their GATHER.
    """
    operators: list[Operator] = []
    for operator in model.operators:
        followers: list[Operator] = []
        index = 0 if operator.op == "GATHER" else 1
        axis = CHANNEL_AXIS.get(operator.op)
        weights = operator.inputs[index] if axis is not None else None
        if axis is not None and weights is not None and _worth(weights):
            if operator.op == "GATHER":
                followers = gathered(operator, quantized(weights, None))
            elif has_hybrid_kernel(operator, weights):
                operator.inputs[1] = quantized(weights, axis)
            else:
                whole = Tensor(weights.name, weights.dtype, weights.shape)
                operators.append(Operator("DEQUANTIZE", [_renamed(quantized(weights, axis))], [whole]))
                operator.inputs[1] = whole
        operators += [operator, *followers]
    model.operators[:] = operators


def _worth(weights: Tensor) -> bool:
    return weights.array is not None and weights.array.size >= INT8_SMALLEST and weights.dtype == np.float32


def has_hybrid_kernel(operator: Operator, weights: Tensor) -> bool:
    """Whether LiteRT computes the operator with floats and such integer weights."""
    data = operator.inputs[0]
    if weights.dtype.name in PACKED and operator.op not in NARROW_KERNELS[weights.dtype.name]:
        return False
    if operator.op == "CONV_2D":
        return data is not None and data.shape[-1] == weights.shape[-1]
    return operator.op != "TRANSPOSE_CONV"


def gathered(operator: Operator, small: Tensor) -> list[Operator]:
    """GATHER from an int8 table with one scale, and the DEQUANTIZE behind it."""
    operator.inputs[0] = small
    whole = operator.output
    picked = Tensor(f"{whole.name}_int8", small.dtype, whole.shape, None, small.quantization)
    operator.outputs = [picked]
    return [Operator("DEQUANTIZE", [picked], [whole], origin=operator.origin)]


def _renamed(tensor: Tensor) -> Tensor:
    tensor.name = f"{tensor.name}_int8"
    return tensor


def quantized(weights: Tensor, axis: int | None) -> Tensor:
    """The constant as symmetric int8, -127 .. 127, with one scale per index along `axis` (None: one for all)."""
    assert weights.array is not None
    others = tuple(index for index in range(weights.rank) if index != axis)
    peak = np.abs(weights.array).max(axis=others, keepdims=True)
    scale = np.where(peak == 0, 1, peak / 127).astype(np.float32)
    array = np.clip(np.rint(weights.array / scale), -127, 127).astype(np.int8)
    quantization = Quantization(scale.reshape(-1), np.zeros(scale.size, np.int64), axis or 0)
    return Tensor(weights.name, array.dtype, weights.shape, array, quantization)
