"""The entry points of a group, read from the files that installers write: `importlib.metadata` takes 20 ms to import.

A distribution on `sys.path` has a folder ``NAME-VERSION.dist-info`` (or ``.egg-info``) and in it, where it has any,
``entry_points.txt``: https://packaging.python.org/en/latest/specifications/entry-points/
"""

from __future__ import annotations

import functools
import importlib
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

FRONTENDS = "mgeconvert.frontends"
BACKENDS = "mgeconvert.backends"
PASSES = "mgeconvert.passes"
"""The groups of mgeconvert."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A name and the object that it stands for, as ``package.module:object``."""

    name: str
    value: str

    def load(self) -> Any:
        """The object; whatever its module raises while it is imported."""
        module, _, path = self.value.partition(":")
        return functools.reduce(getattr, path.split("."), importlib.import_module(module))


def entry_points(group: str) -> dict[str, Entry]:
    """The entries of a group by name, in the order of names; of two with one name the first on `sys.path`."""
    found = {entry.name: entry for text in reversed(_texts(*sys.path)) for entry in _entries(text, group)}
    return dict(sorted(found.items()))


@functools.cache
def of_group(group: str) -> dict[str, Entry]:
    """`entry_points`, read once a process."""
    return entry_points(group)


def frontend_names() -> list[str]:
    """The short names of all source formats; imports no plugin."""
    return list(of_group(FRONTENDS))


def backend_names() -> list[str]:
    """The short names of all target formats; imports no plugin."""
    return list(of_group(BACKENDS))


@functools.cache
def _texts(*folders: str) -> tuple[str, ...]:
    """entry_points.txt of each distribution in the folders; one that is installed twice is the first."""
    texts, seen = [], set()
    for folder in dict.fromkeys(folders):
        try:
            names = sorted(os.listdir(folder or os.curdir))
        except OSError:
            continue
        for name in names:
            distribution = name.partition("-")[0].partition(".egg-info")[0].lower()
            if name.endswith((".dist-info", ".egg-info")) and distribution not in seen:
                seen.add(distribution)
                try:
                    with open(os.path.join(folder, name, "entry_points.txt"), encoding="utf-8") as file:
                        texts.append(file.read())
                except OSError:
                    continue
    return tuple(texts)


def _entries(text: str, group: str) -> Iterator[Entry]:
    _, heading, rest = f"\n{text}".partition(f"\n[{group}]\n")
    if heading:
        for line in rest.partition("\n[")[0].splitlines():
            name, equals, value = line.partition("=")
            if equals and not line.lstrip().startswith(("#", ";")):
                yield Entry(name.strip(), value.partition("[")[0].strip())
