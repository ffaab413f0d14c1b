"""The restricted unpickler: a scan of the opcodes, then CPython's unpickler with a list of allowed names.

Nothing that a file names is imported or called. A name that is not on the list of `allowed` is refused; a class of the
user's own stays an inert marker, and is refused unless it is the type of a container registered with MegEngine's
`register_supported_type`, which a graph names in the structure of its arguments and results without using it.
"""

from __future__ import annotations

import gc
import mmap
import os
import pickle
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

from mgeconvert.errors import BadInputError, UnsafePickleError
from mgeconvert.recognise import COPY_AGAIN, HEAD, TRACE, other_than, recognise

from . import allowed
from .other_pickles import check_root
from .records import TracedModuleRecord
from .scan import scan
from .typeref import UsersType
from .work import bounded

Progress = Callable[[int, int], None]
"""Called with the bytes read and the size of the file."""

_NEVER_USERS = frozenset(sys.stdlib_module_names) | {"__builtin__", "copy_reg", "numpy", "megengine"}
"""Top-level modules whose classes are never a user's own."""

_DAMAGE = (
    pickle.UnpicklingError,
    EOFError,
    AttributeError,
    TypeError,
    ValueError,
    IndexError,
    KeyError,
    MemoryError,
    OverflowError,
    RecursionError,
)
"""What CPython's unpickler raises for a pickle that makes no sense."""

TRUST = "do not open it with pickle or MegEngine; get the model from a source you trust"


class _Unpickler(pickle.Unpickler):
    """Finds names on the list of `allowed` only; the other ones are markers, collected in `unlisted`."""

    def __init__(self, file: Any) -> None:
        super().__init__(file)
        self.unlisted: dict[str, UsersType] = {}

    def find_class(self, module: str, name: str) -> Any:
        try:
            return allowed.find(module, name)
        except KeyError:
            marker = UsersType(module, name)
            if _is_never_users(module):
                raise UnsafePickleError(f"names {marker.qualname}") from None
            return self.unlisted.setdefault(marker.qualname, marker)

    def persistent_load(self, _: Any) -> Any:
        raise UnsafePickleError("refers to an object outside the file")


class _Reporting:
    """A file that reports how far it was read."""

    def __init__(self, file: BinaryIO, progress: Progress, total: int) -> None:
        self._file = file
        self._progress = progress
        self._total = total
        self.readline = file.readline
        self.peek = file.peek  # type: ignore[attr-defined]

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self._progress(self._file.tell(), self._total)
        return data

    def readinto(self, buffer: memoryview) -> int:
        count: int = self._file.readinto(buffer)  # type: ignore[attr-defined]
        self._progress(self._file.tell(), self._total)
        return count


def load(file: BinaryIO, name: str, progress: Progress | None = None) -> Any:
    """The records of the pickle in `file`, a regular file at its start that messages call `name`."""
    size = os.fstat(file.fileno()).st_size
    if size == 0:
        raise _no_pickle(b"", name)
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data, _without_gc():
        _audit(data, name)
    source: Any = file if progress is None else _Reporting(file, progress, size)
    unpickler = _Unpickler(source)
    try:
        with _without_gc(), bounded(size):
            root = unpickler.load()
    except UnsafePickleError as error:
        raise _unsafe(name, f"the pickle {error.message}") from error
    except BadInputError as error:
        raise BadInputError(f"{name}: the pickle is damaged: {error.message}", hint=COPY_AGAIN) from error
    except OSError as error:
        raise BadInputError(f"{name}: cannot be read: {error.strerror}", hint=COPY_AGAIN) from error
    except _DAMAGE as error:
        raise BadInputError(f"{name}: the pickle is damaged: {error}", hint=COPY_AGAIN) from error
    _refuse_unregistered(root, unpickler.unlisted, name)
    return root


def _no_pickle(head: bytes, name: str) -> BadInputError:
    return other_than("a TracedModule pickle", ".pkl", head, name, hint=TRACE)


def _audit(data: mmap.mmap, name: str) -> None:
    """Refuse what is no pickle, a damaged one, and one that names or calls what it must not."""
    head = data[:HEAD]
    kind = recognise(head)
    if kind is None or kind.format != "tm":
        raise _no_pickle(head, name)
    try:
        audit = scan(data)
    except UnsafePickleError as error:
        raise _unsafe(name, error.message) from None
    except BadInputError as error:
        raise BadInputError(f"{name}: {error.message}", hint=COPY_AGAIN) from None
    unlisted = [found for key, found in audit.names.items() if not _is_allowed(*key)]
    for found in unlisted:
        if _is_never_users(found.module):
            raise _unsafe(name, f"byte {found.offset}: the pickle names {found.qualname}")
    check_root(audit, data, name, {found.qualname for found in unlisted})
    for found in unlisted:
        if found in audit.called:
            raise _unsafe(name, f"byte {audit.called[found]}: the pickle makes objects of {found.qualname}")


def _is_allowed(module: str, name: str) -> bool:
    try:
        allowed.find(module, name)
    except KeyError:
        return False
    return True


def _is_never_users(module: str) -> bool:
    return module.partition(".")[0] in _NEVER_USERS


def _unsafe(name: str, fact: str) -> UnsafePickleError:
    return UnsafePickleError(
        f"{name}: {fact}, which no TracedModule needs; nothing in the file was imported or run", hint=TRUST
    )


def _refuse_unregistered(root: Any, unlisted: dict[str, UsersType], name: str) -> None:
    registered = root.registered_containers if isinstance(root, TracedModuleRecord) else set()
    for qualname in unlisted:
        if qualname not in registered:
            raise _unsafe(name, f"the pickle names {qualname}")


@contextmanager
def _without_gc() -> Iterator[None]:
    """Tens of thousands of records and no garbage: collecting would only cost time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
