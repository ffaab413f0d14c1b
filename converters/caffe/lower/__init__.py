"""Layers to IR: importing this package fills the table of lowerings."""

from __future__ import annotations

from mgeconvert.errors import RefusedError

from . import convolution, detection, elementwise, normalization, recurrent, shapes
from .refused import DATA, REFUSED, TRAINING
from .table import LOWERINGS, Layer, MissingBlobError

__all__ = [
    "DATA",
    "LOWERINGS",
    "REFUSED",
    "TRAINING",
    "Layer",
    "MissingBlobError",
    "RefusedError",
    "convolution",
    "detection",
    "elementwise",
    "normalization",
    "recurrent",
    "shapes",
]
