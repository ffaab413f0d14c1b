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
    """One row of `PASSES`: `level` is the lowest optimization level that runs it, `done` says what its count counts
    (``20 BatchNormalization folded``; {s} is the plural), `home` is the module of this package with its rules."""

    name: str
    level: int
    help: str
    done: str
    home: str


PASSES = (
    # First what makes every later pattern smaller: constants where there can be constants, nothing that does nothing.
    Pass("fold-constants", 1, "Compute what depends on constants and known shapes only.",
         "node{s} computed", "constants"),
    Pass("eliminate-identity", 1, "Remove nodes that return their input unchanged.", "node{s} removed", "identity"),
    # Frees the values that only dead nodes read and makes equal values one, so that patterns see the readers there are.
    Pass("eliminate-dead", 1, "Remove nodes whose results nobody reads.", "node{s} removed", "dead"),
    Pass("merge-duplicate-nodes", 1, "Compute what is computed twice only once.", "node{s} merged", "duplicates"),
    Pass("merge-consecutive", 1, "Make one node of two transposes, reshapes, casts, slices, pads or concats in a row.",
         "node{s} merged", "consecutive"),
    # Formulas before fuse-conv-scale and fuse-add-mul, which would take their constants away.
    Pass("fuse-activations", 1, "Recognise Relu, Clip, HardSigmoid, HardSwish, LeakyRelu, Mish and Sigmoid.",
         "activation{s} recognised", "activations"),
    Pass("fuse-gelu", 1, "Recognise Gelu in its erf, tanh and exp forms.", "Gelu recognised", "gelu"),
    Pass("fuse-norm", 1, "Recognise LayerNormalization and GroupNormalization, with their scale and bias.",
         "step{s} of normalization fused", "norms"),
    # Into the weights, nearest first: what stands between a convolution and its BatchNormalization goes before that.
    Pass("fuse-pad", 1, "Move zero padding into convolutions and pooling.", "Pad moved", "pad"),
    Pass("fuse-conv-scale", 1, "Fold constant factors and terms into the layer before them; MatMul + Add to Gemm.",
         "operation{s} folded", "conv_scale"),
    Pass("fuse-conv-bn", 1, "Fold BatchNormalization into convolutions and linear layers.",
         "BatchNormalization folded", "conv_bn"),
    # What is left of arithmetic by constants; factors move into weights only where the BatchNormalization is gone.
    Pass("fuse-add-mul", 1, "Shorten chains of additions, products and powers by constants.",
         "operation{s} merged", "add_mul"),
    Pass("backward-fold-scale", 2, "Move constant factors back into the weights of convolutions and linear layers.",
         "factor{s} moved", "fold_scale"),
    Pass("forward-fold-scale", 2, "Move constant factors and terms into the next convolution or linear layer.",
         "factor{s} or term{s} moved", "fold_scale"),
    # Last: passes that make new weights need to know whether the old ones were shared in the file that was read.
    Pass("merge-duplicate-constants", 1, "Store equal weights once.", "constant{s} merged", "duplicates"),
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
    return [(row.name, counts[row.name], _said(row, counts[row.name])) for row in chosen if counts[row.name]]


def _said(row: Pass, count: int) -> str:
    return f"{count} {row.done.format(s='' if count == 1 else 's')}"


def _known(name: str) -> str:
    if name not in names():
        close = difflib.get_close_matches(name, names(), 2)
        meant = f"did you mean {' or '.join(close)}?" if close else "`mgeconvert optimize --list-passes` lists them"
        raise UsageError(f"no pass is called {name}", hint=meant)
    return name
