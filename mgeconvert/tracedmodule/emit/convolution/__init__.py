"""Emitters and rewrites of convolutions; importing the package fills the tables."""

from . import emitters, rewrites

__all__ = ["emitters", "rewrites"]
