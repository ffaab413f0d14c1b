"""Emitters and rewrites of reading and writing elements by position; importing the package fills the tables."""

from . import emitters, rewrites

__all__ = ["emitters", "rewrites"]
