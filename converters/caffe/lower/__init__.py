"""Layers to IR: importing this package fills the table of lowerings, one module for each family of operators."""

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
    recurrent,
    reduction,
    resize,
    vision,
)
from .refused import DATA, REFUSED, TRAINING
from .table import LOWERINGS, Layer, MissingBlobError

__all__ = [
    "DATA",
    "LOWERINGS",
    "REFUSED",
    "TRAINING",
    "Layer",
    "MissingBlobError",
    "activation",
    "control",
    "convolution",
    "elementwise",
    "indexing",
    "matmul",
    "movement",
    "normalization",
    "pooling",
    "recurrent",
    "reduction",
    "resize",
    "vision",
]
