"""Trace a user's MegEngine module: in this process if MegEngine can be imported, else in the reference environment."""

from __future__ import annotations

import importlib.util
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from mgeconvert.errors import ReferenceEnvironmentError, UsageError
from mgeconvert.files import missing, staging
from mgeconvert.tracedmodule.read.checkpoint import HOLDERS

from .arguments import Constant, Feeds, Input, check_names, entries
from .client import ask
from .environment import environment


@dataclass(frozen=True, slots=True)
class Target:
    """What to trace: ``package.module:factory``, or with `is_hub` ``owner/repository:entry`` of MegEngine's hub.

    `paths` are folders to import from, `kwargs` the factory's arguments, `weights` a file with a state dict or a
    checkpoint that holds one.
    """

    name: str
    is_hub: bool = False
    paths: tuple[Path, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    weights: Path | None = None


@dataclass(frozen=True, slots=True)
class Traced:
    """The files written, the types of inputs and outputs (``float32[1,1000]``), and what forward() returns.

    `notes` say what was done to the weights before they were loaded, `warnings` what the trace holds of the input that
    it was made with, or of chance.
    """

    model: Path
    recorded: Path
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    structure: str
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def trace(
    target: Target, given: Sequence[Input | Constant] | Feeds, model: Path, *, allow_baked: bool = False
) -> Traced:
    """Write ``model.pkl`` and ``model.npz``, the inputs and outputs that MegEngine computed, beside it.

    The trace is compared with the module for a second, different input too: where it computes something else it holds
    values of the first, which is refused unless `allow_baked` makes it a warning. Raises UsageError for what cannot be
    traced, ReferenceEnvironmentError with the user's own frames for what their code raises, MissingDependencyError
    without MegEngine. Nothing is written then.
    """
    module, colon, attribute = target.name.rpartition(":")
    if not (module and colon and attribute):
        form = "owner/repository:entry" if target.is_hub else "package.module:factory"
        raise UsageError(f"{target.name}: expected {form}")
    if target.weights is not None and not target.weights.is_file():
        raise missing(target.weights)
    if not isinstance(given, Feeds):
        check_names([each.name for each in given])
    recorded = model.with_suffix(".npz")
    if recorded == model:
        raise UsageError(f"{model}: is the name of the recorded arrays", hint="call the model model.pkl")
    with tempfile.TemporaryDirectory(prefix="mgeconvert-") as folder, staging() as stage:
        arrays = Path(folder, "inputs.npz")
        listed = [] if isinstance(given, Feeds) else given
        np.savez(arrays, *(each.array for each in listed if isinstance(each, Input)))
        paths = [*target.paths, *(given.paths if isinstance(given, Feeds) else ())]
        files = stage.place(model.absolute()), stage.place(recorded.absolute())
        request = {
            "command": "trace",
            "target": None if target.is_hub else target.name,
            "hub": target.name if target.is_hub else None,
            "path": [str(path.absolute()) for path in paths],
            "kwargs": dict(target.kwargs),
            "weights": None if target.weights is None else str(target.weights.absolute()),
            "holders": HOLDERS,
            "arrays": str(arrays),
            "entries": entries(listed),
            "feeds": given.target if isinstance(given, Feeds) else None,
            "allow_baked": allow_baked,
            "model": str(files[0]),
            "recorded": str(files[1]),
        }
        result = _result(target, _answer(request))
        stage.publish(files)
    lists = {name: tuple(result.get(name, ())) for name in ("inputs", "outputs", "notes", "warnings")}
    return Traced(model, recorded, structure=result["structure"], **lists)


def is_in_process() -> bool:
    """Whether MegEngine can be imported here."""
    return importlib.util.find_spec("megengine") is not None


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    if not is_in_process():
        return ask(request, environment("megengine"))
    worker = importlib.import_module(f"{__package__}.worker")
    answer: dict[str, Any] = worker.answer(request)
    return answer


def _result(target: Target, answer: Mapping[str, Any]) -> Mapping[str, Any]:
    if "error" not in answer:
        result: Mapping[str, Any] = answer["result"]
        return result
    error = answer["error"]
    if error["kind"] == "RefusedError":
        raise UsageError(error["message"], hint=error["hint"])
    frames = "".join(f"\n{line}" for line in error["user"].rstrip().splitlines())
    raise ReferenceEnvironmentError(f"{target.name}: {error['kind']}: {error['message']}{frames}", trace=error["trace"])
