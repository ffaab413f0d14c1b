"""Activation functions, and softmax."""

from __future__ import annotations

from . import composed, kernels, softmax

__all__ = ["composed", "kernels", "softmax"]
