"""One run of the command: its switches, its streams, its clock and its JSON document."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import click

from .limits import Limits
from .muting import muted
from .notes import notes
from .report.collect import Collected
from .state import State

if TYPE_CHECKING:
    from .table import Table

NOTED = ("read", "write")
"""Stages in which formats have something to say."""
MUTED = ("verify", "run")
"""Stages in which runtimes print; nothing of ours does."""
BIG_BYTES = 32 << 20
"""Files from this size on show how far they are read (on a terminal)."""
Progress: TypeAlias = Callable[[int, int], None]
"""Called with the bytes that are done and all bytes."""


@dataclass(slots=True)
class Session:
    """`json` puts one document on stdout and every human line on stderr; `quiet` leaves only errors; `debug` shows
    tracebacks and checks the graph after each stage. `step` is the step of a chain that is being run,
    `is_last` says that no step follows; `inputs` are the files that were read, or will be by the step; `limits` those
    of the whole run. `each` is a list of documents, one for each of several models, in place of one document.

    `collected` is what a page shows beside the documents."""

    json: bool = False
    quiet: bool = False
    debug: bool = False
    step: str = ""
    is_last: bool = True
    state: State = field(default_factory=State)
    documents: list[dict[str, Any]] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    inputs: dict[Path, None] = field(default_factory=dict)
    following: list[str] = field(default_factory=list)
    each: list[dict[str, Any]] | None = None
    limits: Limits = field(default_factory=Limits)
    collected: Collected = field(default_factory=Collected)

    def next(self, *lines: str) -> None:
        """What the user may do next, lines for the shell: said when the run has ended well, those of its last step."""
        self.following = [*lines]

    def say(self, line: str) -> None:
        """A line about what was done: stderr."""
        if not self.quiet:
            click.echo(line, err=True)

    def answer(self, *parts: str | Table) -> None:
        """What the user asked to see: stdout, unless that is taken by the JSON document."""
        if self.json:
            return
        for part in parts:
            if isinstance(part, str):
                click.echo(part)
            else:
                part.print(sys.stdout)

    def document(self, command: str, **content: Any) -> None:
        """Add to the step's JSON document."""
        self.documents[-1].update({"command": command, **content})

    def only_document(self, command: str, **content: Any) -> None:
        """The whole JSON document of an option that ends the run (``--version``)."""
        self.documents = [{"command": command, **content}]
        self.finish()

    def begin(self, step: str, *, chained: bool, is_last: bool) -> None:
        """The next step starts: its clock, its document."""
        self.step, self.is_last, self.seconds, self.following = step if chained else "", is_last, {}, []
        self.documents.append({})

    @contextlib.contextmanager
    def stage(self, name: str, size: int = 0) -> Iterator[Progress]:
        """Time a stage of the current step; on a terminal a big file gets a progress bar, fed by what is yielded."""
        start = time.perf_counter()
        bar = self._bar(name) if size >= BIG_BYTES else contextlib.nullcontext(_no_progress)
        quiet = muted() if name in MUTED and not self.debug else contextlib.nullcontext()
        with notes(self.say) if name in NOTED else contextlib.nullcontext(), bar as progress, quiet:
            yield progress
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start

    def finish(self, error: dict[str, Any] | None = None) -> None:
        """Print the JSON document: a single step's own, a list under "steps" for a chain, a list for several models.
        Without it, and without an error: what may be done next. Pages that were asked for are written."""
        self._write_pages(error)
        if not self.json:
            for line in self.following if error is None else ():
                self.say(f"next: {line}")
            return
        import json

        done = [document for document in self.documents if document]
        if not done and error is None:
            return
        document: Any = {"steps": done} if self.step else done[0] if done else {}
        if error is not None:
            document = {**document, "error": error}
        if self.each is not None:
            document = self.each
        click.echo(json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False))

    def _write_pages(self, error: dict[str, Any] | None) -> None:
        """Once, and not where nothing was begun: then the page would be of the last run's files."""
        wanted, self.collected = self.collected, Collected()
        if not wanted.is_wanted or not self.documents:
            return
        from .report.page import write

        documents = self.documents if self.each is None else [{"command": "convert", "models": self.each}]
        for path in write(wanted, documents, error):
            self.say(f"wrote {path}")

    @contextlib.contextmanager
    def _bar(self, name: str) -> Iterator[Progress]:
        if self.quiet or not sys.stderr.isatty():
            yield _no_progress
            return
        from rich.console import Console
        from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as Bar

        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeElapsedColumn())
        with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(name, total=None)
            yield lambda done, total: bar.update(task, completed=done, total=total)


def _no_progress(done: int, total: int) -> None:
    """Where nobody looks."""


def number(count: int) -> str:
    """``11,689,512``."""
    return f"{count:,}"


def size(count: int) -> str:
    """``46.8 MB`` (decimal units, as file managers show them)."""
    amount = float(count)
    if amount < 1000:
        return f"{count} B"
    units = ["kB", "MB", "GB"]
    while (amount := amount / 1000) >= 1000 and len(units) > 1:
        del units[0]
    return f"{amount:.1f} {units[0]}"


def plural(count: int, noun: str) -> str:
    """``1 node``, ``2 nodes``."""
    return f"{number(count)} {noun}" + ("" if count == 1 else "s")
