"""Choosing optimization passes: a level, and a flag for each pass."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from mgeconvert import registry
from mgeconvert.api import LEVEL, Selection
from mgeconvert.errors import UsageError
from mgeconvert.passes import MAX_LEVEL, PASSES, RUNTIMES, Outcome, Pass, select

from .sections import Section
from .session import Session
from .table import Table


def pass_options() -> Section:
    """The level, ``--NAME/--no-NAME`` for each pass, and what else chooses passes; `selection` reads them."""
    return Section(
        "Optimization",
        [
            click.Option(
                ["-O", "level"],
                type=click.IntRange(0, MAX_LEVEL),
                metavar="LEVEL",
                help=f"Optimization level; else {LEVEL}, 0 for a format that keeps the source's own calls.",
            ),
            click.Option(
                ["--passes", "only"],
                metavar="A,B",
                callback=named,
                help="Exactly these passes, in place of a level.",
            ),
            click.Option(
                ["--enable"],
                metavar="A,B",
                callback=named,
                help="These passes too, also those of other packages.",
            ),
            click.Option(
                ["--for", "runtime"],
                type=click.Choice(list(RUNTIMES)),
                help="The passes that this runtime needs: ncnn has values of four axes at most.",
            ),
            click.Option(
                ["--allow-growth"],
                type=click.IntRange(0),
                metavar="BYTES",
                default=0,
                help="How much larger each rewrite may make the file: a weight that two layers share is copied.",
            ),
            click.Option(
                ["--show-declined"],
                is_flag=True,
                help="Say which patterns were recognised and left alone, and why.",
            ),
            click.Option(
                ["--list-passes"],
                is_flag=True,
                is_eager=True,
                expose_value=False,
                callback=_list_passes,
                help="List the passes in the order they run.",
            ),
        ],
        rows=[("--PASS / --no-PASS", "One pass more or less, by its name in --list-passes.")],
        unlisted=[
            click.Option([_parameter(row), f"--{row.name}/--no-{row.name}"], default=None, help=row.help)
            for row in PASSES
        ],
    )


def selection(parameters: dict[str, Any], default: int = LEVEL, beside: int | None = None) -> Selection:
    """Take what `pass_options` gave out of a command's parameters; UsageError for a level beside names. `default` is
    the level where the command line names none, `beside` where it names passes (None: the same)."""
    chosen = {row.name: parameters.pop(_parameter(row)) for row in PASSES}
    level, only, enable = (parameters.pop(name) for name in ("level", "only", "enable"))
    needed = RUNTIMES.get(parameters.pop("runtime"), ())
    source = click.get_current_context().get_parameter_source("level")
    if only is not None and source is ParameterSource.COMMANDLINE:
        raise UsageError("-O and --passes both say which passes run", hint="give one of them")
    enabled = (*(only or ()), *(enable or ()), *needed, *(name for name, wanted in chosen.items() if wanted))
    if level is None:
        level = default if beside is None or not enabled else beside
    return Selection(
        0 if only is not None else level,
        enabled,
        tuple(name for name, wanted in chosen.items() if wanted is False),
        parameters.pop("allow_growth"),
    )


def check_passes(out: Path | None) -> None:
    """UsageError for options of passes where none runs: nothing is written."""
    if out is not None:
        return
    context = click.get_current_context()
    names = ("level", "only", "enable", "runtime", "allow_growth", "show_declined", *map(_parameter, PASSES))
    given = [name for name in names if context.get_parameter_source(name) is ParameterSource.COMMANDLINE]
    if given:
        parameter = next(each for each in context.command.params if each.name == given[0])
        flags = [flag for flag in (*parameter.opts, *parameter.secondary_opts) if flag.startswith("-")]
        said = flags[-1] if context.params.get(given[0]) is False else flags[0]
        raise UsageError(f"{said}: no pass runs without -o", hint="give -o OUT, or `mgeconvert optimize MODEL`")


def say_outcome(session: Session, outcome: Outcome, show_declined: bool) -> None:
    """What each pass did, and where it was asked for, which patterns were left alone."""
    for report in outcome.passes:
        session.say(str(report))
    for declined in outcome.declined if show_declined else ():
        session.say(f"declined: {declined}")


def outcome_document(outcome: Outcome) -> dict[str, Any]:
    """The entries of a command's JSON document on its passes."""
    return {
        "passes": [asdict(report) for report in outcome.passes],
        "declined": [asdict(declined) for declined in outcome.declined],
    }


def _parameter(row: Pass) -> str:
    return f"pass_{row.name.replace('-', '_')}"


def named(_: click.Context, __: click.Parameter, value: str | None) -> tuple[str, ...] | None:
    """Names are checked before any step runs; UsageError for an unknown one."""
    if value is None:
        return None
    names = tuple(name.strip() for name in value.split(",") if name.strip())
    select(0, names)
    return names


def _list_passes(context: click.Context, parameter: click.Parameter, value: bool) -> None:  # noqa: ARG001
    if value and not context.resilient_parsing:
        passes = [*PASSES, *(registry.plugin_pass(name) for name in registry.pass_names())]
        rows = [(row.name, "" if row.level is None else str(row.level), row.help) for row in passes]
        session = context.ensure_object(Session)
        session.answer(Table("", ("pass", "from level", "what it does"), rows))
        session.only_document(
            "list-passes", passes=[{"name": row.name, "level": row.level, "help": row.help} for row in passes]
        )
        context.exit()
