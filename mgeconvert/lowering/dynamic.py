"""Dynamic shapes: what the user asks for, and traced sizes that a graph holds as constants.

A network traced at batch 1 often says ``reshape(1, 12, -1)`` where it means the batch. `unbaked` finds such numbers by
lining up the sizes before and after: runs of sizes with equal products belong together.
"""

from __future__ import annotations

import collections
import difflib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from mgeconvert.errors import UsageError
from mgeconvert.ir import Dim, Shape

BATCH = "N"
"""The name of the dimension that `dynamic_batch` makes of the first axis of every input that has the batch."""


def requested(
    traced: Mapping[str, tuple[int, ...]], dynamic_batch: bool = False, dynamic_shape: str | None = None
) -> dict[str, Shape]:
    """Input shapes from the options: ``x=N,3,H,W`` (several separated by ``;``). UsageError for what does not fit."""
    shapes: dict[str, Shape] = {}
    if dynamic_batch:
        shapes = {name: (BATCH, *shape[1:]) for name, shape in traced.items() if shape and shape[0] == _batch(traced)}
    for text in filter(None, (part.strip() for part in (dynamic_shape or "").split(";"))):
        name, _, sizes = text.partition("=")
        shapes[name] = _shape(text, name, sizes, traced)
    return shapes


def _batch(traced: Mapping[str, tuple[int, ...]]) -> int:
    """The first size that most inputs have; an input with another one has no batch."""
    return collections.Counter(shape[0] for shape in traced.values() if shape).most_common(1)[0][0]


def _shape(text: str, name: str, sizes: str, traced: Mapping[str, tuple[int, ...]]) -> Shape:
    if name not in traced:
        close = difflib.get_close_matches(name, traced, n=1)
        guess = f"; did you mean {close[0]}?" if close else ""
        raise UsageError(f"--dynamic-shape {text}: the model has no input {name}{guess}", hint=_known(traced))
    dims = [_dim(text, part.strip()) for part in sizes.split(",")]
    if len(dims) != len(traced[name]):
        expected = ",".join(map(str, traced[name]))
        raise UsageError(f"--dynamic-shape {text}: {len(dims)} sizes, {name} was traced as {expected}")
    return tuple(dims)


def _dim(text: str, part: str) -> Dim:
    if part.isdigit() and int(part) > 0:
        return int(part)
    if part.isidentifier():
        return part
    raise UsageError(f"--dynamic-shape {text}: {part or 'nothing'} is neither a positive number nor a name")


def _known(traced: Mapping[str, tuple[int, ...]]) -> str:
    return "the inputs are " + ", ".join(f"{name}={','.join(map(str, shape))}" for name, shape in traced.items())


def sizes_when_traced(shapes: Mapping[str, Shape], traced: Mapping[str, tuple[int, ...]]) -> dict[str, int]:
    """The traced size of each named dimension; UsageError when one name stands for two."""
    sizes: dict[str, int] = {}
    for name, shape in shapes.items():
        for dim, size in zip(shape, traced[name], strict=True):
            if isinstance(dim, str) and sizes.setdefault(dim, size) != size:
                raise UsageError(
                    f"--dynamic-shape {name}: {dim} stands for {size} here and for {sizes[dim]} elsewhere",
                    hint="give dimensions of different sizes different names",
                )
    return sizes


def segments(before: Sequence[int], after: Sequence[int]) -> Iterator[tuple[range, range]]:
    """Positions of the shortest runs with equal products; ones that nothing is left for join the run before them."""
    i = j = 0
    while i < len(before) and j < len(after):
        start_i, start_j = i, j
        left, right = before[i], after[j]
        i, j = i + 1, j + 1
        while left != right:
            if left < right and i < len(before):
                left, i = left * before[i], i + 1
            elif right < left and j < len(after):
                right, j = right * after[j], j + 1
            else:
                return
        while i < len(before) and before[i] == 1 and (j == len(after) or after[j] != 1):
            i += 1
        if i == len(before) or j == len(after):
            i, j = len(before), len(after)
        yield range(start_i, i), range(start_j, j)


@dataclass(frozen=True, slots=True)
class Varying:
    """A size that depends on dimensions of the source: the product of those axes, divided by a number."""

    axes: tuple[int, ...]
    divisor: int = 1


def unbaked(shape: Shape, sizes: Sequence[int], traced: Mapping[str, int]) -> list[int | Varying] | None:
    """A Reshape's target in terms of the source's dimensions; None where nothing varies or the sizes do not line up."""
    before = [traced.get(dim, 0) if isinstance(dim, str) else dim for dim in shape]
    if 0 in before or not any(isinstance(dim, str) for dim in shape):
        return None
    after = list(sizes)
    if -1 in after:
        known = math.prod(size for size in after if size != -1)
        if not known or math.prod(before) % known:
            return None
        after[after.index(-1)] = math.prod(before) // known
    if math.prod(after) != math.prod(before):
        return None
    target: list[int | Varying] = list(after)
    for source, result in segments(before, after):
        if any(isinstance(shape[axis], str) for axis in source):
            target[result[0]] = Varying(tuple(source), math.prod(after[axis] for axis in result[1:]))
    return target
