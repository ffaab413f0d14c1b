"""Convolutions, transposed and deformable ones."""

from __future__ import annotations

from . import deformable, ordinary, transposed

__all__ = ["deformable", "ordinary", "transposed"]
