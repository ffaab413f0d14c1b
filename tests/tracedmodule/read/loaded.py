"""Loading hand-made pickles: what a module's attribute becomes, and what a refused file is told."""

from __future__ import annotations

import io
from typing import Any

import pytest

from mgeconvert.errors import BadInputError
from mgeconvert.tracedmodule.read import unpickle
from mgeconvert.tracedmodule.read.source import opened
from tests.tracedmodule.pickles import file, module

TAIL = ", which no TracedModule needs; nothing in the file was imported or run"
"""How a refusal of a name or a call ends."""


def load(data: bytes) -> Any:
    with opened(io.BytesIO(data)) as (stream, place):
        return unpickle.load(stream, place)


def attribute(data: bytes) -> Any:
    """The value as an attribute of a TracedModule."""
    return load(file(module(value=data))).attributes["value"]


def refusal(data: bytes, kind: type[BadInputError] = BadInputError) -> str:
    """The message of the refusal, without the file's name."""
    with pytest.raises(kind) as caught:
        load(data)
    assert type(caught.value) is kind
    assert caught.value.hint
    assert caught.value.message.startswith("standard input: ")
    return caught.value.message.removeprefix("standard input: ")
