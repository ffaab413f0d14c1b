"""What the arguments of a call may be, from the annotations of its handler: a damaged file is told from a bug."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from mgeconvert.errors import BadInputError
from mgeconvert.ir import Value, dtypes

from ..read.arrays import MgeDType

_WORD = re.compile(r"\w+")
NUMBERS = frozenset(["int", "float", "bool", "Sizes", "Axis", "Size"])
"""Annotations of parameters that are numbers; with Sequence, or where they say so themselves, several."""
SEVERAL = frozenset(["Sequence", "Sizes", "Axis"])
WHOLE = "a whole number"
TENSORS = frozenset(["Value", "Tensor"])


Fits: TypeAlias = "Callable[[Any], bool]"


@dataclass(frozen=True, slots=True)
class Expected:
    """What a parameter takes in words, how an argument is seen to be that, and what passes without a look."""

    what: str
    fits: Fits
    default: Any
    optional: bool


def check_arguments(expected: Mapping[str, Expected], given: dict[str, Any]) -> None:
    """Raise BadInputError, with the parameter's name, for an argument that is nothing like what the handler takes.
    A float that is a whole number becomes one where the handler counts with it."""
    for name, argument in given.items():
        wanted = expected.get(name)
        if wanted is None or argument is wanted.default or (argument is None and wanted.optional):
            continue
        if not wanted.fits(argument):
            raise BadInputError(f"{name} is a {type(argument).__name__}, expected {wanted.what}")
        if wanted.what == WHOLE and isinstance(argument, float):
            if not argument.is_integer():
                raise BadInputError(f"{name} is {argument}, expected {WHOLE}")
            given[name] = int(argument)


def expected_arguments(signature: inspect.Signature) -> dict[str, Expected]:
    """What each parameter takes; those whose annotation says nothing that can be checked are left out."""
    found = {}
    for name, parameter in signature.parameters.items():
        words = frozenset(_WORD.findall(str(parameter.annotation)))
        check = ("a type of data", _is_dtype) if name == "dtype" else _check(words)
        if check is not None and parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
            found[name] = Expected(*check, parameter.default, "None" in words)
    return found


def _check(words: frozenset[str]) -> tuple[str, Fits] | None:
    """What the words of an annotation say, and whether an argument is that."""
    if words and words <= {"str", "None"}:
        return "text", _is_text
    if words & NUMBERS and words <= NUMBERS | SEVERAL | {"None"}:
        if words & SEVERAL:
            return "numbers", _are_numbers
        return WHOLE if words <= {"int", "None"} else "a number", _is_number
    if words & TENSORS and words <= TENSORS | {"None"}:
        return "a tensor", _is_tensor
    return None


def _is_text(argument: Any) -> bool:
    return isinstance(argument, str)


def _is_tensor(argument: Any) -> bool:
    return isinstance(argument, Value) or _is_number(argument)


def _is_dtype(argument: Any) -> bool:
    """What numpy or MegEngine calls a type of numbers; None is for the handler to say."""
    if argument is None or isinstance(argument, MgeDType):
        return True
    try:
        return np.dtype(argument).name in dtypes.ELEM_TYPES
    except TypeError:
        return False


def _is_number(argument: Any) -> bool:
    if isinstance(argument, list | tuple):  # a vector of one element, as numbers
        return len(argument) == 1 and _is_number(argument[0])
    return isinstance(argument, int | float | np.generic | np.ndarray | Value)


def _are_numbers(argument: Any) -> bool:
    return all(map(_is_number, argument)) if isinstance(argument, list | tuple) else _is_number(argument)
