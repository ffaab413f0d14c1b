"""Operators that change nothing because of the numbers there can be: remainders and comparisons of known ranges.

    FLOOR_MOD(x, n) -> x                      where all of x is in [0, n)
    SELECT_V2(GREATER_EQUAL(x, c), a, b) -> a where all of x is at least c, and a has the result's shape

Positions that a TOPK_V2 or an ARG_MAX gives are in [0, size), what FLOOR_MOD gives is in [0, n). A range is kept for
each number of the last axis (index tuples have one for each axis that they address), or one for all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..model import Array, Model, Operator, Tensor
from .operator_list import OperatorList, remove_dead

POSITIONS = {"TOPK_V2": 1, "ARG_MAX": 0, "ARG_MIN": 0}
"""Operators that give positions along an axis, and which of their results these are."""


@dataclass(frozen=True, slots=True)
class Range:
    """The lowest and the highest number: scalars, or one for each index of the last axis."""

    low: Array
    high: Array

    def whole(self) -> Range:
        return Range(self.low.min(), self.high.max())


Rule = Callable[[Operator, "list[Range | None]"], "Range | None"]


def drop_bounded(model: Model) -> None:
    """One forward sweep over the operators."""
    r = OperatorList(model)
    ranges: dict[Tensor, Range] = {}
    same_as: dict[Tensor, Tensor] = {}
    for operator in model.operators:
        operator.inputs = [None if tensor is None else same_as.get(tensor, tensor) for tensor in operator.inputs]
        given = [_known(tensor, ranges) for tensor in operator.inputs]
        kept = _unchanged(r, operator, given)
        if kept is not None and kept.shape == operator.output.shape and operator.output not in r.public:
            same_as[operator.output] = kept
        elif operator.op == "GREATER_EQUAL" and _is_true(given):
            ranges[operator.output] = Range(np.array(1), np.array(1))
        found = _range(operator, given)
        if found is not None:
            ranges[operator.outputs[POSITIONS.get(operator.op, 0)]] = found
    if same_as:
        remove_dead(model)


def _known(tensor: Tensor | None, ranges: dict[Tensor, Range]) -> Range | None:
    """The range of a tensor that was made, or of a constant of integers."""
    if tensor is None or tensor.array is None:
        return None if tensor is None else ranges.get(tensor)
    array = tensor.array
    if array.dtype.kind != "i" or not array.size:
        return None
    axes = tuple(range(array.ndim - 1))
    return Range(array.min(axis=axes), array.max(axis=axes))


def _unchanged(r: OperatorList, operator: Operator, given: list[Range | None]) -> Tensor | None:
    """The operand that the result is."""
    if operator.op == "FLOOR_MOD":
        x, n = given
        if x is None or n is None or operator.inputs[1] is None or operator.inputs[1].rank > 1:
            return None
        return operator.inputs[0] if (x.low >= 0).all() and (x.high < n.low).all() else None
    if operator.op == "SELECT_V2":
        test = _test(r, operator.inputs[0])
        return operator.inputs[1] if test is not None and given[0] is not None else None
    return None


def _test(r: OperatorList, tensor: Tensor | None) -> Operator | None:
    made = r.producer(tensor, "RESHAPE")
    return r.producer(tensor if made is None else made.inputs[0], "GREATER_EQUAL")


def _is_true(given: list[Range | None]) -> bool:
    x, c = given
    return x is not None and c is not None and bool((x.low >= c.high).all())


def _range(operator: Operator, given: list[Range | None]) -> Range | None:
    rule = RULES.get(operator.op)
    return None if rule is None or not operator.outputs else rule(operator, given)


def _positions(operator: Operator, _: list[Range | None]) -> Range | None:
    """Of the last axis, or of the axis that is given."""
    source, operand = operator.inputs
    assert source is not None
    axis = -1
    if operator.op != "TOPK_V2":
        if operand is None or operand.array is None:
            return None
        axis = int(operand.array.item())
    size = source.shape[axis]
    return Range(np.array(0), np.array(size - 1)) if isinstance(size, int) else None


def _remainder(_: Operator, given: list[Range | None]) -> Range | None:
    divisor = given[1]
    if divisor is None or not (divisor.low > 0).all():
        return None
    return Range(np.zeros_like(divisor.low), divisor.high - 1)


def _stacked(operator: Operator, given: list[Range | None]) -> Range | None:
    """Tuples of numbers: one range for each place."""
    parts = [one.whole() for one in given if one is not None]
    if len(parts) < len(given):
        return None
    joined = Range(np.array([one.low for one in parts]), np.array([one.high for one in parts]))
    return joined if operator.options["Axis"] % operator.output.rank == operator.output.rank - 1 else joined.whole()


def _moved(operator: Operator, given: list[Range | None]) -> Range | None:
    """The same numbers; in the same places where the last axis stays."""
    first, source = given[0], operator.inputs[0]
    if first is None or source is None:
        return None
    kept = operator.op == "RESHAPE" and source.shape[-1:] == operator.output.shape[-1:]
    return first if kept else first.whole()


RULES: dict[str, Rule] = {
    **dict.fromkeys(POSITIONS, _positions),
    **dict.fromkeys(["RESHAPE", "TRANSPOSE", "STRIDED_SLICE", "SLICE", "TILE", "BROADCAST_TO", "GATHER"], _moved),
    "FLOOR_MOD": _remainder,
    "PACK": _stacked,
}
