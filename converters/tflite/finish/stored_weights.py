"""Weights that the graph quantizes, of operators that compute in floats: stored as their integers.

A DEQUANTIZE stands behind them, or with `dynamic_activations` nothing: LiteRT's hybrid kernels take int8 weights and
quantize what they are multiplied with in each run. A table that GATHER picks from is dequantized behind it.
"""

from __future__ import annotations

import numpy as np

from ..model import Array, Model, Operator, Tensor
from .integer_kernels import INT8, WEIGHTED, integers
from .small_weights import INT8_SMALLEST, gathered, has_hybrid_kernel


def stored_weights(model: Model, dynamic: bool) -> None:
    """f(x, w) -> f(x, DEQUANTIZE(q)), or f(x, q) with a kernel that takes it, where w = scale (q - zero) to the last
    bit; GATHER(w, x) -> DEQUANTIZE(GATHER(q, x)) where there is one scale. Operators without weights of their own get
    small constants as floats."""
    whole: dict[Tensor, Tensor | None] = {}
    real: dict[Tensor, Tensor] = {}
    operators: list[Operator] = []
    for operator in model.operators:
        followers: list[Operator] = []
        for index, weights in enumerate(operator.inputs):
            if weights is None or weights.quantization is None or not _worth(operator, index, weights):
                continue
            if weights not in whole:
                whole[weights] = _stored(weights)
            stored = whole[weights]
            if stored is None:
                continue
            if operator.op == "GATHER" and weights.quantization.scale.size == 1 and stored.dtype == INT8:
                followers = gathered(operator, stored)
            elif dynamic and _is_hybrid(operator, index, stored):
                operator.inputs[index] = stored
            else:
                if weights not in real:
                    real[weights] = Tensor(f"{weights.name}_float", weights.dtype, weights.shape)
                    operators.append(Operator("DEQUANTIZE", [stored], [real[weights]], origin=operator.origin))
                operator.inputs[index] = real[weights]
        operators += [operator, *followers]
    model.operators[:] = operators


def _worth(operator: Operator, index: int, weights: Tensor) -> bool:
    if weights.array is None or weights.dtype != np.float32:
        return False
    return (operator.op in WEIGHTED and index == 1) or weights.array.size >= INT8_SMALLEST


def _is_hybrid(operator: Operator, index: int, stored: Tensor) -> bool:
    is_weight = operator.op in WEIGHTED and index == 1
    return is_weight and not _zero_point(stored).any() and has_hybrid_kernel(operator, stored)


def _zero_point(tensor: Tensor) -> Array:
    assert tensor.quantization is not None
    return tensor.quantization.zero_point


def _stored(weights: Tensor) -> Tensor | None:
    """The integers of float weights; None where those do not give the same floats."""
    scales = weights.quantization
    if scales is None or weights.array is None or scales.block:
        return None
    array = integers(weights.array, scales, np.int8)
    shape = [-1 if at == scales.axis and scales.scale.size > 1 else 1 for at in range(array.ndim)]
    moved = array.astype(np.int64) - scales.zero_point.reshape(shape)
    again = (moved * scales.scale.astype(np.float64).reshape(shape)).astype(np.float32)
    if not np.array_equal(again, weights.array):
        return None
    dtype = INT8 if scales.narrow is None else scales.narrow
    return Tensor(weights.name, dtype, weights.shape, array.astype(dtype), scales)
