"""Which files a run has read: readers note each file that they open, whoever replaces files asks.

with noting() as read:
    graph = frontend.load(path)
# read: the model, its weights in other files, ...
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from mgeconvert.errors import BadInputError

_LISTENING: ContextVar[tuple[dict[Path, None], ...]] = ContextVar("listening", default=())


def noted(path: Path) -> Path:
    """The path, which a reader is about to open; the rule of `replacing` protects what it names."""
    for listener in _LISTENING.get():
        listener[path.absolute()] = None
    return path


def missing(path: Path) -> BadInputError:
    """The error for a file that a run is to read and that is not there."""
    return BadInputError(f"{path}: there is no such file", hint=f"ls {path.parent}")


@contextmanager
def noting() -> Iterator[dict[Path, None]]:
    """The files that are noted while the context is open, in order, as the keys of a dict. Contexts may be nested: an
    outer one hears of them too."""
    heard: dict[Path, None] = {}
    token = _LISTENING.set((*_LISTENING.get(), heard))
    try:
        yield heard
    finally:
        _LISTENING.reset(token)
