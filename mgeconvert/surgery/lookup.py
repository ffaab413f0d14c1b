"""What a name in a replacement means: a captured value, a constant that came with it, a value of the graph."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from mgeconvert.errors import UsageError
from mgeconvert.ir import Graph, Value

from .names import Names


class Lookup:
    """Values of a graph by the name of a value, an input or output, or of a module with one result; `constants` are
    arrays by name, each one value."""

    def __init__(self, graph: Graph, constants: Mapping[str, np.ndarray[Any, Any]] | None = None) -> None:
        self._names = Names(graph)
        self._constants = {name: Value(name, array=array) for name, array in (constants or {}).items()}
        for name in self._constants:
            if name in self._names.values:
                raise UsageError(f"--constant {name}: the graph has a value of this name")

    def __call__(self, name: str) -> Value:
        """The value; UsageError for a name that means none, or several."""
        if name in self._constants:
            return self._constants[name]
        if name in self._names.values:
            return self._names.values[name]
        found = self._names.leaving(name)
        if len(found) != 1:
            listed = ", ".join(value.name for value in found) or "nothing"
            raise UsageError(f"{name}: gives {listed}, expected one value", hint="name a value")
        return found[0]

    def over(self, captured: Mapping[str, Value], replaced: Mapping[Value, Value]) -> _Over:
        """The lookup in which captured names come first, and values that were replaced are what stands for them."""
        return _Over(self, captured, replaced)

    def check(self, wanted: Iterable[str], captured: Sequence[str]) -> None:
        """UsageError for a name that means nothing."""
        for name in wanted:
            if name not in captured:
                try:
                    self(name)
                except UsageError as error:
                    known = ", ".join(dict.fromkeys([*captured, *self._constants]))
                    said = f"replacement: {name} is no name of the pattern, and no value of the graph"
                    raise UsageError(said, hint=f"there are {known}; {error.hint}") from error


class _Over:
    def __init__(self, lookup: Lookup, captured: Mapping[str, Value], replaced: Mapping[Value, Value]) -> None:
        self._lookup, self._captured, self._replaced = lookup, captured, replaced

    def __call__(self, name: str) -> Value:
        if name in self._captured:
            return self._captured[name]
        value = self._lookup(name)
        return self._replaced.get(value, value)
