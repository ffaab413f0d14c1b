"""Sampling at computed positions, regions of interest, boxes."""

from __future__ import annotations

from . import boxes, grid_sample

__all__ = ["boxes", "grid_sample"]
