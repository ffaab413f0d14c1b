"""Atomic output: files appear complete under their names, or not at all, and an old file survives a failed run."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

from .errors import MgeconvertError


@contextmanager
def output_files(*paths: Path) -> Iterator[tuple[BinaryIO, ...]]:
    """Open binary files for writing that get the names `paths` when the block ends without an exception.

    They are written under temporary names in the same folders and renamed together: all of them or none. A link is
    followed; a device, a pipe or a descriptor (``/dev/stdout``) is written directly. Raises MgeconvertError where the
    system refuses, also while the block writes.
    """
    pending: list[tuple[Path, Path]] = []
    try:
        with ExitStack() as stack:
            yield tuple(stack.enter_context(_open(path, pending)) for path in paths)
        _rename_all(pending)
    except OSError as error:
        names = ", ".join(map(str, paths))
        raise MgeconvertError(f"{names}: cannot be written: {error.strerror or error}") from error
    finally:
        for temporary, _ in pending:
            temporary.unlink(missing_ok=True)


def _open(path: Path, pending: list[tuple[Path, Path]]) -> BinaryIO:
    """The stream to write `path` by; a (temporary, final) pair that it must be renamed by goes to `pending`."""
    final = Path(os.path.realpath(path))
    if not final.parent.is_dir():
        raise MgeconvertError(f"{path}: cannot be written: the folder {path.parent} does not exist")
    if final.is_dir():
        raise MgeconvertError(f"{path}: cannot be written: it is a folder", hint="give a file name")
    if final.exists():
        if not os.access(final, os.W_OK):
            raise MgeconvertError(f"{path}: cannot be written: it is write-protected")
        if not final.is_file():
            return open(final, "wb")
    temporary = final.with_name(f".{final.name[:100]}.{secrets.token_hex(4)}.tmp")
    stream = open(temporary, "xb")  # noqa: SIM115 - the caller's ExitStack closes it
    pending.append((temporary, final))
    if final.exists():
        shutil.copymode(final, temporary)
    return stream


def _rename_all(pending: Sequence[tuple[Path, Path]]) -> None:
    """Rename every (temporary, final) pair; after a failure the old files are back under their names."""
    if len(pending) == 1:
        os.replace(*pending[0])
        return
    undo: list[tuple[Path | None, Path]] = []
    try:
        for temporary, final in pending:
            backup = temporary.with_suffix(".old") if final.exists() else None
            if backup is not None:
                os.replace(final, backup)
            undo.append((backup, final))
            os.replace(temporary, final)
    except OSError:
        for backup, final in reversed(undo):
            if backup is None:
                final.unlink(missing_ok=True)
            else:
                os.replace(backup, final)
        raise
    for backup, _ in undo:
        if backup is not None:
            backup.unlink()
