"""Lowerings of other packages: an entry point of this group names a module that claims operators with `lower`."""

from __future__ import annotations

from functools import cache
from importlib.metadata import EntryPoint, entry_points

from mgeconvert.errors import MissingDependencyError

GROUP = "mgeconvert.tflite_operators"


@cache
def load_plugins() -> None:
    """Import the modules of the group, once; MissingDependencyError names one that cannot be imported."""
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
        _load(entry)


def _load(entry: EntryPoint) -> None:
    try:
        entry.load()
    except Exception as error:  # a third-party module may fail in any way while it is imported
        raise MissingDependencyError(f"{entry.name}: {entry.value} cannot be loaded: {error}") from error
