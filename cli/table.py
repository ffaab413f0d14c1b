"""Tables: rich on a terminal, aligned plain text elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TextIO

import click


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text under a title; `numeric` are the columns to align right."""

    title: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    numeric: frozenset[int] = frozenset()

    def print(self, stream: TextIO) -> None:
        if stream.isatty():
            self._print_rich(stream)
        else:
            click.echo(self.text(), file=stream)

    def text(self) -> str:
        """The plain form: a title line, a header, two spaces between the columns."""
        table = [self.columns, *self.rows]
        widths = [max(len(row[column]) for row in table) for column in range(len(self.columns))]
        lines = [self.title] if self.title else []
        for row in table:
            cells = [
                cell.rjust(width) if column in self.numeric else cell.ljust(width)
                for column, (cell, width) in enumerate(zip(row, widths, strict=True))
            ]
            lines.append(("  " + "  ".join(cells)).rstrip())
        return "\n".join(lines)

    def markdown(self) -> str:
        """A Markdown table without the title."""
        rule = tuple("---:" if column in self.numeric else "---" for column in range(len(self.columns)))
        return "\n".join(
            "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in row) + " |"
            for row in (self.columns, rule, *self.rows)
        )

    def _print_rich(self, stream: TextIO) -> None:
        from rich.console import Console
        from rich.table import Table as RichTable
        from rich.text import Text

        table = RichTable(title=self.title or None, title_justify="left")
        for column, header in enumerate(self.columns):
            table.add_column(Text(header), justify="right" if column in self.numeric else "left", overflow="fold")
        for row in self.rows:
            table.add_row(*(Text(cell) for cell in row))
        Console(file=stream).print(table)
