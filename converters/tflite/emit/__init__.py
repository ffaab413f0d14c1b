"""Emitters, one module a family; importing this package fills the table."""

from __future__ import annotations

from ..table import EMITTERS, REFUSED
from . import convolution, elementwise, indexing, math, matmul, normalization, pooling, reduction, refused, shapes
from . import quantization, recurrent, resize, sampling, selection, transposed

__all__ = ["EMITTERS", "REFUSED"]
