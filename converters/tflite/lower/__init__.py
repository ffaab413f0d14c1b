"""Foreign model to IR: one file or folder per family of operators; importing this package fills the table."""

from __future__ import annotations

from . import (
    activation,
    control,
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
from .table import LOWERINGS, REFUSED

__all__ = [
    "LOWERINGS",
    "REFUSED",
    "activation",
    "control",
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
