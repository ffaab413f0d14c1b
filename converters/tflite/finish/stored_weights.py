"""Weights that the graph quantizes, of operators that compute in floats: stored as their integers.

A DEQUANTIZE stands behind them, or with `dynamic_activations` nothing: LiteRT's hybrid kernels take int8 weights and
quantize what they are multiplied with in each run.
"""

from __future__ import annotations

import numpy as np

from ..model import Model, Operator, Tensor
from .integer_kernels import INT8, WEIGHTED, integers
from .small_weights import has_hybrid_kernel


def stored_weights(model: Model, dynamic: bool) -> None:
    """f(x, w) -> f(x, DEQUANTIZE(q)), or f(x, q) with a kernel that takes it, where w = scale q to the last bit."""
    whole: dict[Tensor, Tensor] = {}
    real: dict[Tensor, Tensor] = {}
    operators: list[Operator] = []
    for operator in model.operators:
        weights = operator.inputs[1] if operator.op in WEIGHTED else None
        if weights is not None and weights not in whole and (stored := _stored(weights)) is not None:
            whole[weights] = stored
        if weights is not None and weights in whole:
            if dynamic and has_hybrid_kernel(operator, weights):
                operator.inputs[1] = whole[weights]
            else:
                if weights not in real:
                    real[weights] = Tensor(f"{weights.name}_float", weights.dtype, weights.shape)
                    operators.append(Operator("DEQUANTIZE", [whole[weights]], [real[weights]], origin=operator.origin))
                operator.inputs[1] = real[weights]
        operators.append(operator)
    model.operators[:] = operators


def _stored(weights: Tensor) -> Tensor | None:
    """The integers of float weights; None where those do not give the same floats."""
    scales = weights.quantization
    if scales is None or weights.array is None or weights.dtype != np.float32 or scales.zero_point.any():
        return None
    array = integers(weights.array, scales, np.int8)
    shape = [-1 if at == scales.axis and scales.scale.size > 1 else 1 for at in range(array.ndim)]
    again = (array * scales.scale.astype(np.float64).reshape(shape)).astype(np.float32)
    return Tensor(weights.name, INT8, weights.shape, array, scales) if np.array_equal(again, weights.array) else None
