"""Python text: literals, identifiers and types of torch."""

from __future__ import annotations

import keyword
import math
import re
from collections.abc import Iterable
from typing import Any

import numpy as np

from mgeconvert.errors import refuse

CONTROL = re.compile("[\x00-\x1f]")
MARK = "\x00"
"""Encloses a dotted path below the module at hand, until it is known how one gets there."""
DTYPES = frozenset(
    [
        "float16",
        "float32",
        "float64",
        "bfloat16",
        "int8",
        "int16",
        "int32",
        "int64",
        "uint8",
        "uint16",
        "uint32",
        "uint64",
        "bool",
        "complex64",
        "complex128",
    ]
)


def plain(name: str) -> str:
    """A name of the file without control characters, which have meanings here."""
    return CONTROL.sub("_", name)


def marked(path: str) -> str:
    """A module's path between marks."""
    return f"{MARK}{plain(path)}{MARK}"


def identifier(text: str) -> str:
    """A Python name that resembles the text: ``class`` is ``class_``, ``1`` is ``_1``, ``a-b`` is ``a_b``."""
    name = re.sub(r"\W+", "_", text) or "_"
    name = f"_{name}" if name[0].isdigit() else name
    return f"{name}_" if keyword.iskeyword(name) else name


def is_identifier(text: str) -> bool:
    """Whether the text can stand behind a dot."""
    return text.isidentifier() and not keyword.iskeyword(text)


def is_closed(text: str) -> bool:
    """Whether an expression can stand before a dot and among operators without parentheses around it."""
    depth = 0
    for number, letter in enumerate(text):
        if letter in "([{":
            if depth == 0 and number == 0 and letter == "(":
                return text.endswith(")") and _closes(text) == len(text) - 1
            depth += 1
        elif letter in ")]}":
            depth -= 1
        elif depth == 0 and not (letter.isalnum() or letter in f"_.{MARK}"):
            return False
    return not text[:1].isdigit() or text.isdigit()


def _closes(text: str) -> int:
    depth = 0
    for number, letter in enumerate(text):
        depth += (letter in "([{") - (letter in ")]}")
        if not depth:
            return number
    return -1


def _shortest(number: Any) -> float:
    """The shortest decimal that is this float32 when rounded. That of the largest, 3.4028235e+38, is above it, which
    torch refuses: it stays as it is."""
    short = float(str(np.float32(number)))
    return float(number) if float(np.finfo(np.float32).max) < abs(short) < math.inf else short


def literal(value: Any) -> str:
    """A constant as Python source: numbers, text, None, tuples and lists."""
    if isinstance(value, np.ndarray | np.generic):
        return literal(_shortest(value) if value.dtype == np.float32 and value.ndim == 0 else value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return "math.nan" if math.isnan(value) else ("math.inf" if value > 0 else "-math.inf")
    if isinstance(value, tuple):
        return f"({', '.join(map(literal, value))}{',' if len(value) == 1 else ''})"
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    if value is Ellipsis:
        return "..."
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return repr(value)


def torch_dtype(dtype: np.dtype[Any]) -> str:
    """``torch.float32``; refused where torch has no such type."""
    if dtype.name not in DTYPES:
        refuse(f"torch has no {dtype.name} tensors")
    return f"torch.{dtype.name}"


def call(callee: str, *args: Any, **kwargs: Any) -> str:
    """``F.relu(x, inplace=True)``: arguments are source text, keyword arguments are constants unless already text."""
    given = [str(arg) for arg in args]
    given += [f"{name}={value if isinstance(value, Text) else literal(value)}" for name, value in kwargs.items()]
    return f"{callee}({', '.join(given)})"


class Text(str):
    """Source text among constants."""

    __slots__ = ()


def simplest(values: Iterable[int]) -> Any:
    """3 for (3, 3), else the tuple."""
    values = tuple(int(value) for value in values)
    return values[0] if len(set(values)) == 1 else values
