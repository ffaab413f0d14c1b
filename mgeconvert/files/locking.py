"""One writer at a time gives files their names in a folder, so that two runs never leave a mix of their files."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

HAS_LOCKS = importlib.util.find_spec("fcntl") is not None
"""Windows has no locks on folders."""


@contextmanager
def locked(folders: Iterable[Path]) -> Iterator[None]:
    """While the context is open no other run of mgeconvert renames files in these folders; without effect on systems,
    and on disks, that have no such locks."""
    with ExitStack() as stack:
        for folder in sorted(folders) if HAS_LOCKS else ():
            stack.enter_context(_lock(folder))
        yield


@contextmanager
def _lock(folder: Path) -> Iterator[None]:
    import fcntl

    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
