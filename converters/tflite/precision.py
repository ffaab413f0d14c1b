"""Smaller weights: float16 with a DEQUANTIZE, or int8 per output channel for the kernels that take it."""

from __future__ import annotations

import numpy as np

from .model import Array, Model, Operator, Quantization, Tensor

SMALLEST = 32
"""Constants with fewer elements are not worth an operator."""
INT8_SMALLEST = 1024
"""Below this int8 saves nothing and costs accuracy (TensorFlow's converter draws the same line)."""
CHANNEL_AXIS = {"CONV_2D": 0, "FULLY_CONNECTED": 0, "DEPTHWISE_CONV_2D": 3}
"""Operators whose kernels compute float activations with int8 weights, and the weights' output channels."""
HALF_MAX = float(np.finfo(np.float16).max)


def half_weights(model: Model) -> None:
    """Store every larger float32 constant as float16; one DEQUANTIZE in front of its first reader."""
    replaced: dict[Tensor, Tensor] = {}
    operators: list[Operator] = []
    for operator in model.operators:
        for index, tensor in enumerate(operator.inputs):
            if tensor is None or tensor.array is None or not _halvable(tensor.array):
                continue
            if tensor not in replaced:
                half = Tensor(f"{tensor.name}_fp16", np.dtype(np.float16), tensor.shape, tensor.array.astype(np.float16))
                replaced[tensor] = Tensor(tensor.name, tensor.dtype, tensor.shape)
                operators.append(Operator("DEQUANTIZE", [half], [replaced[tensor]], origin=operator.origin))
            operator.inputs[index] = replaced[tensor]
        operators.append(operator)
    model.operators[:] = operators


def _halvable(array: Array) -> bool:
    return array.dtype == np.float32 and array.size >= SMALLEST and bool(np.abs(array).max() <= HALF_MAX)


def int8_weights(model: Model) -> None:
    """Store the weights of convolutions and products as int8 with one scale an output channel."""
    for operator in model.operators:
        axis = CHANNEL_AXIS.get(operator.op)
        weights = operator.inputs[1] if axis is not None else None
        data = operator.inputs[0]
        if axis is None or weights is None or weights.array is None or weights.array.size < INT8_SMALLEST:
            continue
        if weights.dtype != np.float32 or data is None:
            continue
        if operator.op == "CONV_2D" and data.shape[-1] != weights.shape[-1]:
            continue
        operator.inputs[1] = quantized(weights, axis)


def quantized(weights: Tensor, axis: int) -> Tensor:
    """The constant as symmetric int8, -127 .. 127, with one scale an index along `axis`."""
    assert weights.array is not None
    others = tuple(index for index in range(weights.rank) if index != axis)
    peak = np.abs(weights.array).max(axis=others, keepdims=True)
    scale = np.where(peak == 0, 1, peak / 127).astype(np.float32)
    array = np.clip(np.rint(weights.array / scale), -127, 127).astype(np.int8)
    quantization = Quantization(scale.reshape(-1), np.zeros(scale.size, np.int64), axis)
    return Tensor(weights.name, array.dtype, weights.shape, array, quantization)
