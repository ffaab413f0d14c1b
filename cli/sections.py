"""Options under titles: what the help of a command with many options shows, and in which order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import click


@dataclass(frozen=True, slots=True)
class Section:
    """Options under a title of the help. `unlisted` are options for which one of the `rows` speaks instead."""

    title: str
    options: Sequence[click.Parameter]
    rows: Sequence[tuple[str, str]] = ()
    unlisted: Sequence[click.Parameter] = field(default=())


VERIFICATION = "Verification"
"""The title of the first section that is the same for every export."""

Parameters: TypeAlias = "Sequence[click.Parameter | Section]"
"""What a command takes, as it is declared: what stands in no section is listed first."""


def flat(parameters: Parameters) -> list[click.Parameter]:
    """Every parameter, those in sections included, in order."""
    found: list[click.Parameter] = []
    for parameter in parameters:
        found += [*parameter.options, *parameter.unlisted] if isinstance(parameter, Section) else [parameter]
    return found


def sections(parameters: Parameters) -> list[Section]:
    """The sections among the parameters."""
    return [parameter for parameter in parameters if isinstance(parameter, Section)]


def with_formats(parameters: Parameters, formats: Sequence[Section]) -> Parameters:
    """The parameters with the options of formats, which are listed before verification and optimization."""
    where = next(
        (at for at, each in enumerate(parameters) if isinstance(each, Section) and each.title == VERIFICATION),
        len(parameters),
    )
    return [*parameters[:where], *formats, *parameters[where:]]


def write_help(
    formatter: click.HelpFormatter, context: click.Context, own: Iterable[click.Parameter], rest: Sequence[Section]
) -> None:
    """The options of a command's help: its `own` ones, then the sections."""
    for section in [Section("Options", [*own]), *rest]:
        rows = [*_records(context, section.options), *section.rows]
        if rows:
            with formatter.section(section.title):
                formatter.write_dl(rows)


def _records(context: click.Context, options: Iterable[click.Parameter]) -> Iterator[tuple[str, str]]:
    for option in options:
        record = option.get_help_record(context) if isinstance(option, click.Option) else None
        if record is not None:
            yield record
