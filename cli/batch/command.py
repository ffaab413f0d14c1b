"""`mgeconvert batch MANIFEST|FOLDER|MODEL...`: the command."""

from __future__ import annotations

import contextlib
import fnmatch
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from mgeconvert import __version__, registry
from mgeconvert.errors import MgeconvertError, UsageError
from mgeconvert.files import output_files

from ..options import FILE, OUTPUT, STREAM, InputFile, OutputFile
from ..outputs import check_beside
from ..report.options import report_options
from ..session import Session, plural
from ..steps import Command
from ..values import Names, Positive
from . import parcel, pool, report
from .entries import jobs
from .job import Job
from .journal import Journal
from .pool import Crew, Limits, Result
from .urls import Where, is_url, where

FAILS = ("error", "mismatch", "regression")
"""From which kind of result on the exit code is 1; each includes those before."""


class BatchError(MgeconvertError):
    """Some models did not become what they should; the report says which."""


def _batch(
    session: Session,
    sources: tuple[Where, ...],
    targets: Sequence[str],
    out: Where | None,
    option: tuple[str, ...],
    workers: str,
    name: str | None,
    timeout: float | None,
    max_memory: float | None,
    retries: int,
    fresh: bool,
    dry_run: bool,
    fail_on: str,
    baseline: Path | None,
    junit: Path | None,
    dask: str | None,
) -> None:
    unknown = [target for target in targets if target not in registry.backend_names()]
    if unknown:
        raise UsageError(f"{unknown[0]}: unknown target format; known: {', '.join(registry.backend_names())}")
    if fail_on == "regression" and baseline is None:
        raise UsageError("--fail-on regression compares with an earlier run", hint="give --baseline FILE.json")
    count = None if dask is not None and workers == "auto" else _count(workers)
    before = report.Baseline() if baseline is None else report.read_baseline(baseline)
    if before.version != __version__:
        session.say(f"note: {baseline} is of mgeconvert {before.version}, this is {__version__}")
    todo = [job for job in jobs(sources, targets, out, option) if name is None or fnmatch.fnmatch(job.name, name)]
    if not todo:
        raise UsageError(f"--name {name}: no model of this batch has such a name")
    sources_here = [job.source for job in todo if isinstance(job.source, Path)]
    session.inputs.update({path: None for source in sources_here for path in (source, source.with_suffix(".npz"))})
    if junit is not None:
        if junit == STREAM:
            raise UsageError("--junit - : standard output takes the table of the results", hint="--junit FILE.xml")
        check_beside(session, junit, "--junit", ".xml")
    if dry_run:
        for job in todo:
            session.answer(f"mgeconvert {' '.join(job.words()[1:])}")
        session.document("batch", jobs=[{"name": job.name, "target": job.target} for job in todo])
        return
    limits = Limits(timeout or 0.0, int((max_memory or 0.0) * 1e9), retries)
    results = list(_run(session, todo, count, limits, fresh, dask))
    lines = report.worse(results, before.entries)
    session.answer(report.table(results))
    for line in lines:
        session.answer(f"worse: {line}")
    session.document("batch", **report.document(results, lines))
    if junit is not None:
        with output_files(junit) as (file,):
            file.write(report.junit(results))
    _require(results, lines, fail_on)


def _run(
    session: Session, todo: Sequence[Job], count: int | None, limits: Limits, fresh: bool, dask: str | None
) -> Iterator[Result]:
    journal = Journal()
    waiting: list[Job] = []
    done = 0
    for job in todo:
        found = None if fresh else journal.unchanged(job)
        if found is None:
            waiting.append(job)
        else:
            done += 1
            yield found
    if done:
        session.say(f"{plural(done, 'model')} unchanged since an earlier run: skipped")
    with _progress(session, len(waiting)) as (begun, said):
        for number, result in enumerate(_results(waiting, count, limits, dask, begun), 1):
            journal.note(result)
            first = f": {result.message.splitlines()[0]}" if result.message else ""
            said(f"[{number}/{len(waiting)}] {result.job.title}: {result.state}, {result.seconds:.1f} s{first}")
            yield result


def _results(
    waiting: Sequence[Job], count: int | None, limits: Limits, dask: str | None, begun: Callable[[Job], None]
) -> Iterator[Result]:
    """Results as they are done, on this machine or on those of a cluster."""
    if dask is not None and waiting:
        from . import cluster

        with cluster.connected(dask) as client:
            yield from cluster.run(client, waiting, limits, count, begun)
        return
    crew = Crew(limits)

    def perform(job: Job) -> Result:
        begun(job)
        if job.is_remote:
            return parcel.here(job, crew)
        assert isinstance(job.output, Path)
        job.output.parent.mkdir(parents=True, exist_ok=True)
        return crew.perform(job, job.words())

    try:
        yield from pool.run(waiting, min(count or 1, len(waiting)), perform)
    finally:
        crew.close()


@contextlib.contextmanager
def _progress(session: Session, count: int) -> Iterator[tuple[Callable[[Job], None], Callable[[str], None]]]:
    """Functions to call when a job starts and with the line of one that is done; a bar on a terminal."""
    import sys

    if session.quiet or not sys.stderr.isatty():
        yield (lambda _: None), session.say
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=count)

        def said(line: str) -> None:
            bar.advance(task)
            console.print(line, markup=False, highlight=False)

        yield (lambda job: bar.update(task, description=job.title)), said


class InputPlace(InputFile):
    """A file or a folder, of this machine or a URL."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return _url(value) or super().convert(value, param, ctx)

    def paths(self, value: Any) -> tuple[Path, ...]:
        return tuple(place for place in super().paths(value) if isinstance(place, Path))


class OutputPlace(OutputFile):
    """A folder that is written to, of this machine or a URL."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return _url(value) or super().convert(value, param, ctx)


def _url(value: Any) -> Where | None:
    """What a word of the command line names that is a URL."""
    return where(value) if isinstance(value, str) and is_url(value) else None


def _count(workers: str) -> int:
    if workers == "auto":
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if not workers.isdigit() or int(workers) < 1:
        raise UsageError(f"-j {workers}: must be a positive number or auto")
    return int(workers)


def _require(results: Sequence[Result], lines: Sequence[str], fail_on: str) -> None:
    counted = {"error": ("error", "died", "timeout", "refused")}.get(
        fail_on, ("error", "died", "timeout", "refused", "mismatch")
    )
    bad = [result for result in results if result.state in counted]
    if bad:
        titles = ", ".join(result.job.title for result in bad[:5]) + (", ..." if len(bad) > 5 else "")
        raise BatchError(f"{len(bad)} of {plural(len(results), 'conversion')} failed: {titles}")
    if fail_on == "regression" and lines:
        raise BatchError(f"{plural(len(lines), 'figure')} worse than in the baseline")


command = Command(
    "batch",
    _batch,
    [
        click.Argument(["sources"], type=InputPlace(), nargs=-1, required=True, metavar="MANIFEST|FOLDER|MODEL..."),
        click.Option(["--targets"], type=Names(), default=(), help="Target formats, instead of a manifest's."),
        click.Option(
            ["-o", "--out"], type=OutputPlace(), metavar="FOLDER", help="Where files go, instead of a manifest's."
        ),
        click.Option(
            ["-O", "--option"],
            multiple=True,
            metavar="NAME[=VALUE]",
            help="An option of the conversions that have it: -O proof -O opset=13.",
        ),
        click.Option(["-j", "--workers"], default="auto", show_default=True, metavar="N", help="Processes at a time."),
        click.Option(["--dask"], metavar="ADDRESS", help="Do it on the Dask cluster of the scheduler there."),
        click.Option(["--name"], metavar="GLOB", help="Only the models with such a name."),
        click.Option(
            ["--timeout"],
            type=Positive(),
            metavar="S",
            help="Seconds a model may take.",
        ),
        click.Option(
            ["--max-memory"],
            type=Positive(),
            metavar="GB",
            help="Memory a model may take, in 10^9 bytes.",
        ),
        click.Option(
            ["--retries"],
            type=click.IntRange(min=0),
            metavar="N",
            default=1,
            show_default=True,
            help="How often a model is tried again whose process died.",
        ),
        click.Option(["--fresh"], is_flag=True, help="Convert also what is unchanged since an earlier run."),
        click.Option(["--dry-run"], is_flag=True, help="Print the command lines and stop."),
        click.Option(
            ["--fail-on"],
            type=click.Choice(FAILS),
            default="mismatch",
            show_default=True,
            help="What makes the exit code 1.",
        ),
        click.Option(["--baseline"], type=FILE, metavar="JSON", help="The --json document of an earlier run."),
        click.Option(["--junit"], type=OUTPUT, metavar="XML", help="Also write the results for a CI system."),
        report_options("--html", network=False),
    ],
    "Convert many models in worker processes; what is unchanged since an earlier run is skipped.",
)
