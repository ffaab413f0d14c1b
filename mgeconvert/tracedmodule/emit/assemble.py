"""Puts the calls of a prepared graph together to a TracedModule: one flat graph over a tree of modules.

The form is that of `TracedModule.flatten()`: every module and tensor is read from the top module by its dotted path, so
that the modules of the source are found under their own names.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from mgeconvert.errors import Problem, RefusedError
from mgeconvert.ir import Graph, Namer, Node, Value

from ..write import objects as written
from ..write.pickler import Instance, Name
from .calls import EmittedCall, MethodCall, ModuleCall, OpdefCall, StoredTensor, parts
from .modules import Tree
from .scopes import PROVISIONAL, constant_name, fallback_path, place
from .table import EMITTERS, key

CONTAINERS = {
    "tuple": "builtins.tuple", "list": "builtins.list", "dict": "builtins.dict",
    "collections.OrderedDict": "collections.OrderedDict",
}  # fmt: skip
"""Containers of outputs that MegEngine knows by itself."""
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
            if value.dtype is not None and type_of(value).name not in TYPES
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


def type_of(value: Value) -> np.dtype[Any]:
    """The dtype MegEngine computes the value in: it has no int64."""
    dtype = np.dtype(np.float32) if value.dtype is None else value.dtype
    return np.dtype(np.int32) if dtype == np.int64 else dtype


def traced_module(graph: Graph, calls: Sequence[tuple[Node, EmittedCall]]) -> Instance:
    """The TracedModule of a prepared graph and its calls."""
    return _Assembly(graph, calls).module()


class _Assembly:
    def __init__(self, graph: Graph, calls: Sequence[tuple[Node, EmittedCall]]) -> None:
        self.graph = graph
        self.calls = calls
        self.input_names = written.input_names(graph.inputs)
        self.output_names = self._output_names()
        taken = [*self.input_names, *self.output_names.values()]
        name = graph.metadata.get("megengine.name") or graph.name
        self.recorder = written.Recorder(written.identifier(name), taken)
        self.tree = Tree(_wanted_paths(graph, calls))
        self.nodes: dict[Value, Instance] = {}
        self.modules: dict[str, Instance] = {}
        self.attributes: dict[str, Instance] = {}
        self.place = ""

    def module(self) -> Instance:
        inputs = list(self.graph.inputs.values())
        for name, value in zip(self.input_names, inputs, strict=True):
            self.nodes[value] = self.recorder.input(name, sizes(value), type_of(value))
        for node, call in self.calls:
            self.place = place(node)
            for value, made in zip(node.outputs, self.call(call, node.outputs), strict=True):
                self.nodes[value] = made
        self.place = ""
        outputs = [self.operand(value) for value in self.graph.outputs.values()]
        graph = self.recorder.graph(outputs)
        leaves: list[Any] = []
        arguments = written.flatten(((self.recorder.module, *self.recorder.inputs[1:]), {}), leaves)
        structure = _structure(self.graph)
        attributes = self.tree.attributes()
        return written.traced_module(
            None, attributes, {arguments: graph}, {arguments: structure}, written.argspec(self.input_names)
        )

    def call(self, call: EmittedCall, values: Sequence[Value]) -> list[Instance]:
        """Record a call whose results are `values`."""
        if isinstance(call, ModuleCall):
            owner = self.owner(call)
            path = owner.state["_qualname"].partition(".")[2]
            outputs = [
                (self.name(value, ""), f"{self.recorder.name}.{path}.[out]", sizes(value), type_of(value))
                for value in values
            ]
            return self.recorder.method("__call__", (owner, *map(self.operand, call.args)), {}, outputs)
        if isinstance(call, OpdefCall):
            operands = [self.operand(item) for item in call.inputs]
            return self.recorder.opdef(
                call.name, operands, call.fields, self.outputs(f"def_{call.name.lower()}", values)
            )
        if isinstance(call, MethodCall):
            args = tuple(map(self.operand, call.args))
            outputs = self.outputs(f"method_{call.name.strip('_')}", values, call.path)
            return self.recorder.method(call.name, args, {}, outputs)
        args = tuple(map(self.operand, call.args))
        kind = f"func_{call.name.rpartition('.')[2]}"
        return self.recorder.function(
            f"megengine.functional.{call.name}", args, call.kwargs, self.outputs(kind, values)
        )

    def outputs(self, kind: str, values: Sequence[Value], path: str = "") -> list[tuple[str, str, Any, Any]]:
        place = path.rpartition(".")[0] if path else self.place
        label = f"{self.recorder.name}.{self.recorder.label(place, kind)}"
        usual = f"{kind.partition('_')[2]}_out"
        names = [self.recorder.unique(f"{path}.{usual}") if path else self.name(value, usual) for value in values]
        return [(name, label, sizes(value), type_of(value)) for name, value in zip(names, values, strict=True)]

    def name(self, value: Value, usual: str) -> str:
        """The node's name: an output's public one, else the value's, else (where that is only the operator's) the one
        that MegEngine's tracer gives."""
        if value in self.output_names:
            return self.output_names[value]
        return self.recorder.unique(usual if PROVISIONAL.fullmatch(value.name) else value.name)

    def operand(self, item: Any) -> Any:
        """Nodes for values, within containers too."""
        if isinstance(item, Value):
            return self.nodes[item] if item.array is None else self.constant(constant_name(item), item.array)
        if isinstance(item, StoredTensor):
            return self.constant(item.name, item.array)
        if isinstance(item, tuple | list):
            return type(item)(self.operand(part) for part in item)
        if isinstance(item, slice):
            return slice(*(self.operand(part) for part in (item.start, item.stop, item.step)))
        return item

    def constant(self, name: str, array: np.ndarray[Any, Any]) -> Instance:
        """GetAttr of a tensor of the tree."""
        path = self.tree.constant(name, array)
        if path not in self.attributes:
            narrow = np.dtype(np.int32) if array.dtype == np.int64 else array.dtype
            self.attributes[path] = self.recorder.attribute(path, None, array.shape, narrow)
        return self.attributes[path]

    def owner(self, call: ModuleCall) -> Instance:
        """GetAttr of a module of the tree; two calls of one module share it."""
        path = self.tree.module(call)
        if path not in self.modules:
            module, _, kind = f"megengine.module.{call.name}".rpartition(".")
            self.modules[path] = self.recorder.attribute(path, Name(module, kind))
        return self.modules[path]

    def _output_names(self) -> dict[Value, str]:
        names: dict[Value, str] = {}
        namer = Namer(["self", *self.input_names])
        produced = {value for node in self.graph.nodes for value in node.outputs}
        for name, value in self.graph.outputs.items():
            if value in produced and value not in names:
                names[value] = namer(written.identifier(name))
        return names


def sizes(value: Value) -> tuple[int, ...]:
    """The shape of a trace: MegEngine's tracer has numbers only, so a symbolic dimension is written as 1."""
    return tuple(size if isinstance(size, int) else 1 for size in value.shape or ())


def _wanted_paths(graph: Graph, calls: Sequence[tuple[Node, EmittedCall]]) -> Iterator[str]:
    """Where modules and constants want to hang, before conflicts are settled."""
    for _, call in calls:
        if isinstance(call, ModuleCall):
            yield call.path
        for part in parts(call):
            if isinstance(part, StoredTensor) or (isinstance(part, Value) and part.array is not None):
                yield part.name if isinstance(part, StoredTensor) else constant_name(part)
    yield from (constant_name(value) for value in graph.outputs.values() if value.array is not None)


def _structure(graph: Graph) -> Instance:
    """How forward() arranges its outputs: as the source did where that is known, else one tensor or a tuple."""
    count = len(graph.outputs)
    stored = graph.metadata.get("megengine.outputs")
    if stored is not None:
        leaves: list[int] = []
        structure = _structure_of(json.loads(stored), leaves)
        if structure is not None and leaves == list(range(count)):
            return structure
    if count == 1:
        return written.tensor_leaf()
    return written.tree("builtins.tuple", None, [written.tensor_leaf() for _ in range(count)])


def _structure_of(tree: Any, leaves: list[int]) -> Instance | None:
    """None for a container that only the source's own code can make."""
    if isinstance(tree, int):
        leaves.append(tree)
        return written.tensor_leaf()
    kind = CONTAINERS.get(tree["type"])
    named = isinstance(tree["items"], dict)
    items = [_structure_of(item, leaves) for item in (tree["items"].values() if named else tree["items"])]
    if kind is None or None in items:
        return None
    return written.tree(
        kind, tuple(tree["items"]) if named else _no_keys(kind), [item for item in items if item is not None]
    )


def _no_keys(kind: str) -> Any:
    return () if kind.endswith("ict") else None
