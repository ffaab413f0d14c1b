"""Quantized arithmetic; importing the package fills the tables."""

from . import functional, modules

__all__ = ["functional", "modules"]
