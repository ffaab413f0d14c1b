"""The rule of which files a run may replace, the same for every command and for the API:

* an input of the run never, unless the user says so (``--force``, ``overwrite=True``): the same file by device and
  inode, links followed, so also under another name;
* a file that the user did not name (the output has a default name) only where mgeconvert wrote it;
* any other file whose name the user gave.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from ..errors import UsageError

STREAMS = ("/dev/stdout", "/dev/stderr", "/dev/fd", "/proc/self/fd")


def is_stream(path: Path) -> bool:
    """Whether a path is written as a stream: a device, a pipe, a descriptor (``/dev/stdout``, wherever it leads)."""
    text = os.fspath(path)
    return text.startswith(STREAMS) or (path.exists() and not path.is_file() and not path.is_dir())


def check_replaceable(
    path: Path,
    inputs: Iterable[Path],
    *,
    overwrite: bool = False,
    wrote: Callable[[Path], bool] | None = None,
) -> None:
    """UsageError unless the run that read `inputs` may replace `path`.

    `wrote` says whether mgeconvert wrote a file; it is given where the user did not name `path`.
    """
    if overwrite or is_stream(path) or not path.exists():
        return
    for read in inputs:
        if same_file(path, read):
            known_as = "" if os.path.abspath(path) == os.path.abspath(read) else f", as {read}"
            raise UsageError(
                f"{path}: is an input of this run{known_as}: it would be replaced",
                hint="write to another file with -o, or say --force (in Python overwrite=True) to replace it",
            )
    if wrote is not None and not wrote(path):
        raise UsageError(
            f"{path}: there is such a file already, and mgeconvert did not write it",
            hint="name the output with -o, or say --force to replace the file",
        )


def same_file(one: Path, other: Path) -> bool:
    """Whether two paths lead to one file; False where one of them leads nowhere."""
    try:
        return os.path.samefile(one, other)
    except OSError:
        return False
