"""Asks real MegEngine about static graphs: to dump, to run, and which operators it can load."""

from __future__ import annotations

import dataclasses
import importlib
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mgeconvert.errors import ReferenceEnvironmentError

from . import client
from .environment import environment
from .tracing import is_in_process

WORKER = "static_worker.py"


def dump(jobs: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The answers to jobs of the worker's command `dump`: {} with what was done, or {"error": ...} each."""
    answers: list[dict[str, Any]] = _call({"command": "dump", "jobs": list(jobs)})
    return answers


def run(model: Path, feeds: Mapping[str, np.ndarray]) -> list[np.ndarray]:
    """What MegEngine computes for a static graph, in the order of its outputs."""
    with tempfile.TemporaryDirectory(prefix="mgeconvert-") as folder:
        given, computed = Path(folder, "in.npz"), Path(folder, "out.npz")
        names = list(feeds)
        np.savez(given, *(feeds[name] for name in names))
        job = {"model": str(model.absolute()), "inputs": str(given), "names": names, "outputs": str(computed)}
        _call({"command": "run-static", "jobs": [job]})
        with np.load(computed) as archive:
            return [archive[name] for name in archive.files]


def registry() -> list[tuple[int, str]]:
    """Type id and class name of every operator that MegEngine can load."""
    return [(number, name) for number, name in _call({"command": "registry"})]


def _call(request: dict[str, Any]) -> Any:
    """The worker's result, from the reference environment, else from the MegEngine that can be imported here."""
    wanted = dataclasses.replace(environment("megengine"), worker=WORKER)
    if wanted.is_installed or not is_in_process():
        return client.call(request, wanted)
    module = importlib.import_module(f"{__package__}.{Path(WORKER).stem}")
    answer: dict[str, Any] = module.worker.answer(request)
    if "error" in answer:
        error = answer["error"]
        raise ReferenceEnvironmentError(f"MegEngine: {error['kind']}: {error['message']}", trace=error["trace"])
    return answer["result"]
