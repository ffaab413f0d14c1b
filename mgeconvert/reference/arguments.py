"""What `mgeconvert trace` calls forward() with: ``--input``, ``--const`` and ``--inputs`` as data for the worker."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mgeconvert.errors import BadInputError, UsageError

SEED = 20
FORM = "[NAME=]1,3,224,224[:dtype] or [NAME=]file.npy"
CONST = "--const NAME=JSON: flag=true, scale=2.0, mode='\"fast\"', mask=null"
DTYPES = ("float32", "float16", "int32", "int16", "int8", "uint8", "bool")
NAME = r"[^\W\d]\w*(?:\.\w+)*"
"""A parameter of forward(), or what stands in it: ``pair.0``, ``features.low``."""


@dataclass(frozen=True, slots=True)
class Input:
    """An array among the arguments of forward(): its name (None: by position; ``pair.0`` inside a list, ``d.low`` in a
    dict) and the array to trace with."""

    name: str | None
    array: np.ndarray


@dataclass(frozen=True, slots=True)
class Constant:
    """A Python value among the arguments, which the trace holds as it is."""

    name: str
    value: Any


@dataclass(frozen=True, slots=True)
class Feeds:
    """``file.py:feeds`` or ``package.module:feeds``: what is there, or gives it when called, are all the arguments, a
    dict by name or a tuple in order. `paths` are folders to import from."""

    target: str
    paths: tuple[Path, ...] = ()


def parse_input(text: str) -> Input:
    """``x=1,3,224,224:uint8`` as random numbers (always the same), ``x=file.npy`` as what is in it. UsageError."""
    match = re.fullmatch(rf"(?:(?P<name>{NAME})=)?(?P<rest>.+)", text)
    name, rest = (match["name"], match["rest"]) if match else (None, text)
    if rest.endswith(".npy"):
        from mgeconvert.verification.recorded import read_array

        try:
            return Input(name, read_array(Path(rest)))
        except BadInputError as error:
            raise BadInputError(f"--input {text}: {error.message}") from error
    sizes, _, dtype = rest.partition(":")
    dtype = dtype or "float32"
    if dtype not in DTYPES:
        raise UsageError(f"--input {text}: {dtype} is no type; there are {', '.join(DTYPES)}")
    parts = [part.strip() for part in sizes.split(",")] if sizes.strip() != "()" else []
    if not all(part.isdigit() and int(part) > 0 for part in parts):
        raise UsageError(f"--input {text}: expected {FORM}")
    return Input(name, _random([int(part) for part in parts], np.dtype(dtype)))


def parse_constant(text: str) -> Constant:
    """``flag=true``, ``options.mode="fast"``: a name and JSON. UsageError."""
    match = re.fullmatch(rf"(?P<name>{NAME})=(?P<value>.*)", text, re.DOTALL)
    if match is None:
        raise UsageError(f"--const {text}: expected NAME=JSON", hint=CONST)
    try:
        return Constant(match["name"], json.loads(match["value"]))
    except ValueError as error:
        raise UsageError(f"--const {text}: {match['value']} is no JSON", hint=CONST) from error


def parse_feeds(text: str) -> Feeds:
    """``file.py:feeds`` or ``package.module:feeds``. UsageError."""
    name, colon, attribute = text.rpartition(":")
    if not (name and colon and attribute):
        raise UsageError(f"--inputs {text}: expected file.py:feeds or package.module:feeds")
    if not name.endswith(".py"):
        return Feeds(text)
    if not Path(name).is_file():
        raise UsageError(f"--inputs {text}: no file {name}")
    return Feeds(f"{Path(name).stem}:{attribute}", (Path(name).parent,))


def check_names(names: Sequence[str | None]) -> None:
    """UsageError for a name that is given twice, or is both an argument and a container of others."""
    seen: set[str] = set()
    for name in [name for name in names if name is not None]:
        if name in seen:
            raise UsageError(f"the argument {name} is given twice", hint="give --input once for each argument")
        seen.add(name)
    for name in seen:
        outer = name.rpartition(".")[0]
        while outer:
            if outer in seen:
                raise UsageError(f"{name} is a part of {outer}, which is given as a whole")
            outer = outer.rpartition(".")[0]


def entries(given: Sequence[Input | Constant]) -> list[dict[str, Any]]:
    """For the worker: ``{"path": ["pair", "0"] or None, "array": number}``, for a constant ``{"path", "value"}``; the
    numbers count the arrays."""
    found: list[dict[str, Any]] = []
    number = 0
    for each in given:
        path = None if each.name is None else each.name.split(".")
        if isinstance(each, Input):
            found.append({"path": path, "array": number})
            number += 1
        else:
            found.append({"path": path, "value": each.value})
    return found


def _random(shape: Sequence[int], dtype: np.dtype) -> np.ndarray:
    """Floats of a normal distribution, bytes of all values, other integers 0 or 1."""
    generator = np.random.default_rng(SEED)
    if dtype.kind == "f":
        return generator.standard_normal(shape).astype(dtype)
    return generator.integers(0, 256 if dtype == np.uint8 else 2, shape).astype(dtype)
