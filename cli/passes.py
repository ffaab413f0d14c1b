"""Choosing optimization passes: a level, and a flag for each pass."""

from __future__ import annotations

from typing import Any

import click
from click.core import ParameterSource

from mgeconvert.api import LEVEL, Selection
from mgeconvert.errors import UsageError
from mgeconvert.passes import MAX_LEVEL, PASSES, Pass, select

from .session import Session
from .table import Table


def pass_options() -> list[click.Parameter]:
    """``-O``, ``--passes``, ``--list-passes`` and ``--NAME/--no-NAME`` for each pass; `selection` reads them."""
    return [
        click.Option(
            ["-O", "level"],
            type=click.IntRange(0, MAX_LEVEL),
            metavar="LEVEL",
            default=LEVEL,
            show_default=True,
            help=f"Optimization level, 0 to {MAX_LEVEL}.",
        ),
        click.Option(
            ["--passes", "only"],
            metavar="A,B",
            callback=_named,
            help="Exactly these passes, in place of a level.",
        ),
        *(
            click.Option([_parameter(row), f"--{row.name}/--no-{row.name}"], default=None, help=row.help)
            for row in PASSES
        ),
        click.Option(
            ["--list-passes"],
            is_flag=True,
            is_eager=True,
            expose_value=False,
            callback=_list_passes,
            help="List the passes in the order they run.",
        ),
    ]


def selection(parameters: dict[str, Any]) -> Selection:
    """Take what `pass_options` gave out of a command's parameters; UsageError for a level beside names."""
    chosen = {row.name: parameters.pop(_parameter(row)) for row in PASSES}
    level, only = parameters.pop("level"), parameters.pop("only")
    source = click.get_current_context().get_parameter_source("level")
    if only is not None and source is ParameterSource.COMMANDLINE:
        raise UsageError("-O and --passes both say which passes run", hint="give one of them")
    return Selection(
        level if only is None else 0,
        (*(only or ()), *(name for name, wanted in chosen.items() if wanted)),
        tuple(name for name, wanted in chosen.items() if wanted is False),
    )


def _parameter(row: Pass) -> str:
    return f"pass_{row.name.replace('-', '_')}"


def _named(_: click.Context, __: click.Parameter, value: str | None) -> tuple[str, ...] | None:
    """Names are checked before any step runs; UsageError for an unknown one."""
    if value is None:
        return None
    names = tuple(name.strip() for name in value.split(",") if name.strip())
    select(0, names)
    return names


def _list_passes(context: click.Context, parameter: click.Parameter, value: bool) -> None:  # noqa: ARG001
    if value and not context.resilient_parsing:
        rows = [(row.name, str(row.level), row.help) for row in PASSES]
        session = context.ensure_object(Session)
        session.answer(Table("", ("pass", "from level", "what it does"), rows))
        session.only_document(
            "list-passes", passes=[{"name": row.name, "level": row.level, "help": row.help} for row in PASSES]
        )
        context.exit()
