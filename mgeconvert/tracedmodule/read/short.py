"""What a file says, for messages: at most 60 characters, and no more work than those take.

A list that holds itself twice, 60 levels deep, has a text of 2**60 parts; a number of megabytes cannot be written out.
"""

from __future__ import annotations

import reprlib
from typing import Any

from .typeref import TypeRef

LONGEST = 60


class _Short(reprlib.Repr):
    """Containers by their first parts, classes by their names, everything else by its type."""

    def __init__(self) -> None:
        super().__init__()
        self.maxlevel = 4
        self.maxtuple = self.maxlist = self.maxdict = self.maxset = self.maxfrozenset = 8
        self.maxstring = self.maxother = 2 * LONGEST

    def repr_int(self, value: int, _: int) -> str:
        return repr(value) if value.bit_length() < 4 * LONGEST else f"a number of {value.bit_length()} bits"

    def repr_instance(self, value: Any, _: int) -> str:
        if isinstance(value, TypeRef):
            return value.qualname
        return repr(value) if isinstance(value, float | bytes | bool | None.__class__) else f"a {type(value).__name__}"


_SHORT = _Short()


def short(value: Any) -> str:
    """The value, cut."""
    if isinstance(value, str | bytes):
        return repr(value[:LONGEST])[:LONGEST]
    return _SHORT.repr(value)[:LONGEST]


def kind_or_short(value: Any) -> str:
    """A number or text as it is; something else by its type."""
    if isinstance(value, TypeRef | str | int | float | bytes | None.__class__):
        return short(value)
    return f"a {type(value).__name__}"


def label(key: Any) -> str:
    """The key of a part as a piece of a name."""
    return str(key) if type(key) in (str, int) else short(key)
