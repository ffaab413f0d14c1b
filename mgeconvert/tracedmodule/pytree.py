"""MegEngine's pytree: how arguments and results are taken apart into leaves and put together again."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from mgeconvert.errors import BadInputError

from .arrays import ArrayRecord, DTypeRecord
from .records import ForeignType, ModuleRecord, Record, TensorRecord
from .typeref import TypeRef


class TreeDef(Record):
    """A container: `type` names its class, `aux_data` its keys (dict) or slots (QParams)."""

    __slots__ = ("aux_data", "children", "num_leaves", "type")
    source = "megengine.traced_module.pytree.TreeDef"
    keys: ClassVar = {
        "type": ("type", (TypeRef, type, ForeignType)),
        "aux_data": ("aux_data", (object,)),
        "children_defs": ("children", (list,)),
        "num_leaves": ("num_leaves", (int,)),
    }
    type: Any
    aux_data: Any
    children: list[TreeDef]
    num_leaves: int


class LeafDef(TreeDef):
    """One leaf: `type` is the tuple of classes it may have, `const_val` the value where it is not a tensor or module."""

    __slots__ = ("const_val",)
    source = "megengine.traced_module.pytree.LeafDef"
    keys: ClassVar = TreeDef.keys | {"type": ("type", (tuple,)), "const_val": ("const_val", (object,))}
    const_val: Any

    @property
    def is_tensor(self) -> bool:
        return any(isinstance(kind, type) and issubclass(kind, TensorRecord) for kind in self.type)

    @property
    def is_module(self) -> bool:
        return any(isinstance(kind, type) and issubclass(kind, ModuleRecord) for kind in self.type)


@dataclass(frozen=True, slots=True)
class Container:
    """A container of a class that the user registered: its class' name and its parts."""

    qualname: str
    children: tuple[Any, ...]
    aux_data: Any


def _dict(children: list[Any], keys: Any) -> dict[Any, Any]:
    if not isinstance(keys, tuple | list) or len(keys) != len(children):
        raise BadInputError(f"a dict of {len(children)} values has the keys {keys!r}")
    return dict(zip(keys, children, strict=True))


_BUILD: dict[str, Callable[[list[Any], Any], Any]] = {
    "builtins.tuple": lambda children, _: tuple(children),
    "builtins.list": lambda children, _: children,
    "builtins.slice": lambda children, _: slice(*children),
    "builtins.dict": _dict,
    "collections.OrderedDict": _dict,
    "collections.defaultdict": _dict,
    "megengine.quantization.utils.QParams": _dict,
    "megengine.quantization.utils.LSQParams": _dict,
}


def qualname(kind: Any) -> str:
    """The dotted name of a class in the file: of a `TypeRef`, a `ForeignType` or a record class."""
    return str(kind.source if isinstance(kind, type) else kind.qualname)


def type_ref(kind: type[Record]) -> TypeRef:
    """A record class that the file uses as data, as a name."""
    module, _, name = kind.source.rpartition(".")
    return TypeRef(module, name)


def unflatten(tree: TreeDef, leaves: Iterator[Any]) -> Any:
    """Put `leaves` together to the structure of `tree`; a container registered by the user becomes a `Container`."""
    if isinstance(tree, LeafDef):
        return next(leaves)
    children = [unflatten(child, leaves) for child in tree.children]
    name = qualname(tree.type)
    build = _BUILD.get(name)
    return Container(name, tuple(children), plain(tree.aux_data)) if build is None else build(children, tree.aux_data)


def arguments(
    tree: TreeDef, values: Sequence[Any], constants: Sequence[tuple[int, Any]]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The positional and keyword arguments of a call: `constants` are (leaf index, value), `values` fill the rest."""
    leaves: list[Any] = list(values)
    for index, value in constants:
        leaves.insert(index, plain(value))
    if not isinstance(tree, TreeDef) or len(leaves) != tree.num_leaves:
        raise BadInputError(f"{len(leaves)} arguments where the structure of the call has another number")
    args, kwargs = unflatten(tree, iter(leaves))
    return args, kwargs


def plain(value: Any) -> Any:
    """A constant of the file as Python or numpy knows it: arrays, scalars, dtypes; classes become `TypeRef`."""
    if isinstance(value, ArrayRecord | DTypeRecord):
        return value.value
    if isinstance(value, type) and issubclass(value, Record):
        return type_ref(value)
    if isinstance(value, TypeRef) and value.module == "numpy" and value.name in _NUMPY_TYPES:
        return np.dtype(value.name.rstrip("_"))
    if type(value) in (list, tuple):
        return type(value)(plain(item) for item in value)
    if type(value) is dict:
        return {plain(key): plain(item) for key, item in value.items()}
    return value


_NUMPY_TYPES = frozenset(
    ["bool", "bool_", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float16", "float32", "float64"]
)


def structure_key(tree: TreeDef) -> Hashable:
    """Equal for equal structures; what MegEngine compares when it chooses a graph by its arguments."""
    if isinstance(tree, LeafDef):
        kinds = tuple(qualname(kind) for kind in tree.type)
        return (kinds, None if tree.is_tensor or tree.is_module else _constant_key(tree.const_val))
    return (qualname(tree.type), _constant_key(tree.aux_data), tuple(structure_key(child) for child in tree.children))


def _constant_key(value: Any) -> Hashable:
    value = plain(value)
    if isinstance(value, np.ndarray):
        return (value.dtype.str, value.shape, value.tobytes())
    if isinstance(value, list | tuple):
        return tuple(_constant_key(item) for item in value)
    if isinstance(value, dict):
        return tuple((key, _constant_key(item)) for key, item in value.items())
    return (type(value).__name__, value if isinstance(value, Hashable) else repr(value))
