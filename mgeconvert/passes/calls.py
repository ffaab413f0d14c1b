"""Passes for targets that write the calls of the source as they were: none that leaves more calls than it takes away.

A pass may take a call apart of which the source's format has the whole: an LSTMCell whose state is known to be zero is
fewer products, but twelve calls instead of one. What MegEngine's own `tm.optimize` does is `fuse-conv-bn`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Sequence
from typing import TYPE_CHECKING

from .driver import run
from .table import Pass

if TYPE_CHECKING:
    from mgeconvert.ir import Graph

MEGENGINES = "fuse-conv-bn"


def worthwhile(
    graph: Graph,
    chosen: Sequence[Pass],
    asked: Collection[str],
    supported: Container[str] | None,
    allowed_growth: int,
    calls: Callable[[Graph], int],
) -> Sequence[Pass]:
    """Those of the chosen passes that leave no more calls, in their order; all where together they leave no more than
    `fuse-conv-bn` does. `calls` counts what a graph is written with, `asked` are passes that run in any case. The graph
    stays as it is.
    """

    def left(passes: Sequence[Pass]) -> int:
        trial = graph.copy()
        run(trial, passes, supported, allowed_growth)
        return calls(trial)

    measure = [row for row in chosen if row.name == MEGENGINES or row.name in asked]
    if len(measure) == len(chosen) or left(chosen) <= left(measure):
        return chosen
    accepted = [row for row in chosen if row.name in asked]
    fewest = left(accepted)
    for row in chosen:
        if row not in accepted:
            trial = [each for each in chosen if each is row or each in accepted]
            count = left(trial)
            if count <= fewest:
                accepted, fewest = trial, count
    return accepted
