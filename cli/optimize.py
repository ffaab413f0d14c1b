"""`mgeconvert optimize`: run passes on a model, show what they changed, write it in its own or another format."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mgeconvert import api

from .convert import export_options, from_option, out_option, to_option
from .export import Job, check_out, named_target, target_for, write
from .options import FILE, STREAM
from .passes import outcome_document, say_outcome, selection
from .reading import model_of
from .session import Session, number
from .state import State
from .steps import Step
from .table import Table

if TYPE_CHECKING:
    from mgeconvert.ir import Graph
    from mgeconvert.ir.statistics import Statistics
    from mgeconvert.verification.recorded import Recorded

BEFORE = "what the model computed before the passes, in onnxruntime"


def _optimize(
    session: Session,
    state: State,
    model: Path | None,
    out: Path | None,
    source_format: str | None,
    target_format: str | None,
    **rest: Any,
) -> State:
    named = named_target(out, target_format)
    passes = selection(rest, beside=api.level_for(named))
    state, graph = model_of(session, state, model, source_format, "mgeconvert optimize MODEL -o OUT", named)
    target = target_for(state, out, target_format)
    if rest["verify"] and rest["io"] is None and state.recorded is None and not (out is None and session.is_last):
        state = replace(state, recorded=_unoptimized(session, state, graph))
    before = _figures(graph)
    with session.stage("optimize"):
        outcome = api.run_passes(graph, passes, target)
    after = _figures(graph)
    say_outcome(session, outcome, rest.pop("show_declined"))
    changes = _changes(before, after)
    if out == STREAM:
        session.say(changes.text())
    else:
        session.answer(changes)
    session.document("optimize", **outcome_document(outcome), before=asdict(before), after=asdict(after))
    if target is None or out is None:
        return state
    return write(session, state, Job("optimize", target, out, {}, api.Selection(0), done=outcome, **rest))


def _figures(graph: Graph) -> Statistics:
    """What the graph costs, at the sizes of its trace where every size may vary."""
    from mgeconvert.ir.statistics import statistics
    from mgeconvert.surgery.input_shapes import at_traced_sizes

    figures, traced = statistics(graph), at_traced_sizes(graph)
    if traced is graph:
        return figures
    api.optimize(traced, ["fold-constants"])
    costs = statistics(traced)
    return replace(figures, macs=costs.macs, flops=costs.flops)


def _unoptimized(session: Session, state: State, graph: Graph) -> Recorded | None:
    """Where nothing is recorded, what the graph computes before the passes is the truth."""
    from mgeconvert.verification.expected import computed

    with session.stage("verify"):
        found = computed(graph, state.source or STREAM)
    return None if found is None else replace(found, said=BEFORE)


def _changes(before: Statistics, after: Statistics) -> Table:
    """Nodes by operator, then the totals, before and after."""
    counts = [{row.op: row.nodes for row in figures.operators} for figures in (before, after)]
    ops = dict.fromkeys([*counts[0], *counts[1]])
    rows = [(op, *(number(count.get(op, 0)) for count in counts)) for op in ops]
    totals = ("nodes", "parameters", "weight_bytes", "macs", "flops")
    rows += [
        (f"all {name.replace('_', ' ')}", *(number(getattr(each, name)) for each in (before, after))) for name in totals
    ]
    return Table("", ("operator", "before", "after"), rows, frozenset({1, 2}))


command = Step(
    "optimize",
    _optimize,
    [
        click.Argument(["model"], required=False, type=FILE),
        out_option(),
        from_option(),
        to_option(),
        *export_options(),
    ],
    "Run optimization passes on MODEL and show what they changed; with -o write it, in the format of OUT's suffix.",
    check=check_out,
)
