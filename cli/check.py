"""`mgeconvert check MODEL`: what would stop each target, or lose accuracy in it, before converting."""

from __future__ import annotations

import contextlib
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from mgeconvert import registry
from mgeconvert.errors import ConversionError, MgeconvertError, UsageError

from .convert import from_option
from .options import FILE, STREAM
from .report.options import report_options
from .session import Session
from .state import State
from .steps import Step
from .table import Table
from .values import Names

WORDS = {"stops": "cannot take it", "loses": "accuracy is lost", "note": "to be known"}


def _check(_: Session, model: Path, targets: tuple[str, ...] | None, source_format: str | None, **__: Any) -> None:
    if model == STREAM:
        raise UsageError("standard input is read once, a check reads the model for each target", hint="name a file")
    registry.frontend(source_format) if source_format else registry.frontend_for(model)
    for name in targets or ():
        registry.backend(name)


def _run(
    session: Session, state: State, model: Path, targets: tuple[str, ...] | None, source_format: str | None
) -> State:
    from mgeconvert.surgery.readiness import readiness

    source = registry.frontend(source_format) if source_format else registry.frontend_for(model)
    wanted = targets or tuple(name for name in registry.backend_names() if name != source.name)
    found = []
    for name in wanted:
        with session.stage("check"):
            found.append(readiness(model, source, registry.backend(name)))
    if session.collected.is_wanted:
        with contextlib.suppress(MgeconvertError):  # a model that cannot be read at all is no graph
            session.collected.shows(source.load(model))
    for each in found:
        title = registry.backend(each.target).title
        verdict = "can take it" if each.is_ready else "cannot take it"
        rows = [(WORDS[f.kind], f.scope, f.op, f.reason, f.remedy) for f in each.findings]
        session.answer(f"{each.target} ({title}): {verdict}")
        if rows:
            session.answer(Table("", ("", "module", "operator", "reason", "remedy"), rows))
    session.document(
        "check",
        source=str(model),
        targets={
            each.target: {"ready": each.is_ready, "findings": [asdict(f) for f in each.findings]} for each in found
        },
        seconds=dict(session.seconds),
    )
    stopped = [each.target for each in found if not each.is_ready]
    if stopped:
        raise ConversionError(f"{model}: cannot become {', '.join(stopped)}")
    return state


command = Step(
    "check",
    _run,
    [
        click.Argument(["model"], type=FILE),
        click.Option(
            ["--target", "targets"], type=Names(), metavar="A,B", help="These formats only; else all but MODEL's own."
        ),
        from_option(),
        report_options(),
    ],
    "Say for each target, before anything is written, every operator that would stop it, what would lose accuracy and "
    "what is to be known, with the module, the reason, and an option or edit that helps where there is one; each "
    "remedy has been tried. Exit code 1 where a target cannot take MODEL.",
    check=_check,
)
