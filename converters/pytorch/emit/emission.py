"""What a handler sees of the node at hand: its operands as source text, and where modules and tensors hang."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Node, Value
from mgeconvert.ir.scopes import Attribute, mapped

from .built_in import path_of_weight
from .expressions import Sizes, Whole
from .text import literal, marked, torch_dtype
from .tree import Made

Array = np.ndarray[Any, Any]


class Writer(Protocol):
    """What writes the body that the node stands in."""

    @property
    def home(self) -> str: ...

    @property
    def on(self) -> str: ...

    def text(self, value: Value) -> str: ...

    def tensor(self, value: Value) -> str: ...

    def current(self, value: Value) -> Value: ...

    def hang(self, node: Node, made: Made, state: Mapping[str, Any]) -> str: ...

    def attribute(self, attribute: Attribute) -> str: ...

    def record(self, path: str) -> Any: ...


class Emission:
    """One node; `e[0]` is the text of its first operand as a tensor."""

    def __init__(self, writer: Writer, node: Node) -> None:
        self.writer = writer
        self.node = node

    @property
    def on(self) -> str:
        """``, device=x.device``, where a tensor is made: it stands where the arguments of forward() do."""
        return self.writer.on

    def __getitem__(self, number: int) -> str:
        value = self.value(number)
        if value is None:
            refuse(f"lacks its input {number}")
        return self.writer.tensor(value)

    def value(self, number: int) -> Value | None:
        """An operand, None where it is left out."""
        return self.node.inputs[number] if number < len(self.node.inputs) else None

    def has(self, number: int) -> bool:
        """Whether an operand is given."""
        return self.value(number) is not None

    def array(self, number: int, what: str) -> Array:
        """A constant operand; `what` names it where it is computed and so refused."""
        value = self.value(number)
        if value is None or value.array is None:
            refuse(f"{what} that is only known at run time")
        return value.array

    def constant(self, number: int) -> Array | None:
        """A constant operand, None where it is computed or left out."""
        value = self.value(number)
        return None if value is None else value.array

    def scalar(self, number: int) -> str:
        """An operand of arithmetic: a single number as it is written."""
        value = self.value(number)
        assert value is not None
        if value.array is not None and value.array.ndim == 0 and value.array.dtype.name in _PLAIN:
            return literal(value.array)
        if isinstance(self.text(number), Whole):
            return self.text(number)
        return self[number]

    @property
    def operands(self) -> tuple[str, str]:
        """The two operands of arithmetic: a single number as it is written, where the other one is a tensor."""
        numbers = [(value := self.constant(number)) is not None and value.ndim == 0 for number in (0, 1)]
        return (self[0], self[1]) if all(numbers) else (self.scalar(0), self.scalar(1))

    def text(self, number: int) -> str:
        """An operand as it is known: `Whole`, `Sizes`, or a tensor."""
        value = self.value(number)
        assert value is not None
        return self.writer.text(value)

    def sizes(self, number: int) -> str:
        """An operand as a list of Python ints."""
        value = self.value(number)
        assert value is not None
        if value.array is not None:
            return literal([int(size) for size in value.array.reshape(-1)])
        text = self.writer.text(value)
        if isinstance(text, Sizes):
            return text
        if isinstance(text, Whole):
            return f"[{text}]"
        return f"{text}.tolist()"

    @property
    def is_whole(self) -> bool:
        """Whether all operands are whole numbers or lists of them, and one of them is known at run time only."""
        known = [
            value.array is None and isinstance(self.writer.text(value), Whole | Sizes)
            for value in self.node.inputs
            if value is not None
        ]
        return any(known) and all(
            ok or _is_whole_constant(value)
            for ok, value in zip(known, (v for v in self.node.inputs if v is not None), strict=True)
        )

    def attr(self, name: str, default: Any = None) -> Any:
        """An attribute of the node."""
        return self.node.attrs.get(name, default)

    def rank(self, number: int = 0) -> int:
        """The rank of an operand; refused where it is not known."""
        value = self.value(number)
        if value is None or value.rank is None:
            refuse("a tensor of unknown rank")
        return value.rank

    def dtype(self, number: int = 0) -> str:
        """The name of an operand's type, empty where it is not known."""
        value = self.value(number)
        return "" if value is None or value.dtype is None else value.dtype.name

    @property
    def out_dtype(self) -> str:
        """``torch.float32``: the type of the first result."""
        dtype = self.node.outputs[0].dtype
        if dtype is None:
            refuse("a result of unknown type")
        return torch_dtype(dtype)

    @property
    def wants_module(self) -> bool:
        """Whether the node is what a built-in module of the source was, or comes from a source without modules."""
        scope = self.node.scope
        if scope is None or scope.call is None:
            path = path_of_weight(self.node)
            return (not self.writer.home or path != self.writer.home) and (bool(path) or not self._reads_parameter)
        return scope.is_leaf and scope.call.name.startswith("megengine.module.")

    @property
    def _reads_parameter(self) -> bool:
        """Whether the second operand is a tensor of the source's own, by its name."""
        weight = self.value(1)
        return weight is not None and weight.array is not None and self.writer.record(weight.name) is not None

    def module(self, callee: str, args: Mapping[Any, Any], state: Mapping[str, Array]) -> str:
        """The text of a built-in module with this state: ``self.conv1``."""
        positional = tuple((None, value) for value in args.get(None, ()))
        named = tuple((name, value) for name, value in args.items() if name is not None)
        path = self.writer.hang(self.node, Made(callee, positional + named), state)
        return marked(path)

    def argument(self, name: str, position: int, default: Any = None) -> Any:
        """A bound argument of a call of the source; tensors in it are text."""
        call = self.node.scope.call if self.node.scope is not None else None
        assert call is not None
        if name in call.kwargs:
            return self._given(call.kwargs[name])
        return self._given(call.args[position]) if position < len(call.args) else default

    def arguments(self) -> list[Any]:
        """All bound arguments by position, without the module that is called; tensors as text."""
        call = self.node.scope.call if self.node.scope is not None else None
        assert call is not None
        first = int(call.name.startswith("megengine.module."))
        return [self._given(argument) for argument in call.args[first:]]

    @property
    def record(self) -> Mapping[str, Any]:
        """The attributes of the source's module that was called."""
        call = self.node.scope.call if self.node.scope is not None else None
        assert call is not None
        return call.args[0].record.attributes  # type: ignore[no-any-return]

    def attributes(self) -> Mapping[str, Any]:
        """The attributes of the source's module whose weight the node reads; empty where there is none."""
        path = path_of_weight(self.node) or (self.node.scope.path if self.node.scope is not None else "")
        attributes = getattr(self.writer.record(path), "attributes", {}) if path else {}
        return attributes if isinstance(attributes, dict) else {}

    def tensors(self, *names: str) -> dict[str, Array]:
        """Tensors of the source's module; those that it has not are left out."""
        given = {name: self.record[name].array for name in names if self.record.get(name) is not None}
        if any(array.dtype.name not in ("float32", "float16") for array in given.values()):
            refuse("a module with weights of other types, which is lowered")
        return given

    def _given(self, argument: Any) -> Any:
        return mapped(argument, self._leaf)

    def _leaf(self, item: Any) -> Any:
        if isinstance(item, Value):
            value = self.writer.current(item)
            if value.array is not None and value.array.dtype.kind == "i" and value.array.ndim <= 1:
                text = literal(value.array)
                return Sizes(text) if value.array.ndim else Whole(text)
            return self.writer.text(value)
        if isinstance(item, Attribute):
            return self.writer.attribute(item)
        return item


_PLAIN = frozenset(["float32", "float64", "float16", "int64", "int32", "int16", "int8", "uint8", "bool"])


def _is_whole_constant(value: Value | None) -> bool:
    return value is not None and value.array is not None and value.array.dtype.kind in "iu" and value.array.ndim <= 1
