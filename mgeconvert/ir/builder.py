"""Builds graphs node by node: names, operand coercion, constant evaluation and type inference in one place.

`Builder.op` is the only way nodes are made in a lowering, so what it returns always has its dtype and shape as far as
they can be known, and an operator on constants never becomes a node (unless its result would be large).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from .evaluate import EvaluationError, evaluate
from .graph import Attribute, Graph, Namer, Node, Shape, Value
from .inference import InferenceError, infer
from .scopes import Scope

Operand: TypeAlias = "Value | np.ndarray | np.generic | int | float | bool | Sequence[int] | None"
"""What an operator takes: a value, something that becomes a constant, or None for an omitted optional input."""

FOLD_BYTES = 1 << 20
"""A constant result larger than this and larger than its operands stays a node, so that files do not grow."""
FOLD_TOTAL, FOLD_FACTOR = 1 << 26, 2
"""All constants computed while a graph is built may take FOLD_TOTAL bytes, or FOLD_FACTOR times those of its weights
where that is more: a chain of operators that each double a constant ends there."""


class Builder:
    """Appends nodes to a graph.

    `scope` is what the nodes belong to and `prefix`, its path, what their names start with, until `enter` sets both.
    """

    def __init__(self, graph: Graph | None = None) -> None:
        self.graph = Graph() if graph is None else graph
        self.name_value = Namer(value.name for value in self.graph.values())
        self.name_node = Namer(node.name for node in self.graph.nodes)
        self.scope: Scope | None = None
        self.prefix = ""
        self._given = self._folded = 0

    def enter(self, scope: Scope | None, prefix: str | None = None) -> None:
        """Let what is built from now on belong to `scope`, with names that start with `prefix` (None: its path)."""
        self.scope = scope
        self.prefix = (scope.path if scope else "") if prefix is None else prefix

    def input(self, name: str, dtype: Any, shape: Shape) -> Value:
        """A graph input under its public name."""
        value = Value(self.name_value(name), np.dtype(dtype), tuple(shape))
        self.graph.inputs[name] = value
        return value

    def output(self, name: str, value: Value) -> None:
        """Make `value` a graph output under the public name."""
        self.graph.outputs[name] = value

    def constant(self, array: Any, dtype: Any = None, name: str | None = None) -> Value:
        """A constant; the array is shared, not copied, unless `dtype` asks for another type."""
        value = Value(self.name_value(name or self._wanted("constant")), array=np.asarray(array, dtype))
        assert value.array is not None
        self._given += value.array.nbytes
        return value

    def in_shape(self, constant: Value, shape: tuple[int, ...]) -> Value:
        """A view of a constant with another shape of as many elements, under the constant's name."""
        assert constant.array is not None
        return Value(self.name_value(constant.name), array=constant.array.reshape(shape))

    def op(self, op: str, *operands: Operand, name: str | None = None, domain: str = "", **attrs: Any) -> Value:
        """Append a one-output node (or evaluate it) and return its value.

        A Python number takes the dtype of the first operand that is a Value, a list of ints becomes an int64 constant.
        Attributes that are None are left out.
        """
        return self.ops(op, 1, *operands, name=name, domain=domain, **attrs)[0]

    def ops(
        self, op: str, outputs: int, *operands: Operand, name: str | None = None, domain: str = "", **attrs: Any
    ) -> list[Value]:
        """`op` for a node with `outputs` outputs."""
        inputs = self._coerce(operands)
        attributes = {key: _attribute(value) for key, value in attrs.items() if value is not None}
        if not domain and all(value is None or value.array is not None for value in inputs):
            folded = self._fold(op, outputs, inputs, attributes, name)
            if folded is not None:
                return folded
        wanted = name or self._wanted(op)
        results = [Value(self.name_value(wanted)) for _ in range(outputs)]
        node = Node(op, inputs, results, attributes, self.name_node(self._wanted(op)), self.scope, domain)
        infer(node)
        self.graph.nodes.append(node)
        return results

    def rename(self, value: Value, name: str) -> None:
        """Give a value built here the name a user knows it by."""
        if value.name != name:
            value.name = self.name_value(name)

    def _wanted(self, what: str) -> str:
        return f"{self.prefix}/{what}" if self.prefix else what

    def _coerce(self, operands: Sequence[Operand]) -> list[Value | None]:
        first = next((operand for operand in operands if isinstance(operand, Value)), None)
        inputs: list[Value | None] = []
        for operand in operands:
            if operand is None or isinstance(operand, Value):
                inputs.append(operand)
            elif isinstance(operand, np.ndarray | np.generic):
                inputs.append(self.constant(operand))
            elif isinstance(operand, bool | int | float):
                inputs.append(self.constant(operand, _scalar_dtype(operand, first)))
            else:
                inputs.append(self._whole_numbers(operand))
        while inputs and inputs[-1] is None:
            inputs.pop()
        return inputs

    def _whole_numbers(self, numbers: Sequence[int]) -> Value:
        """A list of numbers as int64; a number beyond that type is one of a damaged file."""
        try:
            return self.constant(numbers, np.int64)
        except OverflowError as error:
            raise InferenceError(f"{self.prefix}: {numbers} are numbers of more than 64 bits") from error

    def _fold(
        self, op: str, outputs: int, inputs: list[Value | None], attrs: dict[str, Attribute], name: str | None
    ) -> list[Value] | None:
        arrays = [None if value is None else value.array for value in inputs]
        limit = max(FOLD_BYTES, sum(array.nbytes for array in arrays if array is not None))
        limit = min(limit, max(FOLD_TOTAL, FOLD_FACTOR * self._given) - self._folded)
        try:
            results = evaluate(op, arrays, attrs, outputs, limit)
        except EvaluationError as error:
            raise EvaluationError(f"{self.prefix}: {error.message}" if self.prefix else error.message) from error
        if results is None:
            return None
        self._folded += sum(array.nbytes for array in results if array.base is None)
        if len(results) == 1 and (view_of := _renamed(results[0], inputs)) is not None:
            return [view_of]
        wanted = name or self._derived(op, inputs)
        return [Value(self.name_value(wanted), array=result) for result in results]

    def _derived(self, op: str, inputs: list[Value | None]) -> str:
        """A weight that only changed its form keeps its name; other results are named after the operator."""
        first = inputs[0] if inputs else None
        if first is not None and op in ("Reshape", "Transpose", "Cast", "Unsqueeze", "Squeeze"):
            return first.name
        return self._wanted(op)


def _renamed(result: np.ndarray, inputs: list[Value | None]) -> Value | None:
    """The input that the result is, when an operator changed nothing."""
    return next((value for value in inputs if value is not None and value.array is result), None)


def _scalar_dtype(scalar: float, like: Value | None) -> np.dtype:
    if like is not None and like.dtype is not None:
        return like.dtype
    if isinstance(scalar, bool):
        return np.dtype(bool)
    return np.dtype(np.int32 if isinstance(scalar, int) else np.float32)


_PLAIN = frozenset([int, float, str])


def _attribute(value: Any) -> Attribute:
    """Attributes are plain: numpy scalars become Python numbers, lists tuples, bools ints."""
    kind = type(value)
    if kind in _PLAIN or (kind is tuple and all(type(item) in _PLAIN for item in value)):
        return value  # type: ignore[no-any-return]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, list | tuple):
        return tuple(_attribute(item) for item in value)  # type: ignore[return-value]
    plain: Attribute = value
    return plain
