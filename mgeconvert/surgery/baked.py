"""Sizes that a graph holds as constants and that follow an input: the targets of Reshape, Expand and Resize."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

import numpy as np

from mgeconvert.inference import InferenceError
from mgeconvert.ir import Dim, Namer, Node, Shape, Value
from mgeconvert.lowering.dynamic import Varying, unbaked


def follow(node: Node, before: Shape | None, name_value: Namer) -> None:
    """Change the node's constant target as its first input has changed from shape `before`. InferenceError."""
    source = node.inputs[0] if node.inputs else None
    position = TARGETS.get(node.op, (0, None))[0]
    target = node.inputs[position] if 0 < position < len(node.inputs) else None
    if source is None or source.shape is None or target is None or target.array is None or node.domain:
        return
    if before is None or before == source.shape or len(before) != len(source.shape):
        return
    retarget = TARGETS[node.op][1]
    assert retarget is not None
    sizes = [int(size) for size in target.array]
    new = retarget(before, source.shape, sizes)
    if new is None:
        scales = [float(_ratio(size, was)) for size, was in zip(sizes, before, strict=True)]
        node.inputs[position - 1 :] = [Value(name_value(f"{node.name}/scales"), array=np.array(scales, np.float32))]
    elif new != sizes:
        node.inputs[position] = Value(name_value(target.name), array=np.array(new, np.int64))


def _reshaped(before: Shape, after: Shape, sizes: list[int]) -> list[int]:
    if any(isinstance(dim, str) for dim in before):
        return sizes
    pairs = list(zip(before, after, strict=True))
    named: list[Dim] = [f"d{axis}" if was != now else was for axis, (was, now) in enumerate(pairs)]
    traced = {f"d{axis}": int(was) for axis, (was, now) in enumerate(pairs) if was != now}
    found = unbaked(tuple(named), sizes, traced)
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


def _resized(before: Shape, after: Shape, sizes: list[int]) -> list[int] | None:
    """The same factors of the new sizes; None where a size has no number, so that the factors must be given."""
    if len(sizes) != len(before) or any(isinstance(dim, str) for dim in before):
        return sizes
    if any(isinstance(dim, str) for dim in after):
        return None
    new = [_ratio(size, was) * now for size, was, now in zip(sizes, before, after, strict=True)]  # type: ignore[operator]
    if any(size.denominator != 1 for size in new):
        raise InferenceError(f"would give {', '.join(map(str, new))}, no whole sizes")
    return [int(size) for size in new]


def _ratio(size: int, was: Dim) -> Fraction:
    return Fraction(size, int(was))


TARGETS: dict[str, tuple[int, Callable[[Shape, Shape, list[int]], list[int] | None] | None]] = {
    "Reshape": (1, _reshaped),
    "Expand": (1, _expanded),
    "Resize": (3, _resized),
}
"""Which input holds the sizes, and (shape before, shape after, sizes) -> the new sizes."""
