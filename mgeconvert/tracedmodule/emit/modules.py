"""The tree of modules and tensors under the top module: who hangs where.

A path belongs to one thing, and nothing hangs below a built-in module but its own tensors. Where the source's names ask
for more, the later one gets a path of its own; names that TracedModule needs for itself get an underscore.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from ..write import objects as written
from ..write import observers
from ..write.pickler import Instance
from .calls import ModuleCall, StoredGrid, StoredTensor

Array = np.ndarray[Any, Any]

RESERVED = frozenset(
    [
        "apply",
        "argdef_graph_map",
        "argdef_outdef_map",
        "argspec",
        "buffers",
        "children",
        "clear_end_points",
        "clear_watch_points",
        "disable_quantize",
        "dump_info",
        "end_points",
        "eval",
        "flatten",
        "forward",
        "graph",
        "is_qat",
        "load_state_dict",
        "modules",
        "name",
        "named_buffers",
        "named_children",
        "named_modules",
        "named_parameters",
        "named_tensors",
        "parameters",
        "quantize_disabled",
        "register_forward_hook",
        "register_forward_pre_hook",
        "replace_param",
        "set_end_points",
        "set_watch_points",
        "state_dict",
        "tensors",
        "train",
        "training",
        "watch_node_value",
        "watch_points",
        "zero_grad",
    ]
)
"""Attributes of a TracedModule that a model's own must not hide."""


class Tree:
    """Hands out paths; `wanted` are all that will be asked for, so that none ends where another goes on. One that ends
    with a dot is that of a module with parts."""

    def __init__(self, wanted: Iterable[str]) -> None:
        self._inner = {prefix for path in wanted for prefix in _prefixes(path)}
        self._tensors: dict[str, Array] = {}
        self._trained: dict[str, bool] = {}
        self._modules: dict[str, ModuleCall] = {}
        self._by_memory: dict[Any, str] = {}

    def tensor(self, path: str, array: Array, trained: bool, below: str = "") -> str:
        """Where a tensor hangs; the same memory in the same form hangs once below each module."""
        memory = (array.__array_interface__["data"][0], array.shape, array.strides, repr(array.dtype), below)
        if memory not in self._by_memory or not array.size:
            path = self._free(path, "value")
            self._tensors[path] = array
            self._trained[path] = trained
            self._by_memory[memory] = path
        return self._by_memory[memory]

    def module(self, call: ModuleCall, path: str) -> str:
        """Where a module hangs that wants to be at `path`; a call of a module that is there already means that one."""
        kind = call.name.rpartition(".")[2]
        wanted = self._apart(path, kind.lower())
        path, number = wanted, 0
        while path in self._modules or path in self._tensors:
            if path in self._modules and _same(self._modules[path], call):
                return path
            number += 1
            path = f"{wanted}_{number}"
        self._modules[path] = call
        return path

    def attributes(self, graphs: Mapping[str, tuple[Instance, Instance, Instance]]) -> dict[str, Instance]:
        """What hangs on the top module; `graphs` are those of modules by path: the structure of the arguments, the
        graph, and the structure of its results."""
        root: dict[str, Any] = {}
        made: dict[int, Instance] = {}
        for path, array in self._tensors.items():
            _hang(root, path, _tensor(array, self._trained[path], made))
        for path, module in self._modules.items():
            attributes = written_attributes(module, path, lambda stored: _tensor(stored.array, stored.trained, made))
            package, _, kind = f"megengine.module.{module.name}".rpartition(".")
            _hang(root, path, written.builtin_module(package, kind, attributes, path))
        for path in graphs:
            _home(root, path)
        return _filled(root, "", graphs)

    def _free(self, wanted: str, kind: str) -> str:
        wanted = self._apart(wanted, kind)
        path, number = wanted, 0
        while path in self._modules or path in self._tensors:
            number += 1
            path = f"{wanted}_{number}"
        return path

    def _apart(self, path: str, kind: str) -> str:
        """`path`, moved where it ends inside the tree or goes on below something that has an end."""
        if path in self._inner:
            path = f"{path}.{kind}"
        for prefix in _prefixes(path):
            if prefix in self._modules or prefix in self._tensors:
                path = f"{prefix}_{path[len(prefix) + 1 :]}"
                return self._apart(path, kind)
        self._inner.update(_prefixes(path))
        return path


def clean(path: str) -> str:
    """A dotted path of attribute names: letters, digits and underscores."""
    names = [re.sub(r"[^0-9A-Za-z_]+", "_", name) or "_" for name in path.strip("/").split(".")]
    return ".".join(f"{name}_" if name in RESERVED or name.startswith("__") else name for name in names)


def written_attributes(module: ModuleCall, path: str, tensor: Callable[[StoredTensor], Any]) -> dict[str, Any]:
    """The attributes of the built-in module at a path as they are written, tensors as `tensor` gives them."""
    return {
        key: tensor(value) if isinstance(value, StoredTensor) else _plain(value, f"{path}.{key}")
        for key, value in module.attributes.items()
    }


def _plain(value: Any, path: str) -> Any:
    if not isinstance(value, StoredGrid):
        return value
    if value.role == "observer":
        return observers.observer(value.symmetric, value.scale, value.zero_point, path)
    return observers.fake_quantizer(value.symmetric, path)


def _prefixes(path: str) -> Iterable[str]:
    """``layer1`` and ``layer1.0`` of ``layer1.0.conv1``."""
    return [path[: found.start()] for found in re.finditer(r"\.", path)]


def _same(one: ModuleCall, other: ModuleCall) -> bool:
    if one.name != other.name or one.attributes.keys() != other.attributes.keys():
        return False
    return all(_equal(value, other.attributes[key]) for key, value in one.attributes.items())


def _equal(one: Any, other: Any) -> bool:
    """Quantized dtypes are equal for numpy whatever their scales are."""
    if isinstance(one, StoredTensor) and isinstance(other, StoredTensor):
        same = one.array.shape == other.array.shape and _equal(one.array.dtype, other.array.dtype)
        return same and np.array_equal(one.array, other.array, equal_nan=True)
    if isinstance(one, np.dtype) and isinstance(other, np.dtype):
        return one == other and one.metadata == other.metadata
    return bool(one == other)


def _tensor(array: Array, trained: bool, made: dict[int, Instance]) -> Instance:
    """One tensor per array."""
    if id(array) not in made:
        narrow = np.int32 if array.dtype == np.int64 else array.dtype
        made[id(array)] = written.tensor(array.astype(narrow, copy=False), trained)
    return made[id(array)]


def _home(root: dict[str, Any], path: str) -> dict[str, Any]:
    """What hangs on the module at a path."""
    for step in filter(None, path.split(".")):
        root = root.setdefault(step, {})
    return root


def _hang(root: dict[str, Any], path: str, thing: Instance) -> None:
    around, _, name = path.rpartition(".")
    _home(root, around)[name] = thing


def _filled(
    node: dict[str, Any], path: str, graphs: Mapping[str, tuple[Instance, Instance, Instance]]
) -> dict[str, Instance]:
    """TracedModules for the inner places of the tree, with the graphs they have."""
    filled: dict[str, Instance] = {}
    for name, item in node.items():
        if not isinstance(item, dict):
            filled[name] = item
            continue
        below = f"{path}.{name}" if path else name
        arguments, graph, results = graphs.get(below, (None, None, None))
        maps = ({}, {}) if arguments is None else ({arguments: graph}, {arguments: results})
        filled[name] = written.traced_module(below, _filled(item, below, graphs), *maps, None)
    return filled
