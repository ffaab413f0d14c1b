"""What the arguments of a call may be, from the annotations of its handler: a damaged file is told from a bug."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from mgeconvert.errors import BadInputError
from mgeconvert.ir import Value

_WORD = re.compile(r"\w+")
NUMBERS = frozenset(["int", "float", "bool", "Sizes", "Axis", "Size"])
"""Annotations of parameters that are numbers; with Sequence, or where they say so themselves, several."""
SEVERAL = frozenset(["Sequence", "Sizes", "Axis"])
TENSORS = frozenset(["Value", "Tensor"])


def check_arguments(signature: inspect.Signature, given: Mapping[str, Any]) -> None:
    """Raise BadInputError, with the parameter's name, for an argument that is nothing like what the handler takes."""
    for name, argument in given.items():
        parameter = signature.parameters[name]
        if parameter.kind in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
            continue
        words = set(_WORD.findall(str(parameter.annotation)))
        if argument is parameter.default or (argument is None and "None" in words):
            continue
        expected = _expected(words, argument)
        if expected is not None:
            raise BadInputError(f"{name} is a {type(argument).__name__}, expected {expected}")


def _expected(words: set[str], argument: Any) -> str | None:
    """What the argument is not; None where it may be what the words say."""
    if words <= {"str", "None"} and words:
        return None if isinstance(argument, str) else "text"
    if words & NUMBERS and words <= NUMBERS | SEVERAL | {"None"}:
        if words & SEVERAL:
            return None if _are_numbers(argument) else "numbers"
        return None if _is_number(argument) else "a number"
    if words & TENSORS and words <= TENSORS | {"None"}:
        return None if isinstance(argument, Value) or _is_number(argument) else "a tensor"
    return None


def _is_number(argument: Any) -> bool:
    if isinstance(argument, list | tuple):  # a vector of one element, as numbers
        return len(argument) == 1 and _is_number(argument[0])
    return isinstance(argument, int | float | np.generic | np.ndarray | Value)


def _are_numbers(argument: Any) -> bool:
    return all(map(_is_number, argument)) if isinstance(argument, list | tuple) else _is_number(argument)
