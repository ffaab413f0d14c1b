"""Activation functions that are operators of their own; the others are modes of Elemwise."""

from __future__ import annotations

from .table import opdef

opdef("Softmax", "Softmax")
