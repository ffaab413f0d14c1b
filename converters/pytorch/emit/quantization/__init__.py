"""Quantization: the operators, and the modules of a network that is trained to be quantized."""

from . import layers, operators

__all__ = ["layers", "operators"]
