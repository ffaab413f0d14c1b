"""IR to layers: importing this package fills the table of emitters, one module for each family of operators."""

from __future__ import annotations

from . import (
    activation,
    convolution,
    indexing,
    matmul,
    movement,
    normalization,
    pooling,
    recurrent,
    reduction,
    resize,
    selection,
)
from .elementwise import arithmetic, functions, logic
from .refused import REFUSED
from .table import EMITTERS, GIVEN, Emitter

__all__ = [
    "EMITTERS",
    "GIVEN",
    "REFUSED",
    "Emitter",
    "activation",
    "arithmetic",
    "convolution",
    "functions",
    "indexing",
    "logic",
    "matmul",
    "movement",
    "normalization",
    "pooling",
    "recurrent",
    "reduction",
    "resize",
    "selection",
]
