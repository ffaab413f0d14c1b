"""`mgeconvert diff A B`: two models of any formats, and what is different between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mgeconvert import registry
from mgeconvert.errors import MgeconvertError, MissingDependencyError, UsageError, VerificationError

from .convert import rtol_option
from .export import check_limit
from .options import FILE
from .reading import read
from .report.options import report_options
from .session import Session, plural
from .state import State
from .steps import Step
from .table import Table
from .values import Names

if TYPE_CHECKING:
    import numpy as np

    from mgeconvert.ir import Graph
    from mgeconvert.registry import Frontend
    from mgeconvert.verification.model_diff import ModelDiff
    from mgeconvert.verification.report import OutputReport

PARTS = ("inputs", "outputs", "operators", "shapes", "parameters", "modules", "numbers")
"""What is compared; the last one is what the models compute."""


def _check(
    _: Session, files: tuple[Path, ...], rtol: float | None, only: tuple[str, ...] | None, run: bool, **rest: Any
) -> None:
    if len(files) != 2:
        raise UsageError(f"{plural(len(files), 'file')} given, expected two", hint="mgeconvert diff A B")
    check_limit(rtol)
    unknown = [name for name in only or () if name not in PARTS]
    if unknown:
        raise UsageError(f"--only {unknown[0]}: is no part of a comparison", hint=f"there are {', '.join(PARTS)}")
    if not run and (rtol is not None or rest["io"] is not None):
        raise UsageError("--no-run computes nothing: --io and --rtol would be ignored", hint="leave them out")
    if not run and only == ("numbers",):
        raise UsageError("--no-run computes nothing, --only numbers asks for nothing else", hint="give one of them")


def _diff(
    session: Session,
    state: State,
    files: tuple[Path, ...],
    io: Path | None,
    rtol: float | None,
    only: tuple[str, ...] | None,
    run: bool,
    a_format: str | None,
    b_format: str | None,
) -> State:
    from mgeconvert.verification.model_diff import model_diff

    formats = [
        registry.frontend(name) if name else registry.frontend_for(path)
        for name, path in zip((a_format, b_format), files, strict=True)
    ]
    graphs = [_read(session, path, record) for path, record in zip(files, formats, strict=True)]
    session.collected.shows(graphs[0])
    wanted = only or PARTS
    found = model_diff(*graphs)
    different = _structure(session, found, wanted)
    numbers: dict[str, Any] | None = None
    if run and "numbers" in wanted:
        numbers = _numbers(session, files, formats, graphs, io, rtol)
        different += ["what they compute"] if numbers["differ"] else []
    session.document(
        "diff",
        a=str(files[0]),
        b=str(files[1]),
        **{kind: [asdict(row) for row in rows] for kind, rows in found.kinds().items() if kind in wanted},
        numbers=numbers,
        different=different,
    )
    if different:
        raise VerificationError(f"{files[0]} and {files[1]} differ: {', '.join(different)}")
    session.answer("no difference")
    return state


def _read(session: Session, path: Path, record: Frontend) -> Graph:
    graph = read(session, path, record, {}).graph
    assert graph is not None
    return graph


def _structure(session: Session, found: ModelDiff, wanted: tuple[str, ...]) -> list[str]:
    """Show what differs, and say the kinds of it."""
    different = []
    for kind, rows in found.kinds().items():
        changed = found.changed(kind) if kind in wanted else []
        if changed:
            different.append(kind)
            title = f"{kind}: {len(changed)} of {len(rows)} differ"
            session.answer(Table(title, ("name", "A", "B", ""), [(r.name, r.a, r.b, r.state) for r in changed]))
    return different


def _numbers(
    session: Session,
    files: tuple[Path, ...],
    formats: list[Frontend],
    graphs: list[Graph],
    io: Path | None,
    rtol: float | None,
) -> dict[str, Any]:
    """Run both on the same inputs, compare the outputs, and find the first value that differs."""
    from mgeconvert.verification.comparison import random_inputs
    from mgeconvert.verification.model_diff import paired
    from mgeconvert.verification.recorded import read_inputs
    from mgeconvert.verification.tolerance import kinds_of, limit_for
    from mgeconvert.verification.value_pairs import first_difference

    a, b = graphs
    names = dict(paired(list(a.inputs), list(b.inputs)))
    if "" in names or "" in names.values() or not _fit(a, b, names):
        reason = "their inputs are not the same"
        session.answer(f"outputs: not compared, {reason}")
        return {"differ": True, "reason": reason, "outputs": [], "first": None}
    feeds = read_inputs(io, a.inputs) if io is not None else random_inputs(a.inputs)
    limit = limit_for(kinds_of(a) | kinds_of(b), rtol)
    with session.stage("run"):
        ours, in_a = _run(files[0], formats[0], a, feeds)
        theirs, in_b = _run(files[1], formats[1], b, {names[name]: array for name, array in feeds.items()})
    reports = _compare(ours, theirs, limit)
    session.answer(_outputs(reports, f"outputs of A in {in_a} and of B in {in_b}, {limit.text}"))
    differ = any(report.problem for report in reports) or len(ours) != len(theirs)
    first = None
    if differ:
        try:
            count, first = first_difference(a, b, feeds, limit.rtol)
            same = f"{plural(count, 'matched value')} are the same in onnxruntime"
            session.answer(first.text if first is not None else same)
        except MgeconvertError as error:
            session.answer(f"inner values: not compared, {error.message}")
    return {
        "differ": differ,
        "reason": None,
        "runtimes": [in_a, in_b],
        "rtol": limit.rtol,
        "outputs": [asdict(report) for report in reports],
        "first": None if first is None else asdict(first),
    }


def _fit(a: Graph, b: Graph, names: Mapping[str, str]) -> bool:
    """Whether arrays for A's inputs fit those of B."""
    for one, other in names.items():
        x, y = a.inputs[one], b.inputs[other]
        if x.dtype != y.dtype or x.rank != y.rank:
            return False
        pairs = zip(x.shape or (), y.shape or (), strict=True)
        if any(isinstance(p, int) and isinstance(q, int) and p != q for p, q in pairs):
            return False
    return True


def _run(path: Path, record: Frontend, graph: Graph, feeds: Mapping[str, np.ndarray]) -> tuple[dict[str, Any], str]:
    """The outputs in the model's own runtime, else what mgeconvert reads in it in onnxruntime; and which it was."""
    from mgeconvert.verification.asking import run_graph, run_in_own_runtime

    try:
        found = run_in_own_runtime(path, record, graph.inputs, feeds)
        backend = registry.backend(record.name)
        return dict(zip(graph.outputs, found.values(), strict=True)), registry.ran_in(backend, found)
    except MissingDependencyError:
        return run_graph(graph, feeds), "onnxruntime as mgeconvert reads it"


def _compare(a: Mapping[str, np.ndarray], b: Mapping[str, np.ndarray], limit: Any) -> list[OutputReport]:
    from mgeconvert.verification.comparison import compare
    from mgeconvert.verification.model_diff import paired

    return [compare(one, a[one], b[other], limit) for one, other in paired(list(a), list(b)) if one and other]


def _outputs(reports: list[OutputReport], title: str) -> Table:
    rows = [
        (
            report.name,
            "-" if report.max_abs is None else f"{report.max_abs:.3g}",
            "-" if report.max_rel is None else f"{report.max_rel:.3g}",
            report.problem or "same",
        )
        for report in reports
    ]
    return Table(title, ("output", "max abs", "max rel", ""), rows, frozenset({1, 2}))


command = Step(
    "diff",
    _diff,
    [
        click.Argument(["files"], nargs=-1, required=True, type=FILE, metavar="A B"),
        click.Option(["--only"], type=Names(), metavar="A,B", help=f"Compare only these: {', '.join(PARTS)}."),
        click.Option(["--io"], type=FILE, metavar="NPZ", help="Inputs for both; else random ones, always the same."),
        rtol_option("outputs"),
        click.Option(["--run/--no-run"], default=True, help="Whether to compute both and compare the outputs."),
        click.Option(["--a-format"], metavar="FORMAT", help="A's format; else its suffix says it."),
        click.Option(["--b-format"], metavar="FORMAT", help="B's format; else its suffix says it."),
        report_options(),
    ],
    "Compare two models of any formats: inputs and outputs, operators, shapes, parameters, structure by module, and "
    "what they compute on the same inputs, each in its own runtime; the first inner value that differs is named. Exit "
    "code 1 where anything differs.",
    check=_check,
)
