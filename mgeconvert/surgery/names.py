"""What a name means in a graph: a value, a node, a module."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from mgeconvert.close import meant
from mgeconvert.errors import ConversionError, UsageError
from mgeconvert.ir import Graph, Node, Value


class Names:
    """An index of a graph's names, made once an edit: `values` by name, public names first, and `modules`, the nodes
    under each dotted path and under each node's own name."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.values: dict[str, Value] = {**graph.inputs, **graph.outputs}
        for value in graph.values():
            self.values.setdefault(value.name, value)
        self.makers = graph.producers()
        self.modules: dict[str, list[Node]] = {}
        for node in graph.nodes:
            for path in dict.fromkeys([*_paths(module_of(node)), *([node.name] if node.name else [])]):
                self.modules.setdefault(path, []).append(node)

    def nodes(self, name: str) -> list[Node]:
        """The nodes of a module, the node of that name, or the one that makes the value; UsageError."""
        if name in self.modules:
            return self.modules[name]
        if name in self.values:
            value = self.values[name]
            return [self.makers[value]] if value in self.makers else []
        raise self.unknown(name)

    def leaving(self, name: str) -> list[Value]:
        """The value of that name, or all that leave the module: read outside of it, or by nobody."""
        if name in self.values:
            return [self._computed(name)]
        inside = set(self.nodes(name))
        outside = {value for node in self.graph.nodes if node not in inside for value in node.inputs if value}
        outside.update(self.graph.outputs.values())
        read = {value for node in inside for value in node.inputs if value}
        made = [value for node in self.modules[name] for value in node.outputs]
        return [value for value in made if value in outside] or [value for value in made if value not in read]

    def entering(self, name: str) -> list[Value]:
        """The value of that name, or all that the module reads from outside of it."""
        if name in self.values:
            return [self._computed(name)]
        made = {value for node in self.nodes(name) for value in node.outputs}
        read = dict.fromkeys(value for node in self.modules[name] for value in node.inputs if value is not None)
        return [value for value in read if value not in made and not value.is_constant]

    def unknown(self, name: str) -> UsageError:
        return unknown("value, node or module", name, [*self.values, *self.modules])

    def _computed(self, name: str) -> Value:
        value = self.values[name]
        if value.is_constant:
            raise UsageError(f"{name}: is a constant, expected a value that is computed", hint=INSPECT)
        return value


INSPECT = "`mgeconvert inspect MODEL --nodes` lists the nodes and their values"


def unknown(kind: str, name: str, known: Iterable[str]) -> UsageError:
    """The error for a name that nothing has, with the closest ones that something has."""
    return UsageError(f"{name}: no {kind} has this name", hint=meant(name, known) or INSPECT)


def listed(names: str | Sequence[str]) -> tuple[str, ...]:
    """The names, of which one may be given alone."""
    return (names,) if isinstance(names, str) else tuple(names)


def public(kind: str, names: Sequence[str], known: Sequence[str]) -> None:
    """UsageError unless all names are among the public ones of the graph's inputs or outputs (`kind`)."""
    for name in names:
        if name not in known:
            hint = meant(name, known) or f"the {kind}s are {', '.join(known)}"
            raise UsageError(f"{name}: the model has no {kind} of this name", hint=hint)


def module_of(node: Node) -> str:
    """``layer1.0.conv1`` of the origin ``layer1.0.conv1 (Conv2d)``."""
    return node.origin.rpartition(" (")[0] or node.origin


def place(node: Node) -> str:
    """What messages call a node."""
    return node.origin or node.name or node.op


def check_type(where: str, old: Value, new: Value) -> None:
    """ConversionError where one value cannot stand for another."""
    if new.dtype != old.dtype or (new.static_shape and old.static_shape and new.shape != old.shape):
        raise ConversionError(f"{where}: {old.type_text} would be replaced by {new.type_text}")


def copied(graph: Graph) -> Graph:
    """A copy to change. ConversionError where subgraphs read values from outside, which a copy would not follow."""
    for node in graph.nodes:
        if any(isinstance(attribute, Graph) for attribute in node.attrs.values()):
            raise ConversionError(
                f"{place(node)}: {node.op} has a subgraph; a graph with subgraphs cannot be edited",
                hint="only inputs and outputs can be renamed",
            )
    return graph.copy()


def _paths(module: str) -> Iterator[str]:
    """``layer1``, ``layer1.0``, ``layer1.0.conv1``."""
    for match in re.finditer(r"[./]|$", module):
        if match.start():
            yield module[: match.start()]
