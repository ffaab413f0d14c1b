"""Records the emitted calls of one graph: names their results, reads modules and tensors from where they hang."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from mgeconvert.ir import TracedDim, Value

from ..write.objects import Recorder
from ..write.pickler import Instance, Name
from .calls import EmittedCall, MethodCall, ModuleCall, OpdefCall, StoredTensor
from .quantization.grids import held_dtype
from .scopes import PROVISIONAL, constant_name


class Hanger(Protocol):
    """Hangs new modules and tensors into the tree; paths lead there from the module whose graph is written."""

    def module(self, call: ModuleCall) -> str:
        """The path of the module of a call."""
        ...

    def tensor(self, name: str, array: np.ndarray[Any, Any], trained: bool) -> str:
        """The path of a tensor that wants to be called `name`."""
        ...


def type_of(value: Value) -> np.dtype[Any]:
    """The dtype MegEngine computes the value in: it has no int64, and holds floats on a grid as integers."""
    dtype = np.dtype(np.float32) if value.dtype is None else value.dtype
    if dtype.kind == "f" and dtype.metadata is not None:
        return held_dtype(dtype)
    return np.dtype(np.int32) if dtype == np.int64 else dtype


def sizes(value: Value) -> tuple[int, ...]:
    """The shape of a trace. MegEngine's tracer has numbers only: a size that was not traced is written as 1."""
    return tuple(
        size if isinstance(size, int) else size.size if isinstance(size, TracedDim) else 1 for size in value.shape or ()
    )


class GraphWriter:
    """Writes one graph. `nodes` are the values it knows; `place` goes into the labels of calls of functions."""

    def __init__(self, recorder: Recorder, hanger: Hanger, output_names: dict[Value, str] | None = None) -> None:
        self.recorder = recorder
        self.hanger = hanger
        self.output_names = output_names or {}
        self.nodes: dict[Value, Instance] = {}
        self.place = ""
        self.shapes: Mapping[Value, tuple[int, ...]] = {}
        """What is known of the shapes of the trace."""
        self._read: dict[str, Instance] = {}

    def call(self, call: EmittedCall, values: Sequence[Value]) -> None:
        """Record a call whose results are `values`."""
        for value, made in zip(values, self._call(call, values), strict=True):
            self.nodes[value] = made

    def operand(self, item: Any) -> Any:
        """Nodes for values, within containers too."""
        if isinstance(item, Value):
            return self.nodes[item] if item.array is None else self._constant(constant_name(item), item.array)
        if isinstance(item, StoredTensor):
            return self._constant(item.name, item.array)
        if isinstance(item, tuple | list):
            return type(item)(self.operand(part) for part in item)
        if isinstance(item, slice):
            return slice(*(self.operand(part) for part in (item.start, item.stop, item.step)))
        return item

    def module(self, path: str, kind: Name) -> Instance:
        """GetAttr of a module, once."""
        return self._read[path] if path in self._read else self.read(path, kind)

    def tensor(self, path: str, shape: Sequence[int], dtype: np.dtype[Any]) -> Instance:
        """GetAttr of a tensor, once."""
        return self._read[path] if path in self._read else self.read(path, None, shape, dtype)

    def read(
        self, path: str, kind: Name | None, shape: Sequence[int] = (), dtype: Any = None, name: str = ""
    ) -> Instance:
        """GetAttr of a module or tensor whose variable is called `name`."""
        made = self.recorder.attribute(path, kind, shape, dtype, name)
        self._read.setdefault(path, made)
        return made

    def name(self, value: Value, usual: str) -> str:
        """The node's name: an output's public one, else the value's, else (where that is only the operator's) the one
        that MegEngine's tracer gives."""
        if value in self.output_names:
            return self.output_names[value]
        return self.recorder.unique(usual if PROVISIONAL.fullmatch(value.name) else self._short(value.name))

    def _short(self, name: str) -> str:
        """A name without the path of the module whose graph is written."""
        path = self.recorder.qualname.partition(".")[2]
        return name.removeprefix(f"{path}.") if path else name

    def _call(self, call: EmittedCall, values: Sequence[Value]) -> list[Instance]:
        if isinstance(call, ModuleCall):
            owner = self._owner(call)
            label = f"{owner.state['_qualname']}.[out]"
            outputs = [(self.name(value, ""), label, self._sizes(value), type_of(value)) for value in values]
            return self.recorder.method("__call__", (owner, *map(self.operand, call.args)), {}, outputs)
        if isinstance(call, OpdefCall):
            operands = [self.operand(item) for item in call.inputs]
            outputs = self._outputs(f"def_{call.name.lower()}", values)
            return self.recorder.opdef(call.name, operands, call.fields, outputs)
        args = tuple(map(self.operand, call.args))
        if isinstance(call, MethodCall):
            outputs = self._outputs(f"method_{call.name.strip('_')}", values, call.path)
            return self.recorder.method(call.name, args, {}, outputs)
        outputs = self._outputs(f"func_{call.name.rpartition('.')[2]}", values)
        return self.recorder.function(f"megengine.functional.{call.name}", args, call.kwargs, outputs)

    def _outputs(self, kind: str, values: Sequence[Value], path: str = "") -> list[tuple[str, str, Any, Any]]:
        place = path.rpartition(".")[0] if path else self.place
        label = f"{self.recorder.qualname}.{self.recorder.label(place, kind)}"
        usual = f"{kind.partition('_')[2]}_out"
        names = [self.recorder.unique(f"{path}.{usual}") if path else self.name(value, usual) for value in values]
        return [(name, label, self._sizes(value), type_of(value)) for name, value in zip(names, values, strict=True)]

    def _sizes(self, value: Value) -> tuple[int, ...]:
        return self.shapes.get(value) or sizes(value)

    def _constant(self, name: str, array: np.ndarray[Any, Any]) -> Instance:
        narrow = np.dtype(np.int32) if array.dtype == np.int64 else array.dtype
        trained = array.dtype.kind == "f" or array.dtype.metadata is not None
        return self.tensor(self.hanger.tensor(name, array, trained), array.shape, narrow)

    def _owner(self, call: ModuleCall) -> Instance:
        """The module of a call; two calls of one module share it."""
        module, _, kind = f"megengine.module.{call.name}".rpartition(".")
        return self.module(self.hanger.module(call), Name(module, kind))
