"""Opens a model file, or spools a stream, so that it can be mapped and read."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from io import UnsupportedOperation
from pathlib import Path
from typing import BinaryIO, cast

from mgeconvert.errors import BadInputError
from mgeconvert.files import missing, noted
from mgeconvert.recognise import STREAM
from mgeconvert.registry import Source

BUFFER = 1 << 17


@contextmanager
def opened(source: Source) -> Iterator[tuple[BinaryIO, str]]:
    """The file, at its start, and its name for messages. BadInputError where it cannot be read.

    A pipe, or a stream in memory, goes through a temporary file: weights are then read from there, not held twice.
    """
    with ExitStack() as stack:
        if isinstance(source, str | os.PathLike):
            name = str(source)
            file = stack.enter_context(_open(Path(source)))
        else:
            given = getattr(source, "name", None)
            name = given if isinstance(given, str) and given not in ("<stdin>", "-") else STREAM
            file = source
        if not _is_file(file):
            import tempfile

            spool = cast("BinaryIO", stack.enter_context(tempfile.TemporaryFile(buffering=BUFFER)))
            _copy(file, spool, name)
            file = spool
        yield file, name


def _copy(stream: BinaryIO, spool: BinaryIO, name: str) -> None:
    import shutil

    try:
        shutil.copyfileobj(stream, spool, 1 << 20)
    except OSError as error:
        raise BadInputError(f"{name}: cannot be read: {error.strerror}") from error
    spool.seek(0)


def _open(path: Path) -> BinaryIO:
    try:
        if path.is_dir():
            raise BadInputError(f"{path}: is a folder, expected a file", hint=f"ls {path}")
        return open(noted(path), "rb", buffering=BUFFER)
    except FileNotFoundError:
        raise missing(path) from None
    except PermissionError:
        raise BadInputError(f"{path}: cannot be read: permission denied", hint=f"chmod u+r {path}") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise BadInputError(f"{path}: cannot be read: {reason}") from None


def _is_file(stream: BinaryIO) -> bool:
    """Whether a stream is a regular file at its start."""
    try:
        return stat.S_ISREG(os.fstat(stream.fileno()).st_mode) and stream.tell() == 0
    except (OSError, UnsupportedOperation, AttributeError):
        return False
