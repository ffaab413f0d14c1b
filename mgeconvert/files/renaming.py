"""Renaming several files as one: all of them get their names, or none, and no old file is ever without a name."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

from .locking import locked


def rename_all(
    pairs: Sequence[tuple[Path, Path]],
    *,
    to_disk: bool = False,
    leftovers: Callable[[], Iterable[Path]] = tuple,
) -> None:
    """Rename every (temporary, final) pair in order; links are followed. Where one is refused (OSError) the old files
    are back under their names. While it is not decided each of them has a second name beside its successor.

    `to_disk` has the system write the files to the disk before they are renamed, and the new names after. What
    `leftovers` names, files that belonged to the old ones, goes in the end, before another run gets its turn.
    """
    with ExitStack() as undo, ExitStack() as copies:
        moves = [_on_same_disk(file, Path(os.path.realpath(final)), copies) for file, final in pairs]
        for temporary, final in moves:
            if final.exists():
                shutil.copymode(final, temporary)
            if to_disk:
                _write_to_disk(temporary)
        folders = {final.parent for _, final in moves}
        with locked(folders):
            for temporary, final in moves:
                if len(moves) > 1:
                    _keep(final, temporary.parent, undo, copies)
                os.replace(temporary, final)
            undo.pop_all()
            for old in leftovers():
                with suppress(OSError):
                    old.unlink(missing_ok=True)
        for folder in folders if to_disk else ():
            _write_to_disk(folder)


def _keep(final: Path, folder: Path, undo: ExitStack, copies: ExitStack) -> None:
    """Give the old file a second name, which `undo` makes the first again, or remove the new one where there was none.
    A disk without links keeps the new file."""
    if not final.exists():
        undo.callback(final.unlink, missing_ok=True)
        return
    second = folder / f".{os.urandom(8).hex()}.second"
    copies.callback(second.unlink, missing_ok=True)
    with suppress(OSError):
        os.link(final, second)
        undo.callback(os.replace, second, final)


def _on_same_disk(file: Path, final: Path, copies: ExitStack) -> tuple[Path, Path]:
    """The file, or a copy where `final` is on another disk (behind a link), across which nothing can be renamed."""
    if file.stat().st_dev == final.parent.stat().st_dev:
        return file, final
    copy = final.with_name(f".{os.urandom(8).hex()}.tmp")
    copies.callback(copy.unlink, missing_ok=True)
    shutil.copyfile(file, copy)
    return copy, final


def _write_to_disk(path: Path) -> None:
    """Some disks cannot be asked that for folders."""
    with suppress(OSError if path.is_dir() else PermissionError):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
