"""Symbolic sizes: sizes of a Reshape's target in terms of the dimensions of what is reshaped.

A network traced at batch 1 often says ``reshape(1, 12, -1)`` where it means the batch. `varying_target`
finds such numbers by lining up the sizes before and after: runs of sizes with equal products belong together.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from .graph import Shape


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


def varying_target(
    shape: Shape, sizes: Sequence[int], traced: Mapping[str, int], kept: Collection[int] = ()
) -> list[int | Varying] | None:
    """A Reshape's target in terms of the source's dimensions; None where nothing varies or the sizes do not line up.
    Numbers that are `kept` stay what they are; then a -1 stays too, since it is what the elements leave."""
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
    is_kept = False
    for source, result in segments(before, after):
        if any(isinstance(shape[axis], str) for axis in source):
            if sizes[result[0]] in kept:
                is_kept = True
            else:
                target[result[0]] = Varying(tuple(source), math.prod(after[axis] for axis in result[1:]))
    if is_kept and -1 in sizes:
        target[sizes.index(-1)] = -1
    return target
