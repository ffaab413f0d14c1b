"""Operators that compute with floats and integer weights: LiteRT's hybrid kernels."""

from __future__ import annotations

import numpy as np

from .layout.holding import is_real
from .model import Operator, Tensor


def is_weight(tensor: Tensor | None) -> bool:
    """Whether a tensor is a constant of integers of at most 8 bits that stand for real numbers."""
    return tensor is not None and tensor.is_constant and tensor.dtype.itemsize == 1 and is_real(tensor)


def is_hybrid(operator: Operator) -> bool:
    """Whether an operator makes floats of such a constant."""
    return bool(operator.outputs) and operator.output.dtype == np.float32 and any(map(is_weight, operator.inputs))
