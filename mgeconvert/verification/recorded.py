"""Recorded inputs and outputs: the .npz files that say what a model computes.

The arrays are named ``in_0, in_1, ...`` and ``out_0, out_1, ...`` in the order of the traced model, or by the names of
the model's inputs and outputs.
"""

from __future__ import annotations

import lzma
import tokenize
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from mgeconvert.errors import BadInputError
from mgeconvert.files import noted
from mgeconvert.ir import Value
from mgeconvert.ir.values import takes

if TYPE_CHECKING:
    from mgeconvert.registry import Frontend

SAVE = 'np.save("x.npy", x) in numpy, for an array x of numbers'
KEYS_HINT = "name the arrays in_0, in_1, ... and out_0, out_1, ..., or as the model's inputs and outputs"

NONE: Mapping[str, str] = MappingProxyType({})
LARGEST, GROWTH = 1 << 28, 100
"""An archive may unpack to LARGEST bytes, or to GROWTH times its size: masks and zeros pack that well."""
_DAMAGED = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, tokenize.TokenError, SyntaxError)


class MisfitError(BadInputError):
    """Recorded inputs of another shape or type than the model takes."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """Arrays by the public names of a model's inputs and outputs; `path` is the file they come from. After
    an edit of the model outputs may be missing.
    `method` says how they came to be: "recorded" in a file, "model" by the model's own runtime, "ir" by a graph of
    ours; then `said` says what to call them."""

    path: Path
    inputs: dict[str, np.ndarray]
    outputs: dict[str, np.ndarray]
    said: str = ""
    method: Literal["recorded", "model", "ir"] = "recorded"


def beside(model: Path) -> Path | None:
    """``model.npz`` beside ``model.pkl``, where there is one."""
    path = model.with_suffix(".npz")
    return path if path.is_file() else None


def along(model: Path, frontend: Frontend) -> Path | Recorded | None:
    """What is recorded of a model: the file beside it, else the test case that the model's own file holds."""
    return beside(model) or (frontend.recorded(model) if frontend.recorded is not None else None)


def read_recorded(
    path: Path, inputs: Mapping[str, Value], outputs: Mapping[str, Value], narrows: Mapping[str, str] = NONE
) -> Recorded:
    """The file's arrays for a model with these inputs and outputs; inputs in the types that `narrows` says its format
    has in place of theirs, where the numbers stay.

    Raises BadInputError where the file is no .npz or lacks an array, MisfitError for one of another dtype or shape.
    """
    arrays = read_arrays(path)
    given = {
        name: _narrowed(array, value, narrows)
        for (name, array), value in zip(_choose(path, arrays, inputs, "in").items(), inputs.values(), strict=True)
    }
    for (name, array), value in zip(given.items(), inputs.values(), strict=True):
        _check_input(path, name, array, value)
    return Recorded(path, given, _choose(path, arrays, outputs, "out"))


def _narrowed(array: np.ndarray, value: Value, narrows: Mapping[str, str]) -> np.ndarray:
    if value.dtype is None or narrows.get(array.dtype.name) != value.dtype.name:
        return array
    other = array.astype(value.dtype)
    return other if np.array_equal(other, array) else array


def read_beside(path: Path, inputs: Mapping[str, Value], outputs: Mapping[str, Value]) -> Recorded | None:
    """What lies beside a model; None where it was recorded at other shapes than the model was read with."""
    try:
        return read_recorded(path, inputs, outputs)
    except MisfitError:
        return None


def read_inputs(path: Path, inputs: Mapping[str, Value]) -> dict[str, np.ndarray]:
    """The inputs only, of a file that may hold more; BadInputError as `read_recorded`."""
    return _choose(path, read_arrays(path), inputs, "in")


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """The arrays of an .npz by name; BadInputError for what is none."""
    try:
        with noted(path).open("rb") as file:
            archive = np.load(file, allow_pickle=False)
            if isinstance(archive, np.ndarray):
                raise BadInputError(f"{path}: holds one .npy array, expected an .npz archive", hint=KEYS_HINT)
            _check_unpacked(path, archive)
            arrays = {name: archive[name] for name in archive.files}
            if all(isinstance(array, np.ndarray) for array in arrays.values()):  # other members are their bytes
                return arrays
            raise BadInputError(f"{path}: not an .npz archive of plain arrays", hint=KEYS_HINT)
    except OSError as error:
        raise BadInputError(f"{path}: {error.strerror or error}") from error
    except (ValueError, EOFError, MemoryError, NotImplementedError, RuntimeError, *_DAMAGED) as error:
        raise BadInputError(f"{path}: not an .npz archive of plain arrays", hint=KEYS_HINT) from error


def _check_unpacked(path: Path, archive: Any) -> None:
    """BadInputError for an archive that unpacks to very much more than it is."""
    unpacked = sum(member.file_size for member in archive.zip.infolist())
    if unpacked > max(LARGEST, GROWTH * path.stat().st_size):
        raise BadInputError(f"{path}: unpacks to {unpacked:,} bytes, {GROWTH} times its size; store such data plainly")


def read_array(path: Path) -> np.ndarray:
    """The array of a .npy; BadInputError for a file that is none, or that holds anything but numbers."""
    try:
        found = np.load(noted(path), allow_pickle=False)
    except OSError as error:
        raise BadInputError(f"{path}: {error.strerror or error}") from error
    except (ValueError, EOFError, MemoryError, *_DAMAGED) as error:
        raise BadInputError(f"{path}: is no .npy file of plain numbers", hint=SAVE) from error
    if not isinstance(found, np.ndarray):
        raise BadInputError(f"{path}: is an archive, expected one array", hint="-i FILE.npz gives all")
    return found


def write_arrays(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Write an .npz; unlike numpy's own function it takes arrays of any name. Same arrays, same bytes."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, array in arrays.items():
            with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as file:
                np.lib.format.write_array(file, np.asanyarray(array), allow_pickle=False)


def _choose(
    path: Path, arrays: Mapping[str, np.ndarray], values: Mapping[str, Value], kind: str
) -> dict[str, np.ndarray]:
    """The arrays for all inputs (kind "in") or outputs ("out"), by name or else by position."""
    if all(name in arrays for name in values):
        return {name: _as_vector(arrays[name], value) for name, value in values.items()}
    count = sum(1 for name in arrays if name.startswith(f"{kind}_") and name[len(kind) + 1 :].isdecimal())
    if count == 0:
        missing = ", ".join(name for name in values if name not in arrays)
        found = ", ".join(arrays) or "nothing"
        raise BadInputError(
            f"{path}: holds {found}; expected {kind}_0 ... {kind}_{len(values) - 1}, or {missing}", hint=KEYS_HINT
        )
    positions = [f"{kind}_{index}" for index in range(len(values))]
    if count != len(values) or any(name not in arrays for name in positions):
        noun = "inputs" if kind == "in" else "outputs"
        raise BadInputError(
            f"{path}: holds {count} arrays {kind}_N, expected {len(values)}: the model's {noun} are {', '.join(values)}"
        )
    pairs = zip(values.items(), positions, strict=True)
    return {name: _as_vector(arrays[position], value) for (name, value), position in pairs}


def _as_vector(array: np.ndarray, value: Value) -> np.ndarray:
    """A scalar that MegEngine computed, for a model read from a static graph, where it is a vector of one element."""
    return array.reshape(1) if array.ndim == 0 and value.shape == (1,) else array


def _check_input(path: Path, name: str, array: np.ndarray, value: Value) -> None:
    if not takes(value, array):
        found = Value(name, array.dtype, array.shape).type_text
        raise MisfitError(f"{path}: the array for input {name} is {found}, expected {value.type_text}")
