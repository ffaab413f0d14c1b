"""What a downgrade rule builds with: the nodes that come to stand in place of one node."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from mgeconvert.ir import Attribute, Node, Shape, Value
from mgeconvert.ir.builder import FOLD_BYTES
from mgeconvert.ir.dtypes import ELEM_TYPES
from mgeconvert.ir.evaluate import evaluate

from .operands import broadcast, reshape_target, shape_of

Operand: TypeAlias = "Value | np.ndarray | np.generic | None"


ELEMENTWISE = frozenset(
    {"Abs", "Neg", "Exp", "Log", "Sqrt", "Reciprocal", "Floor", "Round", "Sign", "Erf", "Tanh", "Sigmoid", "Softplus"}
    | {"HardSigmoid", "Elu", "Not", "Cast", "Identity", "Add", "Sub", "Mul", "Div", "Pow", "Max", "Min", "Clip"}
    | {"Greater", "Less", "Equal", "And", "Or", "Where"}
)
"""Operators whose output has the common shape of their inputs."""


FOLDED = ELEMENTWISE | {"Concat", "Gather", "Reshape", "Slice", "Squeeze", "Transpose", "Unsqueeze"}
"""Operators that mean the same in every opset, wherever they have the operands and attributes of opset 21."""


class Replacement:
    """Collects the nodes that replace one node. `level` is the opset whose form they have."""

    def __init__(self, node: Node, level: int) -> None:
        self.node = node
        self.level = level
        self.nodes: list[Node] = []

    def op(self, op: str, *operands: Operand, dtype: Any = None, shape: Shape | None = None, **attrs: Any) -> Value:
        """A one-output node. By default its dtype is the first operand's, its shape known for elementwise operators."""
        return self.ops(op, 1, *operands, dtype=dtype, shape=shape, **attrs)[0]

    def ops(
        self,
        op: str,
        outputs: int,
        *operands: Operand,
        dtype: Any = None,
        shape: Shape | None = None,
        **attrs: Any,
    ) -> list[Value]:
        """`op` for several outputs; they all get the one dtype and shape."""
        inputs = [self.constant(item) if isinstance(item, np.ndarray | np.generic) else item for item in operands]
        first = next(value for value in inputs if value is not None)
        result_dtype = first.dtype if dtype is None else np.dtype(dtype)
        if shape is None and op in ELEMENTWISE:
            shape = broadcast([value for value in inputs if value is not None])
        base = self.node.outputs[0].name
        folded = _folded(op, inputs, outputs, attrs)
        if folded is not None and all(array.dtype == result_dtype for array in folded):
            return [Value(f"{base}/{op}", array=array) for array in folded]
        unchanged = _unchanged(op, inputs, shape)
        if unchanged is not None and outputs == 1:
            return [unchanged]
        results = [Value(f"{base}/{op}", result_dtype, shape) for _ in range(outputs)]
        self._append(op, inputs, results, attrs)
        return results

    def form(self, *operands: Operand, **attrs: Any) -> Sequence[Value]:
        """The node itself in another form: the same outputs, these inputs and attributes."""
        return self.become(self.node.op, *operands, **attrs)

    def become(self, op: str, *operands: Operand, **attrs: Any) -> Sequence[Value]:
        """Another operator with these inputs and attributes, for the node's own outputs."""
        inputs = [self.constant(item) if isinstance(item, np.ndarray | np.generic) else item for item in operands]
        self._append(op, inputs, self.node.outputs, attrs)
        return self.node.outputs

    def constant(self, array: np.ndarray | np.generic) -> Value:
        return Value(f"{self.node.outputs[0].name}/constant", array=np.asarray(array))

    def cast(self, value: Value, dtype: Any) -> Value:
        """`value` in another type; itself where it has that type."""
        wanted = np.dtype(dtype)
        if value.dtype == wanted:
            return value
        return self.op("Cast", value, dtype=wanted, shape=value.shape, to=ELEM_TYPES[wanted.name])

    def transpose(self, value: Value, perm: Sequence[int]) -> Value:
        shape = None if value.shape is None else tuple(value.shape[axis] for axis in perm)
        return self.op("Transpose", value, shape=shape, perm=tuple(perm))

    def reshape(self, value: Value, shape: Shape) -> Value:
        """Reshape to a shape with at most one dimension that is not a number."""
        return self.op("Reshape", value, np.array(reshape_target(shape), np.int64), shape=shape)

    def reshape_like(self, value: Value, pattern: Value) -> Value:
        """Reshape to the shape of another value, at run time where that is not known now."""
        shape = shape_of(pattern)
        if sum(isinstance(dim, str) for dim in shape) <= 1:
            return self.reshape(value, shape)
        at_run_time = self.op("Shape", pattern, dtype=np.int64, shape=(len(shape),))
        return self.op("Reshape", value, at_run_time, shape=shape)

    def _append(
        self, op: str, inputs: list[Value | None], outputs: list[Value], attrs: dict[str, Attribute | None]
    ) -> None:
        while inputs and inputs[-1] is None:
            inputs.pop()
        given = {key: value for key, value in attrs.items() if value is not None}
        name = f"{self.node.name}/{op}" if self.node.name and outputs is not self.node.outputs else self.node.name
        self.nodes.append(Node(op, inputs, list(outputs), given, name, self.node.scope, self.node.domain))


NEUTRAL = {"Add": 0, "Div": 1, "Mul": 1, "Sub": 0}
"""What changes nothing as the second operand."""


def _unchanged(op: str, inputs: Sequence[Value | None], shape: Shape | None) -> Value | None:
    """The first operand, where the second is constant, changes nothing of it and does not spread it: x * 1 -> x.

    The passes would drop such a node, so that optimizing the written file would change it.
    """
    if op not in NEUTRAL or len(inputs) != 2:
        return None
    x, other = inputs
    if x is None or other is None or other.array is None or x.shape is None or x.shape != shape:
        return None
    return x if x.dtype == other.dtype and bool((other.array == NEUTRAL[op]).all()) else None


def _folded(
    op: str, inputs: Sequence[Value | None], outputs: int, attrs: dict[str, Attribute | None]
) -> list[np.ndarray] | None:
    """What an operator gives on constants, as the passes would compute it; None where it is to stay a node."""
    if op not in FOLDED or any(value is not None and value.array is None for value in inputs):
        return None
    arrays = [None if value is None else value.array for value in inputs]
    given = {key: value for key, value in attrs.items() if value is not None}
    if op in ("Squeeze", "Unsqueeze") and "axes" in given:
        arrays.append(np.array(given.pop("axes"), np.int64))
    limit = max(FOLD_BYTES, sum(array.nbytes for array in arrays if array is not None))
    return evaluate(op, arrays, given, outputs, limit)
