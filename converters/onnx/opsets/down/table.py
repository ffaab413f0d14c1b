"""The table of downgrade rules and what a rule has to work with.

A rule says what to do with a node in the form its operator got at one opset when the target is older::

    @downgrade("Celu", since=12)
    def celu(r: Rewriter, node: Node) -> Result:
        ...

It returns the values that stand for the node's outputs, computed by nodes in the form of opset ``since - 1``, to which
older rules are applied in turn. What cannot be said raises `RefusedError` with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Attribute, Dim, Node, Shape, Value
from mgeconvert.ir.dtypes import ELEM_TYPES

Operand: TypeAlias = "Value | np.ndarray | np.generic | None"
Result: TypeAlias = "Value | Sequence[Value]"
Rule: TypeAlias = "Callable[[Rewriter, Node], Result]"

RULES: dict[str, dict[int, Rule]] = {}
"""operator -> opset at which the form changed -> what to do below it."""


ELEMENTWISE = frozenset(
    {"Abs", "Neg", "Exp", "Log", "Sqrt", "Reciprocal", "Floor", "Round", "Sign", "Erf", "Tanh", "Sigmoid", "Softplus"}
    | {"HardSigmoid", "Elu", "Not", "Cast", "Identity", "Add", "Sub", "Mul", "Div", "Pow", "Max", "Min", "Clip"}
    | {"Greater", "Less", "Equal", "And", "Or", "Where"}
)
"""Operators whose output has the common shape of their inputs."""


def downgrade(*ops: str, since: int) -> Callable[[Rule], Rule]:
    """Claim (op, since) for a rule; each key is claimed once."""

    def claim(rule: Rule) -> Rule:
        for op in ops:
            versions = RULES.setdefault(op, {})
            assert since not in versions, f"{op} {since} has two rules"
            versions[since] = rule
        return rule

    return claim


def without_attribute(
    name: str, *ops: str, since: int, only: Attribute | None = None, default: Attribute | None = None
) -> None:
    """The rule for an attribute that came at `since`: leave it out where its value (or `default`, by default `only`) is
    `only`; None: whatever it says has no meaning in the older form.
    """

    def rule(r: Rewriter, node: Node) -> Result:
        given = node.attrs.get(name, only if default is None else default)
        if only is not None and given != only:
            refuse(f"{name} {given}")
        return r.form(*node.inputs, **{key: value for key, value in node.attrs.items() if key != name})

    downgrade(*ops, since=since)(rule)


class Rewriter:
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
        self.nodes.append(Node(op, inputs, list(outputs), given, name, self.node.origin, self.node.domain))


def operand(node: Node, index: int) -> Value | None:
    """An input that may be left out."""
    return node.inputs[index] if index < len(node.inputs) else None


def data(node: Node, index: int = 0) -> Value:
    """An input that every form of the operator has."""
    value = node.inputs[index]
    assert value is not None, f"{node.op}: input {index} is missing"
    return value


def constant(node: Node, index: int, what: str) -> np.ndarray | None:
    """The array of an input that must be known while converting; None where it is left out."""
    value = operand(node, index)
    if value is None:
        return None
    if value.array is None:
        refuse(f"{what} computed at run time")
    return value.array


def shape_of(value: Value) -> Shape:
    """The shape, whose dimensions may be symbolic; RefusedError where even the rank is unknown."""
    if value.shape is None:
        refuse("an input of unknown rank")
    return value.shape


def dtype_of(value: Value) -> np.dtype:
    if value.dtype is None:
        refuse("an input of unknown type")
    return value.dtype


def axis_of(node: Node, default: int, name: str = "axis") -> int:
    """The axis attribute counted from the front."""
    axis = node.attrs.get(name, default)
    assert isinstance(axis, int)
    return axis if axis >= 0 else axis + len(shape_of(data(node)))


def size(dim: Dim, what: str) -> int:
    """A dimension that must be a number."""
    if isinstance(dim, str):
        refuse(f"{what} of size {dim}, known only at run time")
    return dim


def reshape_target(shape: Shape) -> list[int]:
    """A shape as Reshape takes it: the one dimension that is not a number is -1."""
    if sum(isinstance(dim, str) for dim in shape) > 1:
        refuse(f"a shape with several dimensions known only at run time ({', '.join(map(str, shape))})")
    return [-1 if isinstance(dim, str) else dim for dim in shape]


def broadcast(values: Sequence[Value]) -> Shape | None:
    """The common shape of values by numpy's rules, None where it is not known."""
    result: tuple[Dim, ...] = ()
    for value in values:
        if value.shape is None:
            return None
        longer, shorter = sorted((result, value.shape), key=len, reverse=True)
        padded = (1,) * (len(longer) - len(shorter)) + shorter
        pairs = zip(longer, padded, strict=True)
        result = tuple(second if first == 1 else first for first, second in pairs)
    return result
