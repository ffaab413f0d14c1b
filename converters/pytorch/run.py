"""Computes a written network in real torch, in the reference environment."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from mgeconvert.errors import UsageError

from .describe import describe


def run(path: Path, feeds: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """What ``load()`` of the file computes; outputs have the names of the graph's.

    Raises UsageError for other inputs than the network has, MissingDependencyError without torch,
    ReferenceEnvironmentError where torch cannot run the file.
    """
    from mgeconvert.reference import torch

    described = describe(path)
    if set(feeds) != set(described.inputs):
        raise UsageError(f"{path}: the inputs are {', '.join(described.inputs)}; given: {', '.join(feeds) or 'none'}")
    given = [np.asarray(feeds[name], value.dtype) for name, value in described.inputs.items()]
    return dict(zip(described.outputs, torch.run(path, given), strict=True))
