"""Lowerings of other packages: an entry point of this group names a module that claims operators with `lower`."""

from __future__ import annotations

from functools import cache

from mgeconvert.entry_points import Entry, entry_points
from mgeconvert.errors import MissingDependencyError

GROUP = "mgeconvert.tflite_operators"


@cache
def load_plugins() -> None:
    """Import the modules of the group, once; MissingDependencyError names one that cannot be imported."""
    for entry in entry_points(GROUP).values():
        _load(entry)


def _load(entry: Entry) -> None:
    try:
        entry.load()
    except Exception as error:  # a third-party module may fail in any way while it is imported
        raise MissingDependencyError(f"{entry.name}: {entry.value} cannot be loaded: {error}") from error
