"""Computes a static graph in its own runtime, real MegEngine."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from mgeconvert.errors import BadInputError
from mgeconvert.reference import static

from .describe import describe


def run(path: Path, feeds: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """What real MegEngine computes for a static graph, in the reference environment; outputs as the file names them."""
    described = describe(path)
    missing = [name for name in described.inputs if name not in feeds]
    if missing:
        raise BadInputError(f"{path}: its inputs {', '.join(missing)} are not given")
    return dict(zip(described.outputs, static.run(path, feeds), strict=True))
