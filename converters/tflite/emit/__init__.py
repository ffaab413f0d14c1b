"""IR to foreign model: one file or folder per family of operators; importing this package fills the table."""

from __future__ import annotations

from . import (
    activation,
    convolution,
    elementwise,
    indexing,
    matmul,
    movement,
    normalization,
    pooling,
    quantization,
    recurrent,
    reduction,
    refused,
    resize,
    selection,
    vision,
)
from .table import EMITTERS, REFUSED

__all__ = [
    "EMITTERS",
    "REFUSED",
    "activation",
    "convolution",
    "elementwise",
    "indexing",
    "matmul",
    "movement",
    "normalization",
    "pooling",
    "quantization",
    "recurrent",
    "reduction",
    "refused",
    "resize",
    "selection",
    "vision",
]
