"""Writes a graph whose scopes say in which module a node was computed, but not how that was called: one graph for each
module, over one tree of modules.

Rules:
* A module's graph takes what it reads and returns what is read outside of it, in the order of the nodes.
* Calls of one module share its graph where their bodies are equal; another body is written out in the graph around it.
* Modules and tensors hang below the module whose graph reads them, under the names they have. What several modules read
  hangs in each of them and is the same memory.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from mgeconvert.ir import Graph, Namer, Node, Value
from mgeconvert.ir.modules import Body, nested

from ..write import objects as written
from ..write.pickler import Instance, Name
from .calls import EmittedCall, ModuleCall, StoredTensor, parts
from .equal_bodies import Bodies
from .graph_writer import GraphWriter, sizes, type_of
from .modules import Tree, clean
from .scopes import constant_name, place

MODULE = Name("megengine.module.module", "Module")


def scoped_module(graph: Graph, calls: Sequence[tuple[Node, EmittedCall]], structure: Instance) -> Instance:
    """The TracedModule of a prepared graph and its calls; `structure` is that of its outputs."""
    return _Scoped(graph, dict(calls)).module(structure)


class _Scoped:
    def __init__(self, graph: Graph, calls: Mapping[Node, EmittedCall]) -> None:
        self.graph = graph
        self.calls = calls
        self.top = nested(graph)
        self.bodies = Bodies(self.top, lambda body: dotted(body.path))
        self.input_names = written.input_names(graph.inputs)
        self.name = written.identifier(graph.metadata.get("megengine.name") or graph.name)
        self.tree = Tree([*self._wanted(), *(f"{path}." for path in self.bodies.paths() if path)])

    def module(self, structure: Instance) -> Instance:
        """All graphs, then what they read."""
        graphs: dict[str, tuple[Instance, Instance, Instance]] = {}
        for body in self.bodies.written():
            results = structure if body is self.top else _structure(len(body.results))
            arguments, graph = self._write(body)
            graphs[self.bodies.path(body)] = (arguments, graph, results)
        arguments, graph, results = graphs.pop("")
        attributes = self.tree.attributes(graphs)
        return written.traced_module(
            None, attributes, {arguments: graph}, {arguments: results}, written.argspec(self.input_names)
        )

    def _write(self, body: Body) -> tuple[Instance, Instance]:
        """The structure of the arguments of a body, and its graph."""
        path = self.bodies.path(body)
        outputs = self._output_names(body)
        names = self._argument_names(body)
        label = f"{self.name}.{path}" if path else self.name
        recorder = written.Recorder(written.identifier(label), [*names, *outputs.values()], label)
        writer = GraphWriter(recorder, _Below(self.tree, body.path, path), outputs)
        for name, value in zip(names, _given(body), strict=True):
            writer.nodes[value] = recorder.input(name, sizes(value), type_of(value))
        for step in self.bodies.steps(body):
            if isinstance(step, Body):
                self._call(step, writer, path)
            else:
                writer.place = _relative(dotted(place(step)), path) or ""
                writer.call(self.calls[step], step.outputs)
        graph = recorder.graph([writer.operand(value) for value in body.results])
        return written.flatten(((recorder.module, *recorder.inputs[1:]), {}), []), graph

    def _call(self, body: Body, writer: GraphWriter, around: str) -> None:
        """A call of the module of a body in the graph of the module at `around`."""
        path = self.bodies.path(body)
        module = writer.module(_relative(path, around) or path, MODULE)
        label = f"{module.state['_qualname']}.[out]"
        outputs = [(writer.name(value, "out"), label, sizes(value), type_of(value)) for value in body.results]
        made = writer.recorder.method("__call__", (module, *map(writer.operand, _given(body))), {}, outputs)
        writer.nodes.update(zip(body.results, made, strict=True))

    def _argument_names(self, body: Body) -> list[str]:
        if body is self.top:
            return self.input_names
        unique = Namer(["self"])
        return [unique(written.identifier(re.split(r"[./]", value.name)[-1])) for value in _given(body)]

    def _output_names(self, body: Body) -> dict[Value, str]:
        """The public names of what the top module returns."""
        names: dict[Value, str] = {}
        if body is self.top:
            namer = Namer(["self", *self.input_names])
            produced = {value for node in self.graph.nodes for value in node.outputs}
            for name, value in self.graph.outputs.items():
                if value in produced and value not in names:
                    names[value] = namer(written.identifier(name))
        return names

    def _wanted(self) -> list[str]:
        """Where modules and constants want to hang, before conflicts are settled."""
        wanted: list[str] = []
        for body in self.bodies.written():
            below = _Below(None, body.path, self.bodies.path(body))
            for step in self.bodies.steps(body):
                if isinstance(step, Node):
                    wanted += map(below.wanted, _paths(self.calls[step]))
        return [*wanted, *(constant_name(value) for value in self.graph.outputs.values() if value.array is not None)]


def _paths(call: EmittedCall) -> Iterator[str]:
    """Where what a call reads from the tree wants to hang."""
    if isinstance(call, ModuleCall):
        yield call.path
    for part in parts(call):
        if isinstance(part, StoredTensor):
            yield part.name
        elif isinstance(part, Value) and part.array is not None:
            yield constant_name(part)


class _Below:
    """Hangs things below the module of one body: `scope` is its path in the source, `path` where it hangs."""

    def __init__(self, tree: Tree | None, scope: str, path: str) -> None:
        self.tree = tree
        self.scope = scope
        self.path = path

    def wanted(self, path: str) -> str:
        """The path below this module for what the source has at `path`."""
        if not self.path:
            return clean(path)
        for around in (self.scope, self.path):
            if path.startswith(around) and path[len(around) : len(around) + 1] in (".", "/"):
                return f"{self.path}.{clean(path[len(around) + 1 :])}"
        return f"{self.path}.{clean(re.split(r'[./]', path)[-1])}" if path != self.path else path

    def module(self, call: ModuleCall) -> str:
        assert self.tree is not None
        found = self.tree.module(call, self.wanted(call.path))
        return _relative(found, self.path) or found

    def tensor(self, name: str, array: np.ndarray[Any, Any], trained: bool) -> str:
        assert self.tree is not None
        found = self.tree.tensor(self.wanted(name), array, trained, self.path)
        return _relative(found, self.path) or found


def dotted(path: str) -> str:
    """The path of a module as one of attribute names."""
    return ".".join(map(clean, filter(None, re.split(r"[./]", path))))


def _relative(path: str, around: str) -> str | None:
    """The path from the module at `around`; None for what is not below it."""
    if not around:
        return path
    return path[len(around) + 1 :] if path.startswith(f"{around}.") else None


def _given(body: Body) -> list[Value]:
    return [value for value in body.arguments if value is not None]


def _structure(count: int) -> Instance:
    """That of a module's results: one tensor, or a tuple of them."""
    leaf = written.tensor_leaf
    return leaf() if count == 1 else written.tree("builtins.tuple", None, [leaf() for _ in range(count)])
