"""Drives the worker of a reference environment through files, from any Python."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mgeconvert.errors import MissingDependencyError, ReferenceEnvironmentError

from .environment import Environment, environment
from .processes import death, run_bound


def call(request: dict[str, Any], wanted: Environment | None = None) -> Any:
    """The worker's result for a JSON request; `wanted` is the MegEngine environment unless given.

    MissingDependencyError when it is not installed, ReferenceEnvironmentError with the worker's report when it fails.
    """
    wanted = wanted or environment("megengine")
    report = ask(request, wanted)
    if "error" in report:
        error = report["error"]
        raise ReferenceEnvironmentError(
            f"{wanted.title}: {request['command']}: {error['kind']}: {error['message']}", trace=error["trace"]
        )
    return report["result"]


def ask(request: dict[str, Any], wanted: Environment) -> dict[str, Any]:
    """The worker's answer: ``{"result": ...}`` or ``{"error": ...}``. Errors as `call`, but for the worker's own."""
    wanted.require()
    with tempfile.TemporaryDirectory(prefix="mgeconvert-") as folder:
        question, answer = Path(folder, "request.json"), Path(folder, "answer.json")
        question.write_text(json.dumps(request))
        script = Path(__file__).with_name(wanted.worker)
        done = run_bound(wanted.title, str(wanted.python), str(script), [str(question), str(answer)])
        try:
            report: dict[str, Any] = json.loads(answer.read_text())
        except (OSError, ValueError):  # it was never written, or not to its end
            raise death(wanted.title, done) from None
        return report


def run(model: Path, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
    """What MegEngine computes for a TracedModule file: inputs in the order of forward(), outputs flattened in order."""
    return run_all([(model, inputs)])[0]


def run_all(jobs: Sequence[tuple[Path, Sequence[np.ndarray]]]) -> list[list[np.ndarray]]:
    """`run` for many files in one process (starting MegEngine takes about a second)."""
    with tempfile.TemporaryDirectory(prefix="mgeconvert-") as folder:
        requests = []
        for number, (model, inputs) in enumerate(jobs):
            given, computed = Path(folder, f"{number}.in.npz"), Path(folder, f"{number}.out.npz")
            np.savez(given, *inputs)
            requests.append({"model": str(model.absolute()), "inputs": str(given), "outputs": str(computed)})
        call({"command": "run", "jobs": requests})
        return [_arrays(Path(request["outputs"])) for request in requests]


def _arrays(path: Path) -> list[np.ndarray]:
    with np.load(path) as archive:
        return [archive[name] for name in archive.files]


def is_available() -> bool:
    """Whether MegEngine can be asked without installing anything."""
    try:
        environment("megengine").require()
    except MissingDependencyError:
        return False
    return True
