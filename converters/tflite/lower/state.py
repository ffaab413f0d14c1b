"""The variables of a model while it is lowered."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Value

from ..layout.holding import Held, Holding, dequantize, held, is_real, quantize
from ..layout.view import plain
from ..model import Array, Tensor, identity


@dataclass(slots=True)
class State:
    """`handles` names the variable of each resource, `first` is what CALL_ONCE puts into it, `now` what it holds at the
    operator that is being lowered, `inputs` the graph input of each. `explicit` allows state at all."""

    holding: Holding
    explicit: bool
    starting: bool = False
    handles: dict[Tensor, str] = field(default_factory=dict)
    first: dict[str, Tensor] = field(default_factory=dict)
    now: dict[str, Held] = field(default_factory=dict)
    written: dict[str, Tensor] = field(default_factory=dict)
    inputs: dict[str, str] = field(default_factory=dict)

    def _name(self, handle: Tensor) -> str:
        if handle not in self.handles:
            refuse("a resource that no VAR_HANDLE makes")
        return self.handles[handle]

    def read(self, handle: Tensor, result: Tensor) -> Held:
        name = self._name(handle)
        if name not in self.now:
            self.now[name] = self._entered(name, self.first.get(name, result))
        return self.now[name]

    def assign(self, handle: Tensor, tensor: Tensor, where: Held) -> None:
        name = self._name(handle)
        if self.starting:
            self.first[name] = tensor
            return
        if name not in self.now:
            self.now[name] = self._entered(name, self.first.get(name, tensor))
        self.now[name] = where
        self.written[name] = tensor

    def variable(self, tensor: Tensor) -> Value:
        """What a variable tensor holds: zeros at each run, or with explicit state a graph input."""
        layout = identity(tensor.rank)
        if not self.explicit:
            return self.holding.realise(tensor, layout)
        if tensor.name not in self.now:
            self.first[tensor.name] = tensor
            self.now[tensor.name] = self._entered(tensor.name, tensor)
        return self.holding.realise_view(self.now[tensor.name], layout)

    def change(self, tensor: Tensor, value: Value) -> None:
        """Let a variable tensor hold a value from now on."""
        self.now[tensor.name] = held(value, identity(tensor.rank))
        self.written[tensor.name] = tensor

    def _entered(self, name: str, like: Tensor) -> Held:
        """The graph input that brings a variable's contents."""
        if not self.explicit:
            refuse(f"variable {name} keeps its contents from one run to the next")
        b = self.holding.b
        public = self.inputs[name] = b.name_value(name.strip("/").replace("/", "_") or "state")
        shape = tuple(int(dim) if isinstance(dim, int) else dim for dim in like.shape)
        value = Value(public, like.dtype, shape)
        b.graph.inputs[public] = value
        if is_real(like):
            assert like.quantization is not None
            value = dequantize(b, value, like.quantization)
        return Held(value, plain(shape, identity(len(shape))))

    def leave(self) -> None:
        """Make what each variable holds at the end an output."""
        b = self.holding.b
        for name, tensor in self.written.items() if self.explicit else ():
            where = self.now[name]
            value = self.holding.realise_view(where, identity(len(where.view.shape)))
            like = self.first.get(name, tensor)
            if is_real(like):
                assert like.quantization is not None
                value = quantize(b, value, like.quantization, like.dtype)
            if value.is_constant or value in b.graph.inputs.values():
                value = b.op("Identity", value)
            b.output(f"{self.inputs[name]}_next", value)

    def report(self) -> list[str]:
        """For each variable what to put into its input at first."""
        return [f"{self.inputs.get(name, name)} begins as {_text(tensor.array)}" for name, tensor in self.first.items()]


def _text(array: Array | None) -> str:
    if array is None:
        return "computed numbers"
    values = np.unique(array)
    sizes = "x".join(map(str, array.shape))
    return f"{array.dtype.name} {sizes} filled with {values[0]}" if values.size == 1 else f"{array.dtype.name} {sizes}"
