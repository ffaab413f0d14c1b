"""How much work a file may make: small files whose parts are shared may stand for more than any machine can take apart.

with bounded():
    ...
    spend(len(items))       # BadInputError once the file asks for too much
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from mgeconvert.errors import BadInputError

MOST = 2_000_000
"""Parts of structures and constants that are taken apart, all spelled out; real networks have some ten thousand."""

_SPENT: ContextVar[list[int] | None] = ContextVar("spent", default=None)


@contextmanager
def bounded() -> Iterator[None]:
    """What is spent while the context is open is limited; within another such context that one's limit holds."""
    token = _SPENT.set([0]) if _SPENT.get() is None else None
    try:
        yield
    finally:
        if token is not None:
            _SPENT.reset(token)


def spend(parts: int = 1) -> None:
    """Count parts that are about to be looked at; BadInputError for more than a network needs."""
    spent = _SPENT.get()
    if spent is None:
        return
    spent[0] += parts
    if spent[0] > MOST:
        raise BadInputError(f"its arguments and constants are more than {MOST:,} parts, all spelled out")
