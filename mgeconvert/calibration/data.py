"""Samples to calibrate with: a folder of arrays, an .npz, or what a function of a script gives."""

from __future__ import annotations

import runpy
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from mgeconvert.errors import BadInputError, UsageError
from mgeconvert.files import noted
from mgeconvert.ir import Value
from mgeconvert.ir.values import admits, takes
from mgeconvert.verification.comparison import random_inputs
from mgeconvert.verification.recorded import read_array, read_arrays

Sample: TypeAlias = "dict[str, np.ndarray]"
"""One run of the network: an array for each input."""
USAGE = "--data takes a folder of .npy or .npz files, an .npz, or script.py:feeds"
MOST = 4096
"""Samples at most: a generator that never ends is stopped there."""


def read_samples(given: str, inputs: Mapping[str, Value]) -> list[Sample]:
    """The samples that `given` names, for a network with these inputs.

    Raises UsageError for what is no such name, BadInputError (with the file and the input) for arrays of wrong names,
    shapes or types, with NaN or infinity in them, and where there is none.
    """
    name, colon, attribute = given.rpartition(":")
    path = Path(given)
    if colon and name.endswith(".py"):
        found = _of_script(Path(name), attribute, inputs)
    elif path.is_dir():
        found = _of_folder(path, inputs)
    elif path.suffix.lower() == ".npz":
        found = _of_arrays(read_arrays(path), inputs, given)
    elif path.suffix.lower() == ".npy":
        found = _of_one(read_array(path), inputs, given)
    elif path.suffix.lower() == ".py":
        raise UsageError(f"--data {given}: says no function", hint=f"--data {given}:feeds")
    elif not path.exists():
        raise UsageError(f"--data {given}: no such file or folder", hint=USAGE)
    else:
        raise UsageError(f"--data {given}: is no such file", hint=USAGE)
    if not found:
        raise BadInputError(f"{given}: holds no samples", hint=USAGE)
    return found


def random_samples(inputs: Mapping[str, Value]) -> list[Sample]:
    """One sample of random numbers, to say what recipes cost that observe nothing."""
    return [random_inputs(inputs)]


def checked(arrays: Mapping[str, np.ndarray], inputs: Mapping[str, Value], place: str) -> Sample:
    """Arrays of one run in the order and types of the inputs; BadInputError for those that do not fit."""
    missing = [name for name in inputs if name not in arrays]
    if missing:
        unknown = [name for name in arrays if name not in inputs]
        found = f"holds {', '.join(unknown)}" if unknown else "holds no array"
        raise BadInputError(f"{place}: {found}; expected {', '.join(inputs)}: nothing for {', '.join(missing)}")
    return {name: _checked(np.asarray(arrays[name]), name, value, place) for name, value in inputs.items()}


def _checked(array: np.ndarray, name: str, value: Value, place: str) -> np.ndarray:
    if value.dtype is not None and {array.dtype.kind, value.dtype.kind} == {"f"}:
        array = array.astype(value.dtype, copy=False)
    if not takes(value, array):
        found = Value(name, array.dtype, array.shape).type_text
        raise BadInputError(f"{place}: the array for input {name} is {found}, expected {value.type_text}")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise BadInputError(f"{place}: the array for input {name} has NaN or infinity in it")
    if not array.size:
        raise BadInputError(f"{place}: the array for input {name} has no elements")
    return array


def _of_folder(folder: Path, inputs: Mapping[str, Value]) -> list[Sample]:
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() in (".npy", ".npz"))
    samples: list[Sample] = []
    for path in files:
        if path.suffix.lower() == ".npz":
            samples += _of_arrays(read_arrays(path), inputs, str(path))
        else:
            samples += _of_one(read_array(path), inputs, str(path))
    return samples


def _of_one(array: np.ndarray, inputs: Mapping[str, Value], place: str) -> list[Sample]:
    if len(inputs) != 1:
        raise BadInputError(
            f"{place}: is one array, and the network has {len(inputs)} inputs", hint="one .npz with all of them"
        )
    return _split({next(iter(inputs)): array}, inputs, place)


def _of_arrays(arrays: Mapping[str, np.ndarray], inputs: Mapping[str, Value], place: str) -> list[Sample]:
    """By the inputs' names, or as in_0, in_1, ...; other arrays of the file (recorded outputs) are not looked at."""
    positions = [f"in_{index}" for index in range(len(inputs))]
    if not all(name in arrays for name in inputs) and all(name in arrays for name in positions):
        arrays = {name: arrays[position] for name, position in zip(inputs, positions, strict=True)}
    return _split(arrays, inputs, place)


def _split(arrays: Mapping[str, np.ndarray], inputs: Mapping[str, Value], place: str) -> list[Sample]:
    """One sample; or several, where the first axis of each array is as many times as long as the network takes, or is
    one axis more."""
    own = {name: arrays[name] for name in inputs if name in arrays}
    if own.keys() != inputs.keys() or all(admits(inputs[name].shape, array.shape) for name, array in own.items()):
        return [checked(arrays, inputs, place)]
    counts = {_count(array, inputs[name]) for name, array in own.items()}
    count = counts.pop() if len(counts) == 1 else None
    if count is None or (
        count == 1 and all(array.ndim == len(inputs[name].shape or ()) for name, array in own.items())
    ):
        return [checked(arrays, inputs, place)]  # which says what does not fit
    parts = {name: _parts(array, inputs[name], count) for name, array in own.items()}
    return [
        checked({name: part[index] for name, part in parts.items()}, inputs, f"{place}: sample {index}")
        for index in range(count)
    ]


def _count(array: np.ndarray, value: Value) -> int | None:
    """How many arrays of the input's shape stand behind one another."""
    shape = value.shape
    if shape is None or not array.ndim:
        return None
    if admits(shape, array.shape[1:]):
        return len(array)
    first = shape[0] if shape else None
    if isinstance(first, int) and first and array.ndim == len(shape) and len(array) % first == 0:
        return len(array) // first
    return None


def _parts(array: np.ndarray, value: Value, count: int) -> list[np.ndarray]:
    if admits(value.shape, array.shape[1:]):
        return list(array)
    return np.split(array, count) if count else []


def _of_script(script: Path, attribute: str, inputs: Mapping[str, Value]) -> list[Sample]:
    """What the function (or list) of the script gives: for each sample a dict by input name, a tuple in the order of
    the inputs, or the one array."""
    if not script.is_file():
        raise UsageError(f"--data {script}:{attribute}: no file {script}", hint=USAGE)
    place = f"{script}:{attribute}"
    try:
        found = runpy.run_path(str(noted(script)))
        if attribute not in found:
            raise UsageError(f"--data {place}: the script has no {attribute}", hint=USAGE)
        given: Any = found[attribute]
        items = given() if callable(given) else given
        if not isinstance(items, Iterable) or isinstance(items, str | Mapping):
            raise BadInputError(f"{place}: is {type(items).__name__}, expected samples, one after the other")
        samples: list[Sample] = []
        for item in items:
            samples.append(checked(_named(item, inputs, place), inputs, f"{place}: sample {len(samples)}"))
            if len(samples) == MOST:
                break
        return samples
    except (BadInputError, UsageError):
        raise
    except Exception as error:  # a script of the user's may raise anything
        raise BadInputError(f"{place}: {type(error).__name__}: {error}") from error


def _named(item: Any, inputs: Mapping[str, Value], place: str) -> Mapping[str, np.ndarray]:
    if isinstance(item, Mapping):
        return {str(name): np.asarray(array) for name, array in item.items()}
    arrays = list(item) if isinstance(item, tuple | list) else [item]
    if len(arrays) != len(inputs):
        raise BadInputError(
            f"{place}: gives {len(arrays)} arrays a sample, expected {len(inputs)}: {', '.join(inputs)}"
        )
    return dict(zip(inputs, map(np.asarray, arrays), strict=True))
