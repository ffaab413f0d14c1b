"""Records of a file that was read, as the objects they were: what a TracedModule holds besides its graphs.

Tensors and modules that stand in several places are one object there again.
"""

from __future__ import annotations

import collections
from collections.abc import Callable
from typing import Any

import numpy as np

from mgeconvert.errors import refuse

from ..read.arrays import ArrayRecord, DTypeRecord, MgeDType
from ..read.modules import ModuleRecord, ModuleState
from ..read.pytree import LeafDef, TreeDef
from ..read.typeref import TypeRef
from ..read.values import (
    CompNode,
    Device,
    Group,
    NamedTuple,
    ParameterRecord,
    QParams,
    QuantMode,
    Record,
    TensorRecord,
)
from ..read.work import spend
from .objects import DEVICE
from .pickler import Called, Instance, Name

HOOKS = ("_forward_pre_hooks", "_forward_hooks")
"""Ordered dictionaries of every module; the reader makes plain ones of them."""


class Restorer:
    """Makes objects of records; `modules` overrides what becomes of a module's record."""

    def __init__(self, module: Callable[[ModuleRecord], Instance | None] = lambda _: None) -> None:
        self._override = module
        self._made: dict[int, Instance] = {}

    def __call__(self, value: Any) -> Any:
        """The object that a record, or plain data with records in it, stands for."""
        kind = type(value)
        if value is None or kind in (str, int, float, bool, bytes) or value is ...:
            return value
        if kind in (list, tuple, dict):
            spend(1 + len(value) * (2 if kind is dict else 1))
        if kind in (list, tuple):
            return kind(map(self, value))
        if kind is dict:
            return {self(key): self(item) for key, item in value.items()}
        if kind is slice:
            return Called(Name("builtins", "slice"), tuple(map(self, (value.start, value.stop, value.step))))
        if isinstance(value, np.ndarray | np.generic | np.dtype | MgeDType | ArrayRecord | DTypeRecord):
            return _of_numpy(value)
        if isinstance(value, TypeRef) or kind is type:
            return class_name(value)
        if not isinstance(value, Record):
            refuse(f"a {kind.__name__} in the file that was read, which cannot be written")
        if id(value) not in self._made:
            self._made[id(value)] = self._record(value)
        return self._made[id(value)]

    def tensor(self, record: TensorRecord) -> Instance:
        """A tensor or parameter with its own type, and its quantization parameters where it has any."""
        dtype = numpy_dtype(record.dtype)
        array = record.array.view(dtype) if dtype.metadata else record.array
        state = {} if record.qparams is None else {"qparams": self(record.qparams)}
        kind = "Parameter" if isinstance(record, ParameterRecord) else "Tensor"
        return Instance(Name("megengine.tensor", kind), state, (array, dtype, DEVICE))

    def attributes(self, attributes: dict[str, Any]) -> dict[str, Any]:
        """The state of a module."""
        state = {key: self(value) for key, value in attributes.items()}
        state.update((key, collections.OrderedDict()) for key in HOOKS if attributes.get(key) == {})
        return state

    def module(self, record: ModuleRecord) -> Instance:
        """A built-in module; one that hangs on a TracedModule is stored with the name of its class as text."""
        made = self._override(record)
        if made is not None:
            return made
        package, _, kind = record.qualname.rpartition(".")
        if isinstance(record, ModuleState):
            fields: dict[str, Any] = {"module": (package, kind), "state": self.attributes(record.attributes)}
            fields |= {"version": record.version} if record.version is not None else {}
            return Instance(Name("megengine.traced_module.serialization", "_ModuleState"), fields)
        package, _, kind = type(record).source.rpartition(".")
        return Instance(Name(package, kind), self.attributes(record.attributes))

    def _record(self, record: Record) -> Instance:
        if isinstance(record, ModuleRecord):
            return self.module(record)
        if isinstance(record, TensorRecord):
            return self.tensor(record)
        name = class_name(type(record))
        if isinstance(record, TreeDef):
            fields = {"type": self(record.type), "aux_data": self(record.aux_data)}
            fields |= {"children_defs": self(record.children), "num_leaves": record.num_leaves}
            return Instance(
                name, fields | ({"const_val": self(record.const_val)} if isinstance(record, LeafDef) else {})
            )
        if isinstance(record, QParams):
            slots = ("mode", "dtype_meta", "scale", "zero_point", "grad_scale")
            known = {slot: self(getattr(record, slot)) for slot in slots if _has(record, slot)}
            return Instance(name, (None, known))
        if isinstance(record, NamedTuple):
            return Instance(name, None, tuple(self(getattr(record, field)) for field, _ in record.fields))
        if isinstance(record, QuantMode):
            return Instance(name, None, (record.value,))
        if isinstance(record, CompNode):
            return Instance(name, DEVICE)
        if isinstance(record, Device):
            return Instance(name, {"_cn": self(record.comp_node), "_logical_name": None})
        if not isinstance(record, Group):
            refuse(f"a {type(record).__name__} in the file that was read, where only plain data may stand")
        return Instance(name, self(record.fields))


def _has(record: Record, slot: str) -> bool:
    try:
        object.__getattribute__(record, slot)
    except AttributeError:
        return False
    return True


def class_name(value: Any) -> Any:
    """A class by its name, as data."""
    if isinstance(value, TypeRef):
        if value.name.startswith("dtype["):
            return Called(Name("numpy.core", "_DType_reconstruct"), (Name("numpy", value.name[6:-1]),))
        return Name(value.module, value.name)
    package, _, kind = value.source.rpartition(".")
    return Name(package, kind)


def numpy_dtype(dtype: np.dtype[Any] | MgeDType) -> np.dtype[Any]:
    """A dtype as MegEngine keeps it: quantized types are numpy's integers with metadata."""
    if not isinstance(dtype, MgeDType):
        return dtype
    if dtype.scale is None:
        refuse(f"{dtype.name}, a type that is not written")
    fields: dict[str, Any] = {"name": dtype.name, "scale": dtype.scale}
    if dtype.zero_point is not None:
        fields["zero_point"] = dtype.zero_point
    return np.dtype(dtype.storage.str, metadata={"mgb_dtype": fields})  # type: ignore[no-any-return]


def _of_numpy(value: Any) -> Any:
    if isinstance(value, ArrayRecord | DTypeRecord):
        value = value.value
    if isinstance(value, MgeDType):
        return numpy_dtype(value)
    if isinstance(value, np.generic):
        return Called(Name("numpy.core.multiarray", "scalar"), (value.dtype, value.tobytes()))
    return value
