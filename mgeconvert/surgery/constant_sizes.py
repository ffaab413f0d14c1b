"""Sizes that a graph holds as constants and that follow an input: the targets of Reshape, Expand and Resize."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np

from mgeconvert.ir import Dim, Namer, Node, Shape, Value
from mgeconvert.ir.inference import InferenceError
from mgeconvert.ir.symbolic import Varying, varying_target

Factor: TypeAlias = "tuple[int, int]"
"""A size before and after."""


class ConstantSizes:
    """Follows sizes through a graph, node by node. `before` is the shape each value had.

    What a Reshape has multiplied, a later one can take apart again: the factors of each axis are kept through Reshape
    and Transpose (height and width through ``reshape(n, 2, h * w)``).
    """

    def __init__(self, before: Mapping[Value, Shape | None], taken: Iterable[str]) -> None:
        self._before = before
        self._name_value = Namer(taken)
        self._factors: dict[Value, list[list[Factor]]] = {}

    def follow(self, node: Node) -> None:
        """Change the node's constant target as its first input has changed. InferenceError where it cannot."""
        source = node.inputs[0] if node.inputs and not node.domain else None
        before = None if source is None else self._before.get(source)
        if source is None or before is None or source.shape in (None, before) or len(before) != source.rank:
            return
        after = source.shape
        assert after is not None
        if node.op == "Transpose":
            perm: Any = node.attrs.get("perm", tuple(range(len(after)))[::-1])
            factors = self._of(source, before, after)
            if factors is not None:
                self._factors[node.output] = [factors[axis] for axis in perm]
        position = TARGETS.get(node.op, 0)
        target = node.inputs[position] if 0 < position < len(node.inputs) else None
        if target is None or target.array is None:
            return
        sizes = [int(size) for size in target.array]
        if node.op == "Resize" and any(isinstance(dim, str) for dim in after):
            scales = np.array([size / int(was) for size, was in zip(sizes, before, strict=True)], np.float32)
            node.inputs[position - 1 :] = [Value(self._name_value(f"{node.name}/scales"), array=scales)]
            return
        new = (
            self._reshaped(node, before, after, sizes)
            if node.op == "Reshape"
            else _FOLLOW[node.op](before, after, sizes)
        )
        if new != sizes:
            node.inputs[position] = Value(self._name_value(target.name), array=np.array(new, np.int64))

    def _of(self, value: Value, before: Shape, after: Shape) -> list[list[Factor]] | None:
        """The factors of each axis; None where a size has no number."""
        if value in self._factors:
            return self._factors[value]
        if any(isinstance(dim, str) for dim in (*before, *after)):
            return None
        return [[(int(was), int(now))] for was, now in zip(before, after, strict=True)]

    def _reshaped(self, node: Node, before: Shape, after: Shape, sizes: list[int]) -> list[int]:
        source = node.inputs[0]
        assert source is not None
        factors = self._of(source, before, after)
        if factors is not None and 0 not in sizes and 0 not in before:
            grouped = _regrouped([each for axis in factors for each in axis], _complete(sizes, before))
            if grouped is not None:
                self._factors[node.output] = grouped
                return [math.prod(now for _, now in axis) for axis in grouped]
        return _varying(before, after, sizes)


def _complete(sizes: list[int], before: Shape) -> list[int]:
    """The sizes with a number for -1."""
    rest = math.prod(int(dim) for dim in before) // math.prod(size for size in sizes if size != -1)
    return [rest if size == -1 else size for size in sizes]


def _regrouped(factors: list[Factor], sizes: list[int]) -> list[list[Factor]] | None:
    """The factors in groups whose old sizes are these; one that has not changed may be taken apart. None: none fits."""
    pending = factors[::-1]
    groups: list[list[Factor]] = []
    for size in sizes:
        group: list[Factor] = []
        rest = size
        while pending and (rest > 1 or (not group and pending[-1][0] == 1)):
            was, now = pending.pop()
            if rest % was == 0:
                group.append((was, now))
                rest //= was
            elif was == now and was % rest == 0:
                pending.append((was // rest, was // rest))
                group.append((rest, rest))
                rest = 1
            else:
                return None
        if rest != 1:
            return None
        groups.append(group)
    return groups if all(was == now == 1 for was, now in pending) else None


def _varying(before: Shape, after: Shape, sizes: list[int]) -> list[int]:
    if any(isinstance(dim, str) for dim in before):
        return sizes
    pairs = list(zip(before, after, strict=True))
    named: list[Dim] = [f"d{axis}" if was != now else was for axis, (was, now) in enumerate(pairs)]
    traced = {f"d{axis}": int(was) for axis, (was, now) in enumerate(pairs) if was != now}
    found = varying_target(tuple(named), sizes, traced)
    if found is None:
        return sizes
    new = [_size(part, after, axis) if isinstance(part, Varying) else part for axis, part in enumerate(found)]
    if new.count(-1) > 1:
        raise InferenceError("would have two sizes that only the run tells")
    return new


def _size(part: Varying, after: Shape, axis: int) -> int:
    """A size of the new target: a number, 0 (the input's own size there) or -1."""
    dims = [after[each] for each in part.axes]
    numbers = [dim for dim in dims if isinstance(dim, int)]
    if len(numbers) < len(dims):
        return 0 if part.axes == (axis,) and part.divisor == 1 else -1
    if math.prod(numbers) % part.divisor:
        raise InferenceError(f"gets {math.prod(numbers)} elements, no multiple of {part.divisor}")
    return math.prod(numbers) // part.divisor


def _expanded(before: Shape, after: Shape, sizes: list[int]) -> list[int]:
    """Where the target repeats the input's own size, the new size; 1 keeps a size that only the run will tell."""
    new = list(sizes)
    for axis in range(1, min(len(before), len(sizes)) + 1):
        now = after[-axis]
        if new[-axis] == before[-axis] != now:
            new[-axis] = now if isinstance(now, int) else 1
    return new


def _resized(before: Shape, after: Shape, sizes: list[int]) -> list[int]:
    """The same factors of the new sizes."""
    if len(sizes) != len(before) or any(isinstance(dim, str) for dim in before):
        return sizes
    new = [Fraction(size, int(was)) * int(now) for size, was, now in zip(sizes, before, after, strict=True)]
    if any(size.denominator != 1 for size in new):
        raise InferenceError(f"would give {', '.join(map(str, new))}, no whole sizes")
    return [int(size) for size in new]


TARGETS = {"Reshape": 1, "Expand": 1, "Resize": 3}
"""Which input holds the sizes."""
_FOLLOW: dict[str, Callable[[Shape, Shape, list[int]], list[int]]] = {"Expand": _expanded, "Resize": _resized}
"""(shape before, shape after, sizes) -> the new sizes."""
