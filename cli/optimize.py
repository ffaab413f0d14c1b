"""`mgeconvert optimize`: run passes on a model, show what they changed, write it in its own or another format."""

from __future__ import annotations

import contextlib
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mgeconvert import api
from mgeconvert.errors import MgeconvertError

from .convert import export_options, from_option, out_option, to_option
from .export import Job, check_out, target_for, write
from .formats import FormatStep, named
from .options import FILE, STREAM, option_values
from .passes import outcome_document, say_outcome, selection
from .reading import model_of
from .session import Session, number
from .state import State
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
    **rest: Any,
) -> State:
    source, written = named(model, out, rest)
    del rest["source_format"], rest["target_format"]
    load_options, save_options = option_values(rest, "from"), option_values(rest, "to")
    passes = selection(rest, beside=api.level_for(written))
    usage = "mgeconvert optimize MODEL -o OUT"
    state, graph = model_of(session, state, model, source, usage, written, load_options)
    target = target_for(state, out, written)
    if rest["verify"] and rest["io"] is None and state.recorded is None and not (out is None and session.is_last):
        state = replace(state, recorded=_unoptimized(session, state, graph))
    session.collected.begins(graph)
    before = _figures(graph)
    with session.stage("optimize"):
        outcome = api.run_passes(graph, passes, target, save_options)
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
    return write(session, state, Job("optimize", target, out, save_options, api.Selection(0), done=outcome, **rest))


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
    """Where nothing is recorded, what the model computes in its own runtime is the truth, else what the graph does
    before the passes."""
    from mgeconvert.verification.asking import computed
    from mgeconvert.verification.own import OwnRuntime

    with session.stage("verify"):
        if isinstance(state.own, OwnRuntime):
            with contextlib.suppress(MgeconvertError):
                return state.own.recorded(graph.inputs, graph.outputs)
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


command = FormatStep(
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
    formats=lambda given: named(given["model"], given["out"], given),
    example="optimize m.onnx -o m.tflite",
    check=check_out,
)
