"""The source's tree of modules and tensors with what has changed in it.

What is still called stays as it was, also what was never called. A module or tensor that the source used and that
nothing uses any more goes. New ones hang where they belong, under a path of their own where another is in use.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from mgeconvert.ir.scopes import Attribute

from ..read.modules import ModuleRecord, TracedModuleRecord
from ..read.values import TensorRecord
from ..write import objects as written
from ..write.pickler import Instance
from ..write.restore import Restorer
from .calls import ModuleCall, StoredTensor
from .modules import RESERVED, clean, written_attributes

Array = np.ndarray[Any, Any]
GRAPHS = ("argdef_graph_map", "argdef_outdef_map")
PARTS_OF = ("watch_points", "watch_node_value", "end_points")
"""Fields of a TracedModule that refer to nodes of its graphs."""


@dataclass(slots=True, eq=False)
class Graphs:
    """What is written of one TracedModule's graphs: by argument structure the graph, and its result's structure."""

    graphs: dict[Any, Instance]
    results: dict[Any, Instance]


class SourceTree:
    """`called` are the attributes that calls of the source read, `used` those of the calls that are written."""

    def __init__(self, root: TracedModuleRecord, called: Iterable[Attribute], used: Iterable[Attribute]) -> None:
        self.root = root
        self.restore = Restorer(self._traced)
        self.graphs: dict[int, Graphs] = {}
        self._used = {id(record) for path in _paths(used) if (record := self.at(path)) is not None}
        called_records = {id(attribute.record): attribute.record for attribute in called if not attribute.captured}
        self._gone = {key for key in called_records if key not in self._used}
        self._added: dict[int, dict[str, Any]] = {}
        self._containers: dict[str, dict[str, Any]] = {}
        self._calls: dict[str, ModuleCall] = {}
        self._tensors: dict[Any, str] = {}
        self._instances: dict[int, Instance] = {}
        self._copies: list[tuple[Instance, TracedModuleRecord, Graphs]] = []
        """Modules whose parts are known only when all graphs are written."""

    def at(self, path: str) -> Any:
        """The record at a path, None where there is none."""
        return at(self.root, path)

    def is_unchanged(self, owner: Any, path: str) -> bool:
        """Whether what hung at a path below `owner` still hangs there."""
        for name in path.split("."):
            if not isinstance(owner, ModuleRecord) or name not in owner.attributes:
                return False
            if name in self._added.get(id(owner), {}) or self._is_gone(owner.attributes[name]):
                return False
            owner = owner.attributes[name]
        return True

    def is_kept(self, record: Any) -> bool:
        """Whether something of the source is still there as it was."""
        return id(record) not in self._gone

    def keep(self, record: ModuleRecord) -> None:
        """A module that has graphs stays."""
        self._gone.discard(id(record))

    def module(self, call: ModuleCall, below: str) -> str:
        """Where the module of a call hangs, under the module at `below`; equal ones of one path hang once."""
        wanted = self._below(clean(call.path), below, call.name.rpartition(".")[2].lower())
        path, number = wanted, 0
        while not (path in self._calls and same_module(self._calls[path], call)):
            if path not in self._calls and self._is_free(path):
                self._calls[path] = call
                self._hang(path, self._new_module(path, call))
                break
            number += 1
            path = f"{wanted}_{number}"
        return path

    def tensor(self, name: str, array: Array, below: str, trained: bool) -> str:
        """Where a tensor hangs, under the module at `below`; the same memory in the same form hangs there once."""
        memory = (array.__array_interface__["data"][0], array.shape, array.strides, repr(array.dtype), below)
        if memory not in self._tensors or not array.size:
            wanted = self._below(clean(name), below, "value")
            path, number = wanted, 0
            while not self._is_free(path):
                number += 1
                path = f"{wanted}_{number}"
            self._hang(path, self._new_tensor(array, trained))
            self._tensors[memory] = path
        return self._tensors[memory]

    def copy_of(self, path: str, record: TracedModuleRecord, graphs: Graphs) -> str:
        """Where another module with the parts of `record` hangs, that has these graphs."""
        number = 1
        while not self._is_free(f"{path}_{number}"):
            number += 1
        free = f"{path}_{number}"
        copy = written.instance_of_traced_module({})
        self._copies.append((copy, record, graphs))
        self._hang(free, copy)
        return free

    def new_module(self, path: str, graphs: Graphs) -> str:
        """Where a module that the source has not hangs; what hangs below its path already is in it."""
        home, wanted, number = self._home(path), path, 0
        while not (isinstance(home.get(path.rpartition(".")[2]), dict) or self._is_free(path)):
            number += 1
            path = f"{wanted}_{number}"
        name = path.rpartition(".")[2]
        inside = home.get(name)
        parts = inside if isinstance(inside, dict) else {}
        attributes = {key: self._filled(part, f"{path}.{key}") for key, part in parts.items()}
        home[name] = written.traced_module(path, attributes, graphs.graphs, graphs.results, None)
        return path

    def top(self, argspec: Instance | None) -> Instance:
        """The top module; `argspec` is the signature of forward() where it has changed."""
        for copy, record, graphs in self._copies:
            copy.state.update(self._with_graphs(record, graphs).state)
        for record in reversed(list(traced_modules(self.root))):  # inner ones first: none is as deep as the tree
            self.restore(record)
        made = self.restore(self.root)
        assert isinstance(made, Instance)
        if argspec is not None:
            made.state["argspec"] = argspec
        return made

    def _below(self, path: str, below: str, kind: str) -> str:
        prefix = f"{below}." if below else ""
        if path.startswith(prefix) and path != below:
            return self._beside(path)
        return f"{prefix}{path.rpartition('.')[2] or kind}"

    def _beside(self, path: str) -> str:
        """The path, beside what stays and can hold nothing: ``fc_weight`` for ``fc.weight`` of a Linear."""
        steps, record = path.split("."), self.root
        for number, step in enumerate(steps[:-1]):
            found = record.attributes.get(step)
            if not isinstance(found, TracedModuleRecord):
                stays = found is not None and id(found) not in self._gone
                return ".".join([*steps[:number], "_".join(steps[number:])]) if stays else path
            record = found
        return path

    def _is_free(self, path: str) -> bool:
        """Whether something new can hang there: nothing else is in use, on the way neither."""
        *way, name = path.split(".")
        record: Any = self.root
        for number, step in enumerate(way):
            if id(record) in self._added and step in self._added[id(record)]:
                return isinstance(self._added[id(record)][step], dict) and not self._hangs(path)
            found = record.attributes.get(step)
            if found is None or (id(found) in self._gone and not isinstance(found, TracedModuleRecord)):
                return number == 0 or step not in record.attributes or not isinstance(found, TensorRecord)
            if not isinstance(found, TracedModuleRecord):
                return False
            record = found
        if name in self._added.get(id(record), {}) or name in RESERVED:
            return False
        found = record.attributes.get(name)
        return name not in record.attributes or (id(found) in self._gone and not isinstance(found, TracedModuleRecord))

    def _hangs(self, path: str) -> bool:
        node: Any = self._home(path)
        return path.rpartition(".")[2] in node

    def _home(self, path: str) -> dict[str, Any]:
        """What has been added to the module around a path."""
        record: Any = self.root
        node = self._added.setdefault(id(record), {})
        for step in path.split(".")[:-1]:
            found = record.attributes.get(step) if record is not None and step not in node else None
            if isinstance(found, TracedModuleRecord):
                record, node = found, self._added.setdefault(id(found), {})
            else:
                record, node = None, node.setdefault(step, {})
        return node

    def _hang(self, path: str, thing: Instance) -> None:
        self._home(path)[path.rpartition(".")[2]] = thing

    def _new_module(self, path: str, call: ModuleCall) -> Instance:
        """The module of a call; what the source had there keeps its other attributes."""
        package, _, kind = f"megengine.module.{call.name}".rpartition(".")
        attributes = written_attributes(call, path, lambda stored: self._new_tensor(stored.array, stored.trained))
        before = self.at(path)
        made = written.builtin_module(package, kind, attributes, path)
        if isinstance(before, ModuleRecord) and before.qualname == f"{package}.{kind}":
            kept = {key: value for key, value in before.attributes.items() if key not in attributes}
            made.state["state"] = {**self.restore.attributes(kept), **attributes}
        return made

    def _new_tensor(self, array: Array, trained: bool) -> Instance:
        if id(array) not in self._instances:
            narrow = np.int32 if array.dtype == np.int64 else array.dtype
            self._instances[id(array)] = written.tensor(array.astype(narrow, copy=False), trained)
        return self._instances[id(array)]

    def _traced(self, record: ModuleRecord) -> Instance | None:
        if not isinstance(record, TracedModuleRecord):
            return None
        return self._with_graphs(record, self.graphs.get(id(record)) or Graphs({}, {}))

    def _with_graphs(self, record: TracedModuleRecord, graphs: Graphs) -> Instance:
        """A TracedModule with what is left of its attributes, what came, and its graphs."""
        added = self._added.get(id(record), {})
        kept = {
            key: value
            for key, value in record.attributes.items()
            if key not in (*GRAPHS, *PARTS_OF) and key not in added and not self._is_gone(value)
        }
        state = self.restore.attributes(kept)
        info = {**(state.pop("dump_info", None) or written.dump_info()), "writer": written.WRITER}
        order = [key for key in record.attributes if key in kept or key in added or key in (*GRAPHS, *PARTS_OF)]
        state |= {"argdef_graph_map": graphs.graphs, "argdef_outdef_map": graphs.results}
        state |= {"watch_points": [], "watch_node_value": {}, "end_points": []}
        state |= {name: self._filled(item, name) for name, item in added.items()}
        names = [*order, *(key for key in state if key not in order)]
        state = {key: state[key] for key in names if key in state and key != "dump_info"}
        before = record.attributes.get("_modules")
        listed = [name for name in before if name in state] if isinstance(before, list) else []
        listed += [name for name in added if name not in listed and not _is_tensor(state[name])]
        state["_modules"] = listed
        return written.instance_of_traced_module({**state, "dump_info": info})

    def _is_gone(self, value: Any) -> bool:
        if isinstance(value, TracedModuleRecord) and id(value) in self._gone:
            return all(self._is_gone(part) for part in value.attributes.values() if isinstance(part, ModuleRecord))
        return id(value) in self._gone

    def _filled(self, item: Any, path: str) -> Instance:
        if not isinstance(item, dict):
            return item  # type: ignore[no-any-return]
        inside = {name: self._filled(part, f"{path}.{name}") for name, part in item.items()}
        return written.traced_module(path, inside, {}, {}, None)


def at(owner: Any, path: str) -> Any:
    """What hangs at a path below a module's record, None where nothing does."""
    for name in filter(None, path.split(".")):
        owner = owner.attributes.get(name) if isinstance(owner, ModuleRecord) else None
    return owner


def same_module(one: ModuleCall, other: ModuleCall) -> bool:
    """Whether two calls are of equal modules."""
    return one.name == other.name and _same(one.attributes, other.attributes)


def _same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return one.keys() == other.keys() and all(_equal(value, other[key]) for key, value in one.items())


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, StoredTensor) and isinstance(other, StoredTensor):
        return one.array.shape == other.array.shape and np.array_equal(one.array, other.array, equal_nan=True)
    return bool(one == other)


def _is_tensor(value: Instance) -> bool:
    return value.kind.module == "megengine.tensor"


def _paths(attributes: Iterable[Attribute]) -> set[str]:
    """The paths of the attributes, and of all modules around them."""
    paths: set[str] = {""}
    for attribute in attributes:
        path = attribute.path
        while path and path not in paths:
            paths.add(path)
            path = path.rpartition(".")[0]
    return paths


def traced_modules(root: Any) -> Iterator[TracedModuleRecord]:
    """Every TracedModule of a tree, each before those within it."""
    stack, seen = [root], set()
    while stack:
        module = stack.pop()
        if id(module) in seen or not isinstance(module, TracedModuleRecord):
            continue
        seen.add(id(module))
        yield module
        stack.extend(reversed([part for part in module.attributes.values() if isinstance(part, ModuleRecord)]))
