"""Emitters and rewrites of activation functions; importing the package fills the tables."""

from . import emitters, rewrites

__all__ = ["emitters", "rewrites"]
