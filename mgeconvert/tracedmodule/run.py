"""Computes a TracedModule in its own runtime, real MegEngine."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from mgeconvert.errors import UsageError

from .describe import describe
from .write.objects import input_names


def run(path: Path, feeds: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """What real MegEngine computes, in the reference environment. Outputs are named as the frontend names them.

    `feeds` may also have the names that the inputs had before they were written, in their order (`input.1`, `x:0`).

    Raises UsageError where `feeds` are not the model's inputs, ReferenceEnvironmentError where MegEngine cannot run it.
    """
    from mgeconvert.reference import client

    described = describe(path)
    if input_names(feeds) == list(described.inputs):
        feeds = dict(zip(described.inputs, feeds.values(), strict=True))
    missing = [name for name in described.inputs if name not in feeds]
    if missing or len(feeds) != len(described.inputs):
        raise UsageError(f"{path}: inputs {', '.join(feeds)} given; the model's are {', '.join(described.inputs)}")
    given = [np.asarray(feeds[name], value.dtype) for name, value in described.inputs.items()]
    return dict(zip(described.outputs, client.run(path, given), strict=True))
