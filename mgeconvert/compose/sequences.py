"""Sequences of which every part is known: what is taken out of them, or joined, is the parts themselves."""

from __future__ import annotations

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Node, Value
from mgeconvert.ir.builder import Builder

from .table import array_of, data, integer, shape_of

MAKERS = frozenset({"SequenceConstruct", "SequenceEmpty", "SequenceErase", "SequenceInsert", "SplitToSequence"})
SEQUENCES = MAKERS | {"ConcatFromSequence", "SequenceAt", "SequenceLength"}
"""Operators that make sequences, and those that take something out of them."""


class Sequences:
    """The parts of each sequence seen so far."""

    def __init__(self) -> None:
        self.parts: dict[Value, list[Value]] = {}

    def resolve(self, b: Builder, node: Node) -> list[Value]:
        """The values that stand for the node's output; for a sequence nothing, but its parts are noted.

        Raises RefusedError where the parts, or a position among them, are known only at run time.
        """
        if node.op in MAKERS:
            self.parts[node.output] = self._made(b, node)
            return []
        parts = self._of(node)
        if node.op == "SequenceLength":
            return [b.constant(np.array(len(parts), np.int64))]
        if node.op == "SequenceAt":
            return [parts[_position(node, 1, len(parts), 0)]]
        return [_joined(b, node, parts)]

    def _made(self, b: Builder, node: Node) -> list[Value]:
        if node.op == "SequenceConstruct":
            return [value for value in node.inputs if value is not None]
        if node.op == "SequenceEmpty":
            return []
        if node.op == "SplitToSequence":
            return _split(b, node)
        parts = list(self._of(node))
        if node.op == "SequenceErase":
            del parts[_position(node, 1, len(parts), 0)]
        else:
            parts.insert(_position(node, 2, len(parts), 1), data(node, 1))
        return parts

    def _of(self, node: Node) -> list[Value]:
        parts = self.parts.get(data(node))
        if parts is None:
            refuse("a sequence whose parts are known only at run time")
        return parts


def _position(node: Node, index: int, length: int, more: int) -> int:
    """A position counted from the front; by default the last. `more` is 1 where the end is one too."""
    at = array_of(node, index, "a position in a sequence")
    number = length - 1 + more if at is None else int(at.item())
    number = number + length if number < 0 else number
    if not 0 <= number < length + more:
        refuse(f"position {number} of a sequence of {length}")
    return number


def _joined(b: Builder, node: Node, parts: list[Value]) -> Value:
    axis = integer(node, "axis", 0)
    if node.attrs.get("new_axis"):
        parts = [b.op("Unsqueeze", part, [axis]) for part in parts]
    return b.op("Concat", *parts, axis=axis)


def _split(b: Builder, node: Node) -> list[Value]:
    x, axis = data(node), integer(node, "axis", 0)
    size, sizes = shape_of(x)[axis], array_of(node, 1, "sizes")
    if isinstance(size, str):
        refuse(f"parts of a size known only at run time ({size})")
    if sizes is None:
        lengths = [1] * size
    elif sizes.ndim:
        lengths = [int(length) for length in sizes]
    else:
        lengths = [min(int(sizes), size - start) for start in range(0, size, int(sizes))]
    parts = b.ops("Split", len(lengths), x, lengths, axis=axis)
    is_dropped = sizes is None and not integer(node, "keepdims", 1)
    return [b.op("Squeeze", part, [axis]) for part in parts] if is_dropped else parts
