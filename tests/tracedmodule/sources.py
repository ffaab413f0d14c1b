"""TracedModules that tests of the module tree read and write: goldens of whole networks and of quantized ones, and the
small files of tests/tracedmodule/fixtures.py with their odd trees."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np

import mgeconvert
from mgeconvert.passes import optimize
from mgeconvert.tracedmodule.lower.load import load
from tests.harness import goldens
from tests.tracedmodule import files

FAMILIES = (
    "networks_detection", "networks_images", "networks_others", "quantization/modules", "quantization/operators",
)  # fmt: skip
ODD = "odd"
REFUSED = {"dtypes"}
"""Odd files that are not read: a bfloat16 constant."""
DEBUGGED = {"odd/ended", "odd/watched"}
"""Odd files with end or watch points, which are those of somebody's debugging and are not written."""


def names() -> list[str]:
    """``networks_images/resnet-basic``, ``odd/shared``, ..."""
    rows = [f"{family}/{row.id}" for family in FAMILIES for row in goldens.families()[family]]
    return [*rows, *(f"{ODD}/{name}" for name in files.names() if name not in REFUSED)]


def source(name: str) -> tuple[bytes, list[np.ndarray]]:
    """The file MegEngine wrote, and the inputs it was traced with."""
    family, _, key = name.rpartition("/")
    if family == ODD:
        with np.load(io.BytesIO(files.files()[f"{key}.npz"])) as arrays:
            count = sum(name.startswith("in_") for name in arrays.files)
            return files.files()[f"{key}.pkl"], [arrays[f"in_{number}"] for number in range(count)]
    return golden(name).model, golden(name).inputs


def golden(name: str) -> goldens.Golden:
    """What MegEngine said to the network of that name."""
    family, _, key = name.rpartition("/")
    return goldens.load(family, next(row for row in goldens.families()[family] if row.id == key))


def written(name: str, folder: Path, passes: Sequence[str] = ()) -> tuple[Path, Path]:
    """The source's file, and that file read and written."""
    original, target = folder / "source.pkl", folder / "target.pkl"
    original.write_bytes(source(name)[0])
    graph = load(original, faithful=True)
    if passes:
        optimize(graph, 0, passes)
    mgeconvert.save(graph, target)
    return original, target
