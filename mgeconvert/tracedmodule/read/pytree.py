"""MegEngine's pytree: how arguments and results are taken apart into leaves and put together again."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from mgeconvert.errors import BadInputError, UnsafePickleError

from .arrays import ArrayRecord, dtype_of
from .modules import ModuleRecord
from .short import short
from .typeref import TypeRef, UsersType
from .values import CompNode, Device, NamedTuple, QuantMode, Record, TensorRecord
from .work import BYTES_A_PART, is_key, spend

MAX_DEPTH = 64
"""Containers nested deeper than that are no arguments of a network."""


class TreeDef(Record):
    """A container: `type` names its class, `aux_data` its keys (dict) or slots (QParams)."""

    __slots__ = ("aux_data", "children", "num_leaves", "type")
    source = "megengine.traced_module.pytree.TreeDef"
    keys: ClassVar = {
        "type": ("type", (TypeRef, type)),
        "aux_data": ("aux_data", (object,)),
        "children_defs": ("children", (list,)),
        "num_leaves": ("num_leaves", (int,)),
    }
    type: Any
    aux_data: Any
    children: list[TreeDef]
    num_leaves: int

    @property
    def type_name(self) -> str:
        """The dotted name of the container's class."""
        return _class_name(self.type)

    @property
    def items(self) -> list[tuple[Any, TreeDef]]:
        """The parts with their keys: those of a dict, or numbers."""
        keys = self.aux_data if isinstance(self.aux_data, tuple | list) else ()
        numbers = range(len(self.children))
        return list(zip(keys if len(keys) == len(numbers) else numbers, self.children, strict=True))


class LeafDef(TreeDef):
    """One leaf: `type` holds the classes it may have, `const_val` the value where it is neither tensor nor module."""

    __slots__ = ("const_val",)
    source = "megengine.traced_module.pytree.LeafDef"
    keys: ClassVar = TreeDef.keys | {"type": ("type", (tuple,)), "const_val": ("const_val", (object,))}
    const_val: Any

    def __setstate__(self, state: Any) -> None:
        self.const_val = None
        super().__setstate__(state)
        kinds: tuple[Any, ...] = self.type
        if not all(isinstance(kind, TypeRef) or _is_record(kind) for kind in kinds):
            raise BadInputError(f"{self.source}.type has {short(kinds)}, expected classes")

    @property
    def is_variable(self) -> bool:
        """Whether a tensor or a module goes here."""
        return any(isinstance(kind, type) and issubclass(kind, TensorRecord | ModuleRecord) for kind in self.type)


@dataclass(frozen=True, slots=True)
class Container:
    """A container of a class that the user registered: the class' name, its parts, what its flatten function kept."""

    qualname: str
    children: tuple[Any, ...]
    aux_data: Any


def _dict(children: list[Any], keys: Any) -> dict[Any, Any]:
    if not isinstance(keys, tuple | list) or len(keys) != len(children):
        raise BadInputError(f"a dict of {len(children)} values whose aux_data are no {len(children)} keys")
    if not all(map(is_key, keys)):
        raise BadInputError("a dict whose keys are neither text nor numbers")
    return dict(zip(keys, children, strict=True))


def _slice(children: list[Any], _: Any) -> slice:
    if len(children) != 3:
        raise BadInputError(f"a slice of {len(children)} parts")
    return slice(*children)


_BUILD: dict[str, Callable[[list[Any], Any], Any]] = {
    "builtins.tuple": lambda children, _: tuple(children),
    "builtins.list": lambda children, _: children,
    "builtins.slice": _slice,
    "builtins.dict": _dict,
    "collections.OrderedDict": _dict,
    "collections.defaultdict": _dict,
    "megengine.quantization.utils.QParams": _dict,
    "megengine.quantization.utils.LSQParams": _dict,
}


_NOTHING = object()
_TOO_FEW = "fewer arguments than the structure of the call has"


def unflatten(tree: Any, leaves: Iterator[Any], depth: int = 0) -> Any:
    """Put `leaves` together to the structure of `tree`; a container registered by the user becomes a `Container`.

    BadInputError where there are too few leaves or the structure makes no sense.
    """
    if isinstance(tree, LeafDef):
        leaf = next(leaves, _NOTHING)
        if leaf is _NOTHING:
            raise BadInputError(_TOO_FEW)
        return leaf
    if not isinstance(tree, TreeDef) or depth > MAX_DEPTH:
        raise BadInputError(f"a {type(tree).__name__} in the structure of arguments")
    parts = tree.children
    spend(1 + len(parts))
    children = [
        next(leaves, _NOTHING) if type(part) is LeafDef else unflatten(part, leaves, depth + 1) for part in parts
    ]
    if any(child is _NOTHING for child in children):
        raise BadInputError(_TOO_FEW)
    build = _BUILD.get(tree.type_name)
    if build is None:
        return Container(tree.type_name, tuple(children), _kept(tree.aux_data))
    return build(children, tree.aux_data)


def arguments(tree: Any, values: Sequence[Any], constants: Sequence[Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The positional and keyword arguments of a call: `constants` are (leaf index, value), `values` fill the rest."""
    leaves: list[Any] = list(values)
    for item in constants:
        if type(item) is not tuple or len(item) != 2 or type(item[0]) is not int:
            raise BadInputError(f"a {type(item).__name__} among the constant arguments")
        if not 0 <= item[0] <= len(leaves):
            raise BadInputError(f"a constant argument at position {item[0]} of {len(leaves)}")
        leaves.insert(item[0], plain(item[1]))
    remaining = iter(leaves)
    result = unflatten(tree, remaining)
    if next(remaining, remaining) is not remaining:
        raise BadInputError("more arguments than the structure of the call has")
    match result:
        case (tuple() as args, dict() as kwargs):
            return args, kwargs
    raise BadInputError("arguments that are not (positional, keyword)")


def plain(value: Any, depth: int = 0) -> Any:
    """A constant of the file as Python or numpy knows it: arrays, scalars, dtypes; classes become `TypeRef`."""
    if depth > MAX_DEPTH:
        raise BadInputError(f"a constant nested more than {MAX_DEPTH} deep")
    if isinstance(value, ArrayRecord):
        return value.value
    dtype = dtype_of(value)
    if dtype is not None:
        return dtype
    if isinstance(value, UsersType):
        raise UnsafePickleError(f"the class {value.qualname} is used as a value")
    if isinstance(value, type) and issubclass(value, Record):
        module, _, name = value.source.rpartition(".")
        return TypeRef(module, name)
    if type(value) in (list, tuple, dict):
        spend(1 + len(value) * (2 if type(value) is dict else 1))
    if type(value) in (list, tuple):
        return type(value)(plain(item, depth + 1) for item in value)
    if type(value) is dict:
        return {plain(key, depth + 1): plain(item, depth + 1) for key, item in value.items()}
    return value


def _kept(value: Any) -> Any:
    """What a user's flatten function kept: as `plain`, and the name of a class of the user's own, which is not used."""
    if isinstance(value, UsersType):
        return value.qualname
    if type(value) in (list, tuple):
        spend(1 + len(value))
        return type(value)(map(_kept, value))
    return plain(value)


def structure_key(tree: Any, depth: int = 0) -> Hashable:
    """Equal for equal structures: what MegEngine compares when it chooses a graph by its arguments."""
    if not isinstance(tree, TreeDef) or depth > MAX_DEPTH:
        raise BadInputError(f"a {type(tree).__name__} in the structure of arguments")
    if isinstance(tree, LeafDef):
        if tree.is_variable:
            return ("variable", *map(_class_name, tree.type))
        return ("constant", _constant_key(plain(tree.const_val)))
    spend(1 + len(tree.children))
    children = tuple(structure_key(child, depth + 1) for child in tree.children)
    return (tree.type_name, _constant_key(_kept(tree.aux_data)), children)


def _is_record(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Record)


def _class_name(kind: Any) -> str:
    if isinstance(kind, TypeRef):
        return kind.qualname
    if _is_record(kind):
        return str(kind.source)
    raise BadInputError(f"a {type(kind).__name__} where a class is expected")


def _constant_key(value: Any) -> Hashable:
    """A constant as something to compare: like ==, but arrays by their bytes and records by their fields."""
    if isinstance(value, CompNode | Device | QuantMode | NamedTuple):
        return (value.source, *(_constant_key(getattr(value, slot)) for slot in type(value).__slots__))
    if isinstance(value, np.ndarray):
        spend(1 + value.nbytes // BYTES_A_PART)
        return (value.dtype.str, value.shape, value.tobytes())
    if isinstance(value, list | tuple):
        return tuple(map(_constant_key, value))
    if isinstance(value, dict):
        return tuple((_constant_key(key), _constant_key(item)) for key, item in value.items())
    return value if isinstance(value, Hashable) else repr(value)
