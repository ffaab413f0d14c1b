"""Where a pattern matches: from a node up through its operands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from mgeconvert.ir import Node, Value

from .expression import ANYTHING, OperatorCall, Part, Quoted

COMMUTATIVE = frozenset(["Add", "Mul", "Max", "Min", "And", "Or", "Xor", "Equal", "Sum"])
"""Operators whose two operands may stand in either order."""


@dataclass(frozen=True, slots=True)
class Match:
    """What the names of a pattern stand for, and the node of each of its calls."""

    names: Mapping[str, Value]
    nodes: Mapping[OperatorCall, Node]

    def __or__(self, other: Match) -> Match:
        return Match({**self.names, **other.names}, {**self.nodes, **other.nodes})


class Matcher:
    """Matches one pattern in one graph: `producers` are the nodes that compute values, `quoted` what names in quotes
    mean."""

    def __init__(self, pattern: OperatorCall, producers: Mapping[Value, Node], quoted: Mapping[str, Value]) -> None:
        self.pattern = pattern
        self.producers = producers
        self.quoted = quoted

    def at(self, node: Node) -> Match | None:
        """The first way in which the node is the pattern's outermost call; None where it is not."""
        return next(self._matches(self.pattern, node, Match({}, {})), None)

    def _matches(self, call: OperatorCall, node: Node | None, so_far: Match) -> Iterator[Match]:
        if node is None or node.op != call.op or node.domain or len(node.outputs) != 1:
            return
        if any(node.attrs.get(key) != value for key, value in call.attrs.items()):
            return
        if len(node.inputs) != len(call.operands):
            return
        orders = [list(node.inputs)]
        if node.op in COMMUTATIVE and len(node.inputs) == 2:
            orders.append(list(node.inputs)[::-1])
        for order in orders:
            for found in self._operands(list(zip(call.operands, order, strict=True)), so_far):
                yield found | Match({}, {call: node})

    def _operands(self, pairs: list[tuple[Part, Value | None]], so_far: Match) -> Iterator[Match]:
        """Every way to match the operands one after the other."""
        if not pairs:
            yield so_far
            return
        (part, value), rest = pairs[0], pairs[1:]
        for found in self._operand(part, value, so_far):
            yield from self._operands(rest, found)

    def _operand(self, part: Part, value: Value | None, so_far: Match) -> Iterator[Match]:
        if isinstance(part, OperatorCall):
            yield from self._matches(part, self.producers.get(value) if value is not None else None, so_far)
        elif part == ANYTHING:
            yield so_far
        elif value is None:
            return
        elif isinstance(part, Quoted):
            if self.quoted[part.name] is value:
                yield so_far
        elif isinstance(part, str):
            if so_far.names.get(part, value) is value:
                yield so_far | Match({part: value}, {})
        elif _is_number(value, part):
            yield so_far


def _is_number(value: Value, number: float) -> bool:
    array = value.array
    return array is not None and array.size == 1 and bool(np.isclose(float(array.item()), number, rtol=1e-6, atol=0))
