"""Gathers, slices, scatters."""

from __future__ import annotations

from . import gathering, scattering, slicing

__all__ = ["gathering", "scattering", "slicing"]
