"""The small TracedModules of tests/goldens/tracedmodule.tar.xz, made by tests/tracedmodule/fixtures.py."""

from __future__ import annotations

import functools
import io
import tarfile
from pathlib import Path
from typing import Any

import numpy as np

from mgeconvert.tracedmodule.read import model

ARCHIVE = Path(__file__).parents[1] / "goldens" / "tracedmodule.tar.xz"


@functools.cache
def files() -> dict[str, bytes]:
    """All files by name (``nested.pkl``, ``not/list.pkl``)."""
    with tarfile.open(ARCHIVE) as archive:
        return {member.name: archive.extractfile(member).read() for member in archive if member.isfile()}  # type: ignore[union-attr]


def names() -> list[str]:
    """The TracedModules, without suffix."""
    return sorted(name[:-4] for name in files() if name.endswith(".pkl") and not name.startswith("not/"))


def read(name: str, **options: Any) -> model.Model:
    """The model of that name."""
    return model.read(io.BytesIO(files()[f"{name}.pkl"]), **options)


def recorded(name: str) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """The inputs and MegEngine's outputs, flat."""
    with np.load(io.BytesIO(files()[f"{name}.npz"])) as arrays:
        found = dict(arrays)
    return tuple(
        [found[f"{kind}_{n}"] for n in range(sum(key.startswith(kind) for key in found))] for kind in ("in", "out")
    )  # type: ignore[return-value]
