"""Reshape, transpose, concat, split, pad, tile, shapes."""

from __future__ import annotations

from . import joining, padding, rearranging, shapes

__all__ = ["joining", "padding", "rearranging", "shapes"]
