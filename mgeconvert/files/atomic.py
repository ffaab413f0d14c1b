"""Atomic output: files appear complete under their names, or not at all, and an old file survives a failed run."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

from ..errors import MgeconvertError
from .renaming import rename_all


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
        rename_all(pending)
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
    temporary = final.with_name(f".{os.urandom(8).hex()}.tmp")
    stream = open(temporary, "xb")  # noqa: SIM115 - the caller's ExitStack closes it
    pending.append((temporary, final))
    if final.exists():
        shutil.copymode(final, temporary)
    return stream
