"""Asks real PyTorch what a written network computes."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mgeconvert.errors import ReferenceEnvironmentError

from .client import call
from .environment import environment


def run(path: Path, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
    """The outputs of ``load()`` of a Python file, flattened in order.

    Raises MissingDependencyError without the environment, ReferenceEnvironmentError where torch cannot run it.
    """
    (result,) = run_all([(path, inputs)])
    if isinstance(result, str):
        raise ReferenceEnvironmentError(f"{environment('torch').title}: {path}: {result}")
    return result


def run_all(jobs: Sequence[tuple[Path, Sequence[np.ndarray]]]) -> list[list[np.ndarray] | str]:
    """`run` for many files in one process; for a file that fails, what torch said."""
    with tempfile.TemporaryDirectory(prefix="mgeconvert-") as folder:
        requests: list[dict[str, Any]] = []
        for number, (path, inputs) in enumerate(jobs):
            given, computed = Path(folder, f"{number}.in.npz"), Path(folder, f"{number}.out.npz")
            np.savez(given, *inputs)
            requests.append({"model": str(path.absolute()), "inputs": str(given), "outputs": str(computed)})
        failures = call({"command": "run", "jobs": requests}, environment("torch"))
        return [
            failure or _arrays(Path(request["outputs"])) for failure, request in zip(failures, requests, strict=True)
        ]


def _arrays(path: Path) -> list[np.ndarray]:
    with np.load(path) as archive:
        return [archive[name] for name in archive.files]
