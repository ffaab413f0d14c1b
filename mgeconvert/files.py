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

    They are written under temporary names in the same folders and renamed together: all of them or none. A device, a
    pipe or a descriptor (``/dev/stdout``) is written directly. Raises MgeconvertError where the system refuses.
    """
    finals = [Path(os.path.realpath(path)) for path in paths]
    pending: list[tuple[Path, Path]] = []
    current = paths[0]
    try:
        with ExitStack() as stack:
            streams: list[BinaryIO] = []
            for current, final in zip(paths, finals, strict=True):
                if final.exists() and not final.is_file() and not final.is_dir():
                    streams.append(stack.enter_context(open(final, "wb")))
                    continue
                if final.is_dir():
                    raise IsADirectoryError(None, "it is a folder")
                temporary, stream = _open_temporary(final)
                pending.append((temporary, final))
                streams.append(stack.enter_context(stream))
            yield tuple(streams)
        _rename_all(pending)
    except OSError as error:
        raise MgeconvertError(f"{current}: cannot be written: {_reason(error, current)}") from error
    finally:
        for temporary, _ in pending:
            temporary.unlink(missing_ok=True)


def _open_temporary(final: Path) -> tuple[Path, BinaryIO]:
    """A new file beside `final` with the permissions `final` has, or would get."""
    temporary = final.with_name(f".{final.name[:200]}.{secrets.token_hex(4)}.tmp")
    stream = open(temporary, "xb")
    if final.exists():
        if not os.access(final, os.W_OK):
            stream.close()
            temporary.unlink()
            raise PermissionError(None, "it is write-protected")
        shutil.copymode(final, temporary)
    return temporary, stream


def _rename_all(pending: Sequence[tuple[Path, Path]]) -> None:
    """Rename every (temporary, final) pair; after a failure the old files are back under their names."""
    if len(pending) == 1:
        os.replace(*pending[0])
        return
    undo: list[tuple[Path | None, Path]] = []
    try:
        for temporary, final in pending:
            backup = None
            if final.exists():
                backup = temporary.with_suffix(".old")
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


def _reason(error: OSError, path: Path) -> str:
    if isinstance(error, FileNotFoundError):
        return f"the folder {path.parent} does not exist"
    return error.strerror or str(error)
