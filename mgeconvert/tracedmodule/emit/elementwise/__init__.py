"""Emitters and rewrites of element-wise operators; importing the package fills the tables."""

from . import emitters, rewrites

__all__ = ["emitters", "rewrites"]
