"""A folder beside the output where its files are written and judged before they get their names.

    with staging(Path("out/model.onnx")) as stage:
        files = backend.save(graph, stage.place(Path("out/model.onnx")))
        ...                                     # judge files[0]
        stage.publish(files)                    # all of them get their names, or none

Files that belong together find each other there, since each has the name that it will have. The main file is the last
to be renamed: until then readers see the old model.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from ..errors import MgeconvertError, UsageError
from .renaming import rename_all
from .replacing import is_stream
from .stale import owned

PREFIX = ".mgeconvert-"


class Staging:
    """Where files of one run are written before they get their names; made by `staging`."""

    def __init__(self, folders: ExitStack) -> None:
        self._folders = folders
        self._staged: dict[str, tuple[Path, Path]] = {}
        self._finals: dict[Path, Path] = {}

    def place(self, path: Path) -> Path:
        """Where to write the file that will be called `path`; UsageError where there can be no such file."""
        if is_stream(path):
            import tempfile

            parent = Path(tempfile.gettempdir())
        else:
            parent = path.parent
            check_place(path)
        known = os.path.realpath(parent)
        if known not in self._staged:
            made = self._folders.enter_context(_temporary_folder(parent, path))
            self._staged[known] = made, parent
        placed = self._staged[known][0] / path.name
        self._finals[placed] = path
        return placed

    def final(self, file: Path) -> Path:
        """What a file that was written here will be called."""
        if file in self._finals:
            return self._finals[file]
        parents = dict(self._staged.values())
        return parents.get(file.parent, file.parent) / file.name

    def spoken(self, text: str) -> str:
        """A text with the names that files will have, in place of those they have here."""
        for placed, final in self._finals.items():
            text = text.replace(str(placed), str(final))
        for folder, parent in self._staged.values():
            text = text.replace(f"{folder}{os.sep}", "" if parent == Path() else f"{parent}{os.sep}")
        return text

    def publish(
        self, files: Sequence[Path], leftovers: Callable[[Sequence[Path]], Iterable[Path]] | None = None
    ) -> tuple[Path, ...]:
        """Give the files, main file first, their names: all or none. MgeconvertError where the system refuses.
        `leftovers`, given the names, says which files of an earlier model go."""
        finals = [self.final(file) for file in files]
        for final in finals:
            if not is_stream(final):
                check_place(final)
        if is_stream(finals[0]):
            _pour(files, finals[0])
            return tuple(finals)
        try:
            pairs = list(zip(files, finals, strict=True))[::-1]
            rename_all(pairs, to_disk=True, leftovers=lambda: leftovers(finals) if leftovers else ())
        except OSError as error:
            names = ", ".join(map(str, finals))
            raise MgeconvertError(f"{names}: cannot be written: {error.strerror or error}") from error
        return tuple(finals)

    def publish_failed(self, files: Sequence[Path]) -> tuple[Path, ...]:
        """Keep files that were judged and failed, each as ``NAME.failed.SUFFIX``, beside the name that it asked for."""
        kept = []
        for file in files:
            final = self.final(file)
            if not is_stream(final):
                os.replace(file, failed_name(final))
                kept.append(failed_name(final))
        return tuple(kept)


@contextmanager
def staging() -> Iterator[Staging]:
    """A `Staging`; what was not published when the context closes is gone. Errors name the files as they will be
    called."""
    with ExitStack() as folders:
        stage = Staging(folders)
        try:
            yield stage
        except MgeconvertError as error:
            error.message = stage.spoken(error.message)
            error.hint = None if error.hint is None else stage.spoken(error.hint)
            error.args = (error.message,)
            raise


def failed_name(path: Path) -> Path:
    """``model.failed.onnx`` for ``model.onnx``."""
    return path.with_name(f"{path.stem}.failed{path.suffix}")


def check_place(path: Path) -> None:
    """UsageError unless a file can be made at `path`, as far as its folder and what is there say."""
    final = Path(os.path.realpath(path))
    if final.is_dir():
        raise UsageError(f"{path}: cannot be written: it is a folder", hint="give a file name")
    if not final.parent.is_dir():
        raise UsageError(
            f"{path}: cannot be written: the folder {path.parent} does not exist", hint=f"mkdir -p {path.parent}"
        )
    if final.exists() and not os.access(final, os.W_OK):
        raise MgeconvertError(f"{path}: cannot be written: it is write-protected")
    if not os.access(final.parent, os.W_OK | os.X_OK):
        raise MgeconvertError(f"{path}: cannot be written: the folder {path.parent} is write-protected")


@contextmanager
def _temporary_folder(parent: Path, path: Path) -> Iterator[Path]:
    with ExitStack() as stack:
        try:
            folder = stack.enter_context(owned(parent, PREFIX, f"{PREFIX}{os.urandom(8).hex()}"))
        except OSError as error:
            raise MgeconvertError(f"{path}: cannot be written: {error.strerror or error}") from error
        yield folder


def _pour(files: Sequence[Path], stream: Path) -> None:
    """Copy the one file into a device, a pipe or a descriptor."""
    if len(files) > 1:
        raise UsageError(f"{stream}: takes one file, this model is {len(files)}", hint="give -o OUT")
    try:
        with files[0].open("rb") as source, open(stream, "wb") as sink:
            shutil.copyfileobj(source, sink)
    except OSError as error:
        raise MgeconvertError(f"{stream}: cannot be written: {error.strerror or error}") from error
