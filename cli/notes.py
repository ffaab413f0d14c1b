"""What formats log while they read or write (layouts, fields that were skipped), as lines for the user."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

LOGGER = "mgeconvert"


@contextlib.contextmanager
def notes(say: Callable[[str], None]) -> Iterator[None]:
    """While the context is open, what the core and the converters log from INFO on is said; equal lines once."""
    import logging

    said: set[str] = set()

    class Say(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            text = record.getMessage()
            if text not in said:
                said.add(text)
                say(text)

    logger, handler = logging.getLogger(LOGGER), Say()
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
