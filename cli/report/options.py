"""``--report`` and ``--node-data``: the same for every command that has them."""

from __future__ import annotations

from pathlib import Path

import click

from ..options import OUTPUT, STREAM
from ..outputs import check_beside
from ..sections import Section
from ..session import Session


def report_options(*flags: str, network: bool = True) -> Section:
    """The options, `flags` being other names of the first; without a `network` there are no figures of nodes."""
    rows = [(("--report", *flags), "report", "HTML", "Also write what was found as one page to look at.")]
    if network:
        rows.append((("--node-data",), "node_data", "JSON", "Also write figures of nodes for Google's Model Explorer."))
    return Section(
        "Reports",
        [
            click.Option([*flag, name], type=OUTPUT, metavar=metavar, help=text, expose_value=False, callback=_wanted)
            for flag, name, metavar, text in rows
        ],
    )


def _wanted(context: click.Context, parameter: click.Parameter, value: Path | None) -> None:
    if value is None or context.resilient_parsing:
        return
    session = context.ensure_object(Session)
    if value == STREAM:
        raise click.BadParameter("standard output takes what the command answers; give a file", context, parameter)
    setattr(session.collected, str(parameter.name), value)


def check_page_files(session: Session) -> None:
    """UsageError where a page cannot be written, before anything is read."""
    collected = session.collected
    if collected.report is not None:
        check_beside(session, collected.report, "--report", ".html", ".htm")
    if collected.node_data is not None:
        check_beside(session, collected.node_data, "--node-data", ".json")
