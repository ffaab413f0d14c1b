"""Asks real BVLC Caffe what a net computes."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .client import call
from .environment import environment


@dataclass(frozen=True, slots=True)
class Job:
    """A net, its caffemodel (or the parts of one) and arrays for its inputs by name."""

    net: Path
    weights: Sequence[Path]
    inputs: Mapping[str, np.ndarray]


def run(job: Job, *, blobs: bool = False) -> dict[str, np.ndarray]:
    """The net's outputs by name, or all its blobs. Caffe computes in float32, whatever the inputs are.

    Raises MissingDependencyError without the environment, ReferenceEnvironmentError where Caffe refuses the net.
    """
    return run_all([job], blobs=blobs)[0]


def run_all(jobs: Sequence[Job], *, blobs: bool = False) -> list[dict[str, np.ndarray]]:
    """`run` for many nets in one process."""
    with tempfile.TemporaryDirectory(prefix="mgeconvert-") as folder:
        requests = []
        for number, job in enumerate(jobs):
            given, computed = Path(folder, f"{number}.in.npz"), Path(folder, f"{number}.out.npz")
            arrays: dict[str, Any] = {name: np.asarray(array, np.float32) for name, array in job.inputs.items()}
            np.savez(given, **arrays)
            requests.append(
                {
                    "net": str(job.net.absolute()),
                    "weights": [str(path.absolute()) for path in job.weights],
                    "inputs": str(given),
                    "outputs": str(computed),
                    "blobs": blobs,
                }
            )
        call({"command": "run", "jobs": requests}, environment("caffe"))
        return [_arrays(request["outputs"]) for request in requests]


def _arrays(path: object) -> dict[str, np.ndarray]:
    with np.load(str(path)) as archive:
        return {name: archive[name] for name in archive.files}
