"""Graph-to-graph optimization: which passes there are, in which order they run, and the one function that runs them.

`optimize` repeats the whole list until nothing changes (bounded), so the order decides quality, not correctness.
Importing this module is cheap: the rules are imported when the first graph is optimized.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mgeconvert.errors import UsageError

if TYPE_CHECKING:
    from mgeconvert.ir import Graph

MAX_LEVEL = 2
"""0 runs nothing, 1 what is safe for every model, 2 everything."""


@dataclass(frozen=True, slots=True)
class Pass:
    """One row of `PASSES`: `level` is the lowest optimization level that runs it, `done` says what one unit of its
    count is (``20 BatchNormalization folded``), `home` is the module of this package that holds its rules."""

    name: str
    level: int
    help: str
    done: str
    home: str


PASSES = (
    # First what makes every later pattern smaller: constants where there can be constants, nothing that does nothing.
    Pass("fold-constants", 1, "Compute what depends on constants and known shapes only.",
         "nodes computed", "constants"),
    Pass("eliminate-identity", 1, "Remove nodes that return their input unchanged.", "nodes removed", "identity"),
    # Before anything new is made of the nodes; frees the values that only dead nodes read, so fusions see one reader.
    Pass("eliminate-dead", 1, "Remove nodes whose results nobody reads.", "nodes removed", "dead"),
    # Scales and shifts into weights: after the clean-up put producer and consumer next to each other.
    Pass("fuse-conv-bn", 1, "Fold BatchNormalization into convolutions and linear layers.",
         "BatchNormalization folded", "conv_bn"),
)  # fmt: skip


def names() -> tuple[str, ...]:
    """The names of all passes, in the order they run."""
    return tuple(row.name for row in PASSES)


def select(level: int = 1, enable: Iterable[str] = (), disable: Iterable[str] = ()) -> tuple[Pass, ...]:
    """The passes of a level, with those of `enable` and without those of `disable`, in order. Raises UsageError."""
    if not 0 <= level <= MAX_LEVEL:
        raise UsageError(f"optimization level {level}: there are levels 0 to {MAX_LEVEL}", hint="say -O1")
    wanted, unwanted = set(map(_known, enable)), set(map(_known, disable))
    if both := sorted(wanted & unwanted):
        raise UsageError(f"pass {both[0]}: both enabled and disabled", hint=f"say --{both[0]} or --no-{both[0]}")
    return tuple(row for row in PASSES if (row.level <= level or row.name in wanted) and row.name not in unwanted)


def optimize(
    graph: Graph,
    level: int = 1,
    enable: Iterable[str] = (),
    disable: Iterable[str] = (),
    supported: Collection[str] | None = None,
) -> list[tuple[str, int, str]]:
    """Optimize the graph in place; (pass, number of changes, that in words) for each pass that changed something.

    With `supported`, the operators the target can express, no pass introduces any other operator.
    """
    chosen = select(level, enable, disable)
    if not chosen:
        return []
    from .driver import run

    counts = run(graph, chosen, supported).counts
    return [(row.name, counts[row.name], f"{counts[row.name]} {row.done}") for row in chosen if counts[row.name]]


def _known(name: str) -> str:
    if name not in names():
        close = difflib.get_close_matches(name, names(), 3)
        meant = f"did you mean {' or '.join(close)}?" if close else "`mgeconvert optimize --list-passes` lists them"
        raise UsageError(f"no pass is called {name}", hint=meant)
    return name
