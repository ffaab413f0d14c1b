"""The restricted unpickler: reads a pickle into records, refusing every name that is not on the list of `allowed`."""

from __future__ import annotations

import gc
import pickle
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from mgeconvert.errors import BadInputError, UnsafePickleError

from . import allowed
from .records import ForeignType

_NEVER = frozenset(sys.stdlib_module_names) | {"__builtin__", "copy_reg", "numpy", "megengine"}
"""Top-level modules whose classes are never a user's own."""


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: BinaryIO) -> None:
        super().__init__(file)
        self.foreign: dict[str, ForeignType] = {}

    def find_class(self, module: str, name: str) -> Any:
        try:
            return allowed.find(module, name)
        except KeyError:
            if module.partition(".")[0] in _NEVER:
                raise UnsafePickleError(f"names {module}.{name}") from None
            return self.foreign.setdefault(f"{module}.{name}", ForeignType(module, name))

    def persistent_load(self, pid: Any) -> Any:
        raise UnsafePickleError("refers to an object outside the file (a persistent id)")


def load(path: Path) -> Any:
    """The records of the pickle at `path`."""
    with open(path, "rb", buffering=1 << 17) as file:
        unpickler = _Unpickler(file)
        enabled = gc.isenabled()
        gc.disable()
        try:
            return unpickler.load()
        finally:
            if enabled:
                gc.enable()
