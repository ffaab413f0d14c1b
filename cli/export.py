"""Writing a model: optimize, write, verify, and say what was done."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mgeconvert import api, registry
from mgeconvert.api import Selection
from mgeconvert.errors import UsageError
from mgeconvert.files import Destination
from mgeconvert.registry import Backend, Frontend, checked_options

from .formats import named
from .guide import use
from .options import STREAM, given_parameters
from .outputs import check_beside, check_model, is_standard_output
from .passes import outcome_document, say_outcome
from .proof import write_proof
from .session import Session, size
from .state import State
from .verdict import report_document, verdict

if TYPE_CHECKING:
    from mgeconvert.api import ConversionReport
    from mgeconvert.ir import Graph
    from mgeconvert.passes import Outcome
    from mgeconvert.verification.recorded import Recorded


@dataclass(frozen=True, slots=True)
class Job:
    """What to write and how: `options` are the backend's own, `io` and `rtol` are for verification, `done` is
    what passes of the step did before."""

    command: str
    backend: Backend
    out: Path | None
    options: Mapping[str, Any]
    selection: Selection
    verify: bool
    io: Path | None
    rtol: float | None
    force: bool = False
    keep_failed: bool = False
    show_declined: bool = False
    proof: bool = False
    done: Outcome | None = None


def write(session: Session, state: State, job: Job) -> State:
    """The state after writing the model; VerificationError where the written file fails."""
    if job.out is not None and is_standard_output(session, job.out):
        import tempfile

        with tempfile.TemporaryDirectory(prefix="mgeconvert-") as folder:
            report = _export(session, state, job, Path(folder) / f"model{job.backend.suffixes[0]}")
            _to_stdout(report)
    else:
        report = _export(session, state, job, job.out or _default_out(state, job))
        if job.backend.computes(job.options):
            session.next(*use(job.backend, report.files))
    return replace(state, formats=tuple(dict.fromkeys((state.formats[0], job.backend.name))))


def _export(session: Session, state: State, job: Job, out: Path) -> ConversionReport:
    assert state.graph is not None
    destination = Destination(out, job.out is not None, job.force, job.keep_failed, tuple(session.inputs))
    destination.check(job.backend.wrote)
    session.collected.begins(state.graph)
    io = job.io or (implied(session, state, state.graph) if job.verify else None)
    report = api.export(
        state.graph,
        destination,
        job.backend,
        source_format=state.formats[0],
        selection=job.selection,
        verify=job.verify,
        io=io,
        own=state.own,
        rtol=job.rtol,
        options=job.options,
        stage=session.stage,
        seconds=session.seconds,
        check=session.debug,
        consume=session.is_last,
    )
    say_outcome(session, report.outcome, job.show_declined)
    failed = report.verification is not None and report.verification.refuted
    if report.files:
        written = sum(path.stat().st_size for path in report.files if path.is_file())
        where = "standard output" if job.out == STREAM else ", ".join(map(str, report.files))
        verb = "kept what failed as" if failed else "wrote"
        session.say(f"{verb} {where} ({size(written)}), {session.seconds['write']:.2f} s")
    session.document(
        job.command,
        source=None if state.source is None else str(state.source),
        source_format=report.source_format,
        target_format=report.target_format,
        files=[{"path": str(path), "bytes": path.stat().st_size} for path in report.files if path.is_file()],
        nodes=report.nodes,
        **outcome_document(job.done or report.outcome),
        verification=None if report.verification is None else report_document(report.verification),
        seconds=dict(session.seconds),
    )
    if report.verification is not None:
        session.say(verdict(report.verification))
        if failed and not report.files:
            session.say(f"{out} is not written; --keep-failed keeps such a file under another name")
        report.verification.require()
        if job.proof and report.files:
            passes = outcome_document(job.done or report.outcome)["passes"]
            write_proof(session, state, report.verification, report.files, io, passes)
    return report


def implied(session: Session, state: State, graph: Graph) -> Recorded | None:
    """The recorded data that came along with the model; None where there is none or it was made at other shapes."""
    if not isinstance(state.recorded, Path):
        return state.recorded
    from mgeconvert.verification.recorded import read_beside

    found = read_beside(state.recorded, graph.inputs, graph.outputs)
    fact = "holds its recorded outputs" if found else "is of other shapes than the model was read with: not compared"
    session.say(f"{state.recorded} beside the model {fact}")
    return found


def target_for(state: State, out: Path | None, target: Backend | None) -> Backend | None:
    """The format to write: the one that the arguments name, for standard output the model's own."""
    return registry.backend(state.formats[0]) if target is None and out == STREAM else target


def check_verification(verify: bool, rtol: float | None) -> None:
    """UsageError for options of a verification that is not made, or cannot be made so."""
    unused = given_options(("io", "rtol", "keep_failed", "proof"))
    if unused and not verify:
        raise UsageError(f"--no-verify compares nothing: {' and '.join(unused)} would be ignored", hint="give one only")
    check_limit(rtol)


def check_limit(rtol: float | None) -> None:
    """UsageError for a limit that is none."""
    if rtol is not None and not 0 < rtol < float("inf"):
        raise UsageError(f"--rtol {rtol:g}: expected a positive number", hint="--rtol 1e-3")


def check_format_options(
    session: Session, source: Frontend | None, target: Backend | None, given: Mapping[str, Any], *, force: bool
) -> None:
    """UsageError for values that a format's own options cannot have, and for files of theirs that cannot be written."""
    for option in target.options if target is not None else ():
        if option.file == "writes" and given[f"to_{option.name}"]:
            check_beside(
                session, Path(given[f"to_{option.name}"]), f"--{option.name.replace('_', '-')}", ".json", force=force
            )
    for record, prefix in ((source, "from"), (target, "to")):
        if record is not None:
            checked_options(record, {option.name: given[f"{prefix}_{option.name}"] for option in record.options})


def given_options(parameters: Iterable[str]) -> list[str]:
    """The flags of the parameters that the command line gives."""
    names = set(parameters)
    return [parameter.opts[-1] for parameter in given_parameters() if parameter.name in names]


def check_out(session: Session, model: Path | None, out: Path | None, force: bool, **rest: Any) -> None:
    """The check of a step that writes only with -o, in any format."""
    ignored = given_options(("force", "rtol", "keep_failed", "proof", "target_format")) if out is None else []
    if ignored:
        raise UsageError(f"{' and '.join(ignored)}: nothing is written without -o", hint="give -o OUT")
    check_verification(rest["verify"], rest["rtol"])
    source, target = named(model, out, rest)
    check_format_options(session, source, target, rest, force=force)
    if out is not None and target is not None and not is_standard_output(session, out):
        check_model(session, out, target, force=force, is_said=rest["target_format"] is not None)


def _default_out(state: State, job: Job) -> Path:
    if state.source is None:
        raise UsageError("standard input has no name to derive OUT from", hint="give -o OUT")
    return default_out(state.source, job.backend)


def default_out(source: Path, backend: Backend) -> Path:
    """The source's name with the target's suffix; UsageError where that is the source."""
    out = source.with_suffix(backend.suffixes[0])
    if out == source:
        raise UsageError(f"{out}: would overwrite its source", hint="give -o OUT")
    return out


def _to_stdout(report: ConversionReport) -> None:
    if len(report.files) > 1:
        raise UsageError(
            f"{report.target_format} needs {len(report.files)} files, standard output takes one", hint="give -o OUT"
        )
    with report.files[0].open("rb") as file:
        shutil.copyfileobj(file, sys.stdout.buffer)
    sys.stdout.buffer.flush()
