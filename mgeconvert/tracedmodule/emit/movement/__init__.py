"""Emitters and rewrites of what moves elements; importing the package fills the tables."""

from . import emitters, rewrites

__all__ = ["emitters", "rewrites"]
