"""IR to layers: importing this package fills the table of emitters."""

from __future__ import annotations

from . import (
    activation,
    arithmetic,
    indexing,
    linear,
    logic,
    normalization,
    pooling,
    ranking,
    recurrent,
    reduction,
    resizing,
    shaping,
    window,
)
from .refused import REFUSED
from .table import EMITTERS, GIVEN, Emitter

__all__ = [
    "EMITTERS",
    "GIVEN",
    "REFUSED",
    "Emitter",
    "activation",
    "arithmetic",
    "indexing",
    "linear",
    "logic",
    "normalization",
    "pooling",
    "ranking",
    "recurrent",
    "reduction",
    "resizing",
    "shaping",
    "window",
]
