"""Activation: importing this fills the tables."""

from . import emitters, rewrites

__all__ = ["emitters", "rewrites"]
