"""Reductions, and running sums."""

from __future__ import annotations

from .table import opdef

opdef("Reduce", "ReduceV2")
opdef("Cumsum", "CumsumV1")
opdef("Argmax", "Argmax")
opdef("Argmin", "Argmin")
