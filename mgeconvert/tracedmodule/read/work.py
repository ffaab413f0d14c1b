"""How much work a file may make: small files whose parts are shared may stand for more than any machine can take apart.

with bounded():
    ...
    spend(len(items))       # BadInputError once the file asks for too much
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from mgeconvert.errors import BadInputError

MOST = 1_000_000
"""Parts of structures and constants that are taken apart, all spelled out; real networks have some ten thousand."""

BYTES_A_PART = 64
"""Bytes that are compared in the time that one part takes."""
LEAST_BYTES = 64 << 20
"""Bytes of arrays that every file may have; larger files may have twice their own size."""

NARROW = 1 << 32
"""Integers below that have hashes of their own."""


@dataclass(slots=True)
class _Account:
    """What is still left."""

    parts: int
    bytes: int


_LEFT: ContextVar[_Account | None] = ContextVar("left", default=None)


@contextmanager
def bounded(size: int = 0) -> Iterator[None]:
    """What is spent while the context is open is limited, for a file of that size; within another such context that
    one's limit holds."""
    token = _LEFT.set(_Account(MOST, max(LEAST_BYTES, 2 * size))) if _LEFT.get() is None else None
    try:
        yield
    finally:
        if token is not None:
            _LEFT.reset(token)


def spend(parts: int = 1) -> None:
    """Count parts that are about to be looked at; BadInputError for more than a network needs."""
    left = _LEFT.get()
    if left is None:
        return
    left.parts -= parts
    if left.parts < 0:
        raise BadInputError(f"its arguments and constants are more than {MOST:,} parts, all spelled out")


def unpack(size: int) -> None:
    """Count the bytes of an array; BadInputError where they are far more than the file has."""
    left = _LEFT.get()
    if left is None:
        return
    left.bytes -= size
    if left.bytes < 0:
        raise BadInputError("its arrays are more than twice as large as the file: they share their bytes")


def is_key(value: Any) -> bool:
    """Whether a value is cheap to hash, and its hash one that no file can choose."""
    if type(value) is int:
        return -NARROW < value < NARROW
    if type(value) is tuple:
        spend(1 + len(value))
        return all(map(is_key, value))
    return isinstance(value, str | bytes | float | bool | None.__class__)
