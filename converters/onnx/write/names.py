"""The names under which values and nodes are written."""

from __future__ import annotations

from mgeconvert.ir import Graph, Namer, Value

from ..name_scopes import CallCounts


class Names:
    """The names values and nodes are written under; no two of a model, subgraphs included, share one."""

    def __init__(self) -> None:
        self.of: dict[Value, str] = {}
        self.unique = Namer()
        self.unique_node = Namer()
        self.calls = CallCounts()

    def __getitem__(self, value: Value) -> str:
        name = self.of.get(value)
        if name is None:
            name = self.of[value] = self.unique(value.name or "value")
        return name

    def publish(self, graph: Graph) -> tuple[list[str], list[tuple[Value, str]]]:
        """Give a graph's inputs and outputs their public names.

        Returns the outputs' names, and which of them need a node of their own: the outputs that are an input, a
        constant, a value from outside, or one that another output has already named.
        """
        for name, value in graph.inputs.items():
            self.of[value] = self.unique(name)
        produced = {value for node in graph.nodes for value in node.outputs}
        outputs: list[str] = []
        aliases: list[tuple[Value, str]] = []
        for name, value in graph.outputs.items():
            if self.of.get(value) != name:
                name = self.unique(name)
                if value in produced and value not in self.of:
                    self.of[value] = name
                else:
                    aliases.append((value, name))
            outputs.append(name)
        return outputs, aliases
