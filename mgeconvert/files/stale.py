"""Folders that killed runs left behind: found by the lock that a living run holds on its own, and removed."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from .locking import HAS_LOCKS, locked

JOURNAL = "MGECONVERT_JOURNAL"
"""The variable that names a file for the folders of this run, for who watches it and may have to kill it."""

OWNER = ".owner"
"""The file in such a folder that its run holds a lock on."""
DAY = 86_400


@contextmanager
def owned(parent: Path, prefix: str, name: str) -> Iterator[Path]:
    """A new folder of that name in `parent`, removed when the context closes. Folders whose names begin with `prefix`
    and which no run holds any more are removed first."""
    folder = parent / name
    descriptor = -1
    with locked([parent]):  # nobody else looks for left folders between making ours and locking it
        _sweep(parent, prefix)
        folder.mkdir(0o700)
        _note(folder)
        if HAS_LOCKS:
            descriptor = os.open(folder / OWNER, os.O_RDWR | os.O_CREAT, 0o600)
            _try_lock(descriptor)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if descriptor >= 0:
            os.close(descriptor)


def _sweep(parent: Path, prefix: str) -> None:
    for left in parent.glob(f"{prefix}*") if HAS_LOCKS else ():
        with suppress(FileNotFoundError):  # the run that held it has just removed it
            if left.is_dir() and not left.is_symlink() and left.stat().st_uid == os.geteuid() and _is_left(left):
                shutil.rmtree(left, ignore_errors=True)


def _is_left(folder: Path) -> bool:
    """Whether no run holds the folder; one without an owner is given a day."""
    try:
        descriptor = os.open(folder / OWNER, os.O_RDWR | os.O_NOFOLLOW)
    except OSError:
        return time.time() - folder.stat().st_mtime > DAY
    try:
        return _try_lock(descriptor)
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int) -> bool:
    """Whether nobody else had the lock; False too on a disk that has no locks."""
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _note(folder: Path) -> None:
    journal = os.environ.get(JOURNAL)
    if journal:
        with open(journal, "a", encoding="utf-8", errors="surrogateescape") as file:
            file.write(f"{folder.absolute()}\0")


def remove_noted(journal: Path) -> None:
    """Remove the folders that a run noted, which is dead."""
    text = journal.read_text(encoding="utf-8", errors="surrogateescape") if journal.is_file() else ""
    for name in filter(None, text.split("\0")):
        shutil.rmtree(name, ignore_errors=True)
