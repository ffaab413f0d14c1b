"""Graph-to-graph optimization: which passes there are, in which order they run, and the one function that runs them.

`optimize` repeats the whole list until nothing changes (bounded), so the order decides quality, not correctness.
Importing this module is cheap: the rules are imported when the first graph is optimized.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from mgeconvert import registry
from mgeconvert.close import meant
from mgeconvert.errors import UsageError

from .outcome import Decline, Declined, Outcome, PassReport
from .table import EVERY, Pass, Rule, Sweep, rule, sweep

if TYPE_CHECKING:
    from mgeconvert.ir import Graph

    from .driver import Rewritten

__all__ = [
    "EVERY", "MAX_LEVEL", "PASSES", "RUNTIMES", "Choice", "Decline", "Declined", "Outcome", "Pass", "PassReport",
    "Rule", "Sweep", "names", "optimize", "rule", "select", "sweep",
]  # fmt: skip

MAX_LEVEL = 2
"""0 runs nothing, 1 what is safe for every model, 2 everything."""

Choice: TypeAlias = "str | Pass | Rule | Sweep"
"""A pass that is asked for: by name, as a record, or as one rule that is a pass of its own."""

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
    Pass("fuse-activations", 1, "Recognise Relu, Clip, HardSigmoid, HardSwish, LeakyRelu, PRelu, Mish and Sigmoid.",
         "activation{s} recognised", "activations"),
    Pass("fuse-gelu", 1, "Recognise Gelu in its erf, tanh and exp forms.", "Gelu recognised", "gelu"),
    Pass("fuse-softmax", 1, "Recognise Softmax, LogSoftmax and ReduceLogSumExp in formulas that take the largest away.",
         "formula{s} recognised", "softmax"),
    Pass("fuse-choice", 1, "Recognise Where that is a sum of its halves, and conditions that went through numbers.",
         "choice{s} recognised", "choices"),
    Pass("fuse-nms", 1, "Take sorting and filling away from around NonMaxSuppression.", "step{s} removed", "nms"),
    Pass("fuse-reduction", 1, "Recognise ReduceL2 in formulas.", "ReduceL2 recognised", "reductions"),
    Pass("fuse-elements", 1, "Recognise GatherElements and ScatterElements in places written out for every axis.",
         "selection{s} recognised", "elements"),
    Pass("fuse-norm", 1, "Recognise LayerNormalization and GroupNormalization, with their scale and bias.",
         "step{s} of normalization fused", "norms"),
    # Into the weights, nearest first: what stands between a convolution and its BatchNormalization goes before that.
    Pass("fuse-pad", 1, "Move zero padding into convolutions and pooling.", "Pad moved", "pad"),
    Pass("fuse-slice", 1, "Leave out of layers the channels that a Slice behind them drops.", "Slice removed", "cut"),
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
    Pass("four-axes", None, "Take values of five axes apart, for ncnn; named by its option only.",
         "value{s} of five axes avoided", "four_axes"),
    # Last: passes that make new weights need to know whether the old ones were shared in the file that was read.
    Pass("merge-duplicate-constants", 1, "Store equal weights once.", "constant{s} merged", "duplicates"),
)  # fmt: skip

RUNTIMES: Mapping[str, tuple[str, ...]] = {"ncnn": ("four-axes",)}
"""The passes that a runtime needs: `--for` names it."""


def names() -> tuple[str, ...]:
    """The names of all passes, in the order they run."""
    return tuple(row.name for row in PASSES)


def select(level: int = 1, enable: Iterable[Choice] = (), disable: Iterable[str] = ()) -> tuple[Pass, ...]:
    """The passes of a level, with those of `enable` and without those of `disable`, in the order they run.

    Passes of other packages and of the caller run first, in the order given: what ours would take apart is still there.
    Raises UsageError for unknown names.
    """
    if not 0 <= level <= MAX_LEVEL:
        raise UsageError(f"optimization level {level}: there are levels 0 to {MAX_LEVEL}", hint="say -O1")
    enable = tuple(enable)
    wanted, unwanted = {item for item in enable if isinstance(item, str)}, set(disable)
    for name in (*wanted, *unwanted):
        _require_known(name)
    if both := sorted(wanted & unwanted):
        raise UsageError(f"pass {both[0]}: both enabled and disabled", hint=f"say --{both[0]} or --no-{both[0]}")
    brought = (_brought(item) for item in dict.fromkeys(enable) if item not in names())
    own = (row for row in PASSES if row.name in wanted or (row.level is not None and row.level <= level))
    return (*_merged(brought), *(row for row in own if row.name not in unwanted))


def _brought(choice: Choice) -> Pass:
    if isinstance(choice, Pass):
        return choice
    if isinstance(choice, str):
        record = registry.plugin_pass(choice)
        if not isinstance(record, Pass) or record.name != choice:
            raise UsageError(f"{choice}: what its package gives is no Pass of that name, but {record!r}")
        return record
    return Pass(choice.name, rules=(choice,))


def _merged(passes: Iterable[Pass]) -> tuple[Pass, ...]:
    """Rules of one name are one pass; UsageError where the name is that of a pass of ours."""
    found: dict[str, Pass] = {}
    for row in passes:
        if row.name in names():
            raise UsageError(f"{row.name} is a pass of mgeconvert", hint="give the rule another name")
        rules = found[row.name].rules if row.name in found else ()
        found[row.name] = replace(row, rules=(*rules, *row.rules))
    return tuple(found.values())


def optimize(
    graph: Graph,
    level: int = 1,
    enable: Iterable[Choice] = (),
    disable: Iterable[str] = (),
    supported: Container[str] | None = None,
    allowed_growth: int = 0,
    calls: Callable[[Graph], int] | None = None,
    rewritten: Rewritten | None = None,
) -> Outcome:
    """Optimize the graph in place; what each pass did and what was declined.

    With `supported`, the operators the target can express, no pass introduces any other operator. A rewrite may make
    the file larger by `allowed_growth` bytes. With `calls`, how many calls a graph is written with, passes of the level
    that leave more calls do not run. With `rewritten`, what the target's own rules make of a graph, passes
    run on that too.
    """
    chosen: Sequence[Pass] = select(level, enable, disable)
    if not chosen:
        return Outcome()
    from .driver import run

    if calls is not None:
        from .calls import worthwhile

        asked = {item if isinstance(item, str) else item.name for item in enable}
        chosen = worthwhile(graph, chosen, asked, supported, allowed_growth, calls)
    return run(graph, chosen, supported, allowed_growth, rewritten)


def _require_known(name: str) -> None:
    known = (*names(), *(() if name in names() else registry.pass_names()))
    if name not in known:
        hint = meant(name, known) or "`mgeconvert optimize --list-passes` lists them"
        raise UsageError(f"no pass is called {name}", hint=hint)
