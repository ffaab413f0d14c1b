"""New names for inputs, outputs and inner values."""

from __future__ import annotations

from collections.abc import Mapping

from mgeconvert.errors import UsageError
from mgeconvert.ir import GivenName, Graph

from .names import unknown


def rename(graph: Graph, names: Mapping[str, str]) -> Graph:
    """The graph with new names for inputs and outputs, and for values in it, which targets write as they are given.

    UsageError for unknown names, for constants, and where two would be called the same.
    """
    graph = graph.copy()
    ends = {**graph.inputs, **graph.outputs}
    computed = {value.name: value for value in graph.values() if not value.is_constant}
    for old in names:
        if old not in ends and old not in computed:
            raise unknown("input, output or value", old, [*ends, *computed])
    for values in (graph.inputs, graph.outputs):
        renamed = [names.get(name, name) for name in values]
        twice = [name for name in renamed if renamed.count(name) > 1]
        if twice:
            raise UsageError(f"{twice[0]}: two inputs or outputs would have this name")
        pairs = list(zip(renamed, values.values(), strict=True))
        values.clear()
        values.update(pairs)
    for name in names.values():
        if name in graph.inputs and graph.outputs.get(name, graph.inputs[name]) is not graph.inputs[name]:
            raise UsageError(f"{name}: an input and an output would both have this name")
    meant = {new: ends.get(old) or computed[old] for old, new in names.items()}
    for new, value in meant.items():
        if not value.is_constant:
            value.name = GivenName(new)
    _check_unique(graph, set(meant))
    return graph


def _check_unique(graph: Graph, new: set[str]) -> None:
    """UsageError where another value has a name that one was given."""
    seen: set[str] = set()
    for value in graph.values():
        if value.name in new and value.name in seen:
            raise UsageError(f"{value.name}: two values would have this name")
        seen.add(value.name)
