"""Puts the calls of a prepared graph together to a TracedModule: one flat graph over a tree of modules.

The form is that of `TracedModule.flatten()`: every module and tensor is read from the top module by its dotted path, so
that the modules of the source are found under their own names.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from mgeconvert.errors import Problem, RefusedError
from mgeconvert.ir import Graph, Namer, Node, Value
from mgeconvert.ir.whole_calls import CALL

from ..write import objects as written
from ..write.pickler import Instance
from .calls import EmittedCall, ModuleCall, StoredTensor, parts
from .graph_writer import GraphWriter, sizes, type_of
from .modules import Tree
from .nested import nested_module
from .result_structure import result_structure
from .scopes import constant_name, fallback_path, place
from .table import EMITTERS, key

TYPES = frozenset(["float32", "float16", "int8", "uint8", "int16", "int32", "bool"])


def emitted(graph: Graph) -> tuple[list[tuple[Node, EmittedCall]], list[Problem]]:
    """The call of every node of a prepared graph, and what could not be expressed."""
    calls: list[tuple[Node, EmittedCall]] = []
    problems: list[Problem] = []
    for node in graph.nodes:
        emitter = EMITTERS.get(key(node))
        try:
            if emitter is not None:
                calls.append((node, emitter(node)))
        except RefusedError as refused:
            problems.append(Problem(fallback_path(node), node.op, refused.reason))
        problems += [
            Problem(fallback_path(node), node.op, f"MegEngine has no {value.dtype} tensors")
            for value in node.outputs
            if node.domain != CALL and value.dtype is not None and type_of(value).name not in TYPES
        ]
    problems += [
        Problem(fallback_path(node), node.op, "a constant that does not fit into MegEngine's int32")
        for node, call in calls
        if any(isinstance(part, Value) and _is_wide(part) for part in parts(call))
    ]
    problems += [
        Problem(name, "input", f"MegEngine has no {value.dtype} tensors")
        for name, value in graph.inputs.items()
        if type_of(value).name not in TYPES
    ]
    return calls, problems


def _is_wide(value: Value) -> bool:
    if value.array is None or value.array.dtype != np.int64 or not value.array.size:
        return False
    return bool(value.array.max() > np.iinfo(np.int32).max or value.array.min() < np.iinfo(np.int32).min)


def traced_module(graph: Graph, calls: Sequence[tuple[Node, EmittedCall]]) -> Instance:
    """The TracedModule of a prepared graph and its calls."""
    if graph.root is not None:
        return nested_module(graph, dict(calls))
    return _Assembly(graph, calls).module()


class _Assembly:
    def __init__(self, graph: Graph, calls: Sequence[tuple[Node, EmittedCall]]) -> None:
        self.graph = graph
        self.calls = calls
        self.input_names = written.input_names(graph.inputs)
        output_names = self._output_names()
        name = graph.metadata.get("megengine.name") or graph.name
        recorder = written.Recorder(written.identifier(name), [*self.input_names, *output_names.values()])
        self.tree = Tree(_wanted_paths(graph, calls))
        self.writer = GraphWriter(recorder, self.tree, output_names)

    def module(self) -> Instance:
        writer, recorder = self.writer, self.writer.recorder
        inputs = list(self.graph.inputs.values())
        for name, value in zip(self.input_names, inputs, strict=True):
            writer.nodes[value] = recorder.input(name, sizes(value), type_of(value))
        for node, call in self.calls:
            writer.place = place(node)
            writer.call(call, node.outputs)
        outputs = [writer.operand(value) for value in self.graph.outputs.values()]
        graph = recorder.graph(outputs)
        leaves: list[Any] = []
        arguments = written.flatten(((recorder.module, *recorder.inputs[1:]), {}), leaves)
        structure = result_structure(self.graph)
        attributes = self.tree.attributes()
        return written.traced_module(
            None, attributes, {arguments: graph}, {arguments: structure}, written.argspec(self.input_names)
        )

    def _output_names(self) -> dict[Value, str]:
        names: dict[Value, str] = {}
        namer = Namer(["self", *self.input_names])
        produced = {value for node in self.graph.nodes for value in node.outputs}
        for name, value in self.graph.outputs.items():
            if value in produced and value not in names:
                names[value] = namer(written.identifier(name))
        return names


def _wanted_paths(graph: Graph, calls: Sequence[tuple[Node, EmittedCall]]) -> Iterator[str]:
    """Where modules and constants want to hang, before conflicts are settled."""
    for _, call in calls:
        if isinstance(call, ModuleCall):
            yield call.path
        for part in parts(call):
            if isinstance(part, StoredTensor) or (isinstance(part, Value) and part.array is not None):
                yield part.name if isinstance(part, StoredTensor) else constant_name(part)
    yield from (constant_name(value) for value in graph.outputs.values() if value.array is not None)
