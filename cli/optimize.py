"""`mgeconvert optimize`: run passes on a model, show what they changed, write it in its own or another format."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mgeconvert import api, registry
from mgeconvert.errors import UsageError

from .convert import export_options, from_option, out_option, to_option
from .export import Job, write
from .passes import selection
from .reading import STREAM, read
from .session import Session, number
from .state import State
from .steps import Step
from .table import Table

if TYPE_CHECKING:
    from mgeconvert.statistics import Statistics


def _optimize(
    session: Session,
    state: State,
    model: Path | None,
    out: Path | None,
    source_format: str | None,
    target_format: str | None,
    **rest: Any,
) -> State:
    passes = selection(rest)
    if model is not None:
        record = registry.frontend(source_format) if source_format else registry.frontend_for(model)
        state = read(session, model, record, {})
    if state.graph is None:
        raise UsageError("MODEL is missing and no step before gives one", hint="mgeconvert optimize MODEL -o OUT")
    target = _target(state, out, target_format)
    from mgeconvert.statistics import statistics

    before = statistics(state.graph)
    with session.stage("optimize"):
        done = api.run_passes(state.graph, passes, target)
    after = statistics(state.graph)
    for row in done:
        session.say(f"{row.name}: {row.text}")
    changes = _changes(before, after)
    if out == STREAM:
        session.say(changes.text())
    else:
        session.answer(changes)
    session.document("optimize", passes=[asdict(row) for row in done], before=asdict(before), after=asdict(after))
    if target is None or out is None:
        return state
    return write(session, state, Job("optimize", target, out, {}, api.Selection(0), **rest))


def _target(state: State, out: Path | None, target_format: str | None) -> registry.Backend | None:
    """The format to write: the one that was named, the one of the suffix, for standard output the model's own."""
    if out is None:
        return None
    if target_format is None and out == STREAM:
        target_format = state.formats[0]
    return registry.backend(target_format) if target_format else registry.backend_for(out)


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
        click.Argument(["model"], required=False, type=Path),
        out_option(),
        from_option(),
        to_option(),
        *export_options(),
    ],
    "Run optimization passes on MODEL and show what they changed; with -o write it, in the format of OUT's suffix.",
)
