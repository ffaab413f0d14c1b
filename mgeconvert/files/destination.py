"""Where a run writes its output, and what it may do to what is there."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from .replacing import check_replaceable


@dataclass(frozen=True, slots=True)
class Destination:
    """The path of the main file. `is_named` says that the user gave it, it is no default name; `overwrite` that an
    input may be replaced too; `inputs` are the files that the run has read or will read. `keep_failed` keeps a file
    that fails its verification as ``NAME.failed.SUFFIX``."""

    path: Path
    is_named: bool = True
    overwrite: bool = False
    keep_failed: bool = False
    inputs: tuple[Path, ...] = ()

    def check(self, wrote: Callable[[Path], bool], files: Iterable[Path] = ()) -> None:
        """UsageError where one of the files (without any: the main file) may not be replaced; `wrote` says of a main
        file that mgeconvert wrote it."""
        is_ours = self.is_named or wrote(self.path)
        for file in files or (self.path,):
            check_replaceable(
                file, self.inputs, overwrite=self.overwrite, wrote=None if self.is_named else lambda _: is_ours
            )
