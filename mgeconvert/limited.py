"""How much may be made of a model whose weights are so large, while it is read or written."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from .registry import Source

if TYPE_CHECKING:
    from .ir import Graph


@contextlib.contextmanager
def limited(model: Graph | Source) -> Iterator[None]:
    """Constants that are made of sizes alone are limited by the weights of the model while the context is open."""
    from .ir.table_size import limited_tables

    with limited_tables(_numbers(model)):
        yield


def _numbers(model: Graph | Source) -> int:
    """At most how many numbers the weights are."""
    if isinstance(model, Path):
        return model.stat().st_size if model.is_file() else 0
    if hasattr(model, "constants"):
        return sum(value.array.size for value in model.constants() if value.array is not None)
    try:
        return os.fstat(model.fileno()).st_size
    except OSError:
        return 0
