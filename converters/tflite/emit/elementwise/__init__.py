"""Arithmetic, comparison, logic, rounding, trigonometry, casts."""

from __future__ import annotations

from . import composed, kernels

__all__ = ["composed", "kernels"]
