"""`mgeconvert ops`: the support tables of the formats, straight from the registries."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from mgeconvert import registry
from mgeconvert.errors import UsageError

from .session import Session
from .steps import Command
from .table import Table

if TYPE_CHECKING:
    from mgeconvert.registry import Backend, Frontend, OpSupport

READ = "read"
WRITTEN = "written"


def _ops(session: Session, name: str | None, markdown: bool, where: str | None) -> None:
    if where is not None:
        if name is not None or markdown:
            raise UsageError("--where is about one operator in all formats: leave out FORMAT and --markdown")
        from .where import show

        show(session, where)
        return
    formats = sorted({*registry.frontend_names(), *registry.backend_names()})
    if name is not None and name not in formats:
        raise UsageError(f"{name}: unknown format; known: {', '.join(formats)}", hint="mgeconvert ops")
    records = list(_records(formats if name is None else [name]))
    session.document(
        "ops",
        formats=[
            {
                "format": record.name,
                "title": record.title,
                "direction": direction,
                "operators": [asdict(row) for row in rows],
            }
            for record, direction, rows in records
        ],
    )
    if markdown:
        session.answer("# Operators\n\nMade by `mgeconvert ops --markdown`; do not edit.\n")
        session.answer(_overview(records).markdown())
        for record, direction, rows in records:
            session.answer(f"\n## {record.title}, {direction}\n", _table("", rows).markdown())
    elif name is None:
        session.answer(_overview(records), "`mgeconvert ops FORMAT` lists a format's operators")
    else:
        for record, direction, rows in records:
            session.answer(_table(f"{record.title}, {direction}", rows))


def _records(formats: list[str]) -> Iterator[tuple[Frontend | Backend, str, list[OpSupport]]]:
    """Every record of the formats with its direction and its rows, sorted by operator."""
    for name in formats:
        found: list[tuple[Any, str]] = []
        if name in registry.frontend_names():
            found.append((registry.frontend(name), READ))
        if name in registry.backend_names():
            found.append((registry.backend(name), WRITTEN))
        for record, direction in found:
            yield record, direction, sorted(record.ops(), key=lambda row: row.op)


def _overview(records: list[tuple[Frontend | Backend, str, list[OpSupport]]]) -> Table:
    rows = [
        (
            record.name,
            record.title,
            direction,
            " ".join(record.suffixes),
            str(sum(1 for row in rows if not row.refused)),
            str(sum(1 for row in rows if row.refused)),
        )
        for record, direction, rows in records
    ]
    return Table("", ("format", "title", "direction", "suffixes", "operators", "refused"), rows, frozenset({4, 5}))


def _table(title: str, rows: list[OpSupport]) -> Table:
    return Table(
        title,
        ("operator", "supported", "remark"),
        [(row.op, "no" if row.refused else "yes", row.refused or row.note) for row in rows],
    )


command = Command(
    "ops",
    _ops,
    [
        click.Argument(["name"], required=False, metavar="[FORMAT]"),
        click.Option(["--markdown"], is_flag=True, help="Print docs/operators.md."),
        click.Option(
            ["--where"],
            metavar="NAME",
            help="File and line of everything that handles or tests an operator; NAME as any format calls it.",
        ),
    ],
    "What each format supports; with FORMAT, operator by operator.",
)
