"""Trace a user's MegEngine module: in this process if MegEngine can be imported, else in the reference environment."""

from __future__ import annotations

import importlib.util
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from mgeconvert.errors import BadInputError, ReferenceEnvironmentError, UsageError
from mgeconvert.files import staging

from .client import ask
from .environment import environment

SEED = 20
FORM = "[NAME=]1,3,224,224[:dtype] or [NAME=]file.npy"
DTYPES = ("float32", "float16", "int32", "int16", "int8", "uint8", "bool")


@dataclass(frozen=True, slots=True)
class Input:
    """One argument of forward(): its name (None: by position) and the array to trace with."""

    name: str | None
    array: np.ndarray


@dataclass(frozen=True, slots=True)
class Target:
    """What to trace: ``package.module:factory``, or with `is_hub` ``owner/repository:entry`` of MegEngine's hub.

    `paths` are folders to import from, `kwargs` the factory's arguments, `weights` a file with a state dict.
    """

    name: str
    is_hub: bool = False
    paths: tuple[Path, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    weights: Path | None = None


@dataclass(frozen=True, slots=True)
class Traced:
    """The files written, the types of inputs and outputs (``float32[1,1000]``), and what forward() returns."""

    model: Path
    recorded: Path
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    structure: str


def trace(target: Target, inputs: Sequence[Input], model: Path) -> Traced:
    """Write ``model.pkl`` and ``model.npz``, the inputs and outputs that MegEngine computed, beside it.

    Raises UsageError for what cannot be traced, ReferenceEnvironmentError with the user's own frames for what their
    code raises, MissingDependencyError without MegEngine. Nothing is written then.
    """
    module, colon, attribute = target.name.rpartition(":")
    if not (module and colon and attribute):
        form = "owner/repository:entry" if target.is_hub else "package.module:factory"
        raise UsageError(f"{target.name}: expected {form}")
    if target.weights is not None and not target.weights.is_file():
        raise BadInputError(f"{target.weights}: no such file")
    recorded = model.with_suffix(".npz")
    if recorded == model:
        raise UsageError(f"{model}: is the name of the recorded arrays", hint="call the model model.pkl")
    with tempfile.TemporaryDirectory(prefix="mgeconvert-") as folder, staging() as stage:
        given = Path(folder, "inputs.npz")
        np.savez(given, *(each.array for each in inputs))
        files = stage.place(model.absolute()), stage.place(recorded.absolute())
        request = {
            "command": "trace",
            "target": None if target.is_hub else target.name,
            "hub": target.name if target.is_hub else None,
            "path": [str(path.absolute()) for path in target.paths],
            "kwargs": dict(target.kwargs),
            "weights": None if target.weights is None else str(target.weights.absolute()),
            "inputs": str(given),
            "names": [each.name for each in inputs],
            "model": str(files[0]),
            "recorded": str(files[1]),
        }
        result = _result(target, _answer(request))
        stage.publish(files)
    return Traced(model, recorded, tuple(result["inputs"]), tuple(result["outputs"]), result["structure"])


def parse_input(text: str) -> Input:
    """``x=1,3,224,224:uint8`` as random numbers (always the same), ``x=file.npy`` as what is in it. UsageError."""
    match = re.fullmatch(r"(?:(?P<name>[A-Za-z_]\w*)=)?(?P<rest>.+)", text)
    name, rest = (match["name"], match["rest"]) if match else (None, text)
    if rest.endswith(".npy"):
        try:
            return Input(name, np.load(rest, allow_pickle=False))
        except OSError as error:
            raise BadInputError(f"--input {text}: {rest}: {error.strerror or error}") from error
        except (ValueError, EOFError) as error:
            raise BadInputError(f"--input {text}: {rest}: is no .npy file of plain numbers") from error
    sizes, _, dtype = rest.partition(":")
    dtype = dtype or "float32"
    if dtype not in DTYPES:
        raise UsageError(f"--input {text}: {dtype} is no type; there are {', '.join(DTYPES)}")
    parts = [part.strip() for part in sizes.split(",")] if sizes.strip() != "()" else []
    if not all(part.isdigit() and int(part) > 0 for part in parts):
        raise UsageError(f"--input {text}: expected {FORM}")
    return Input(name, _random([int(part) for part in parts], np.dtype(dtype)))


def _random(shape: Sequence[int], dtype: np.dtype) -> np.ndarray:
    """Floats of a normal distribution, bytes of all values, other integers 0 or 1."""
    generator = np.random.default_rng(SEED)
    if dtype.kind == "f":
        return generator.standard_normal(shape).astype(dtype)
    return generator.integers(0, 256 if dtype == np.uint8 else 2, shape).astype(dtype)


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
