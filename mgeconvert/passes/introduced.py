"""The operators that passes may introduce into a graph that is on its way to a backend."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping
from fnmatch import translate
from typing import Any

from mgeconvert.registry import Backend


class Operators(Container[str]):
    """Names of operators and wildcards of them (``Reduce*``), except `refused` names."""

    def __init__(self, names: Iterable[str], refused: Iterable[str] = ()) -> None:
        self._names, self._refused = frozenset(names), frozenset(refused)
        self._wildcards = [re.compile(translate(name)) for name in self._names if "*" in name]

    def __contains__(self, op: object) -> bool:
        if op in self._names:
            return True
        return op not in self._refused and any(each.fullmatch(str(op)) for each in self._wildcards)


def introduced(target: Backend, options: Mapping[str, Any]) -> Container[str]:
    """What the backend says it has itself under its options, else every row of its table, where a wildcard stands for
    all names that it matches but for those that another row refuses."""
    if target.introduces is not None:
        return target.introduces(**options)
    rows = target.ops()
    return Operators((row.op for row in rows if not row.refused), (row.op for row in rows if row.refused))
