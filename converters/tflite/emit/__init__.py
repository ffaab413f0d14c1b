"""Emitters, one module a family; importing this package fills the table."""

from __future__ import annotations

from importlib import import_module

from .table import EMITTERS, REFUSED

FAMILIES = (
    "convolution", "deformable", "elementwise", "indexing", "math", "matmul", "normalization", "pooling",
    "quantization", "recurrent", "reduction", "refused", "resize", "sampling", "selection", "shapes",
    "slicing", "transposed",
)  # fmt: skip
for family in FAMILIES:
    import_module(f"{__name__}.{family}")

__all__ = ["EMITTERS", "REFUSED"]
