"""``--proof``: a document beside a verified file, and checking it again."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mgeconvert.errors import BadInputError, UsageError, VerificationError
from mgeconvert.files import output_files

from .options import given_parameters
from .session import Session, plural

if TYPE_CHECKING:
    from mgeconvert.verification.recorded import Recorded
    from mgeconvert.verification.report import VerificationReport

    from .state import State

OF_THE_RUN = frozenset(
    {
        *("out", "force", "verify", "io", "keep_failed", "show_declined", "proof", "report", "node_data"),
        *("json", "quiet", "debug", "timeout", "max_memory"),
    }
)
"""Parameters that say nothing of the model."""


def proof_option() -> click.Parameter:
    """The option of every export."""
    return click.Option(
        ["--proof/--no-proof"],
        default=False,
        help="Also write OUT.proof.json: hashes, versions, options and figures of the verification.",
    )


def write_proof(
    session: Session,
    state: State,
    report: VerificationReport,
    files: Sequence[Path],
    recorded: Path | Recorded | None,
    passes: Sequence[Mapping[str, Any]],
) -> Path | None:
    """The proof of a file that passed, beside it; None, and why is said, where nothing was compared or the source is
    no file."""
    from mgeconvert.verification.proof import proof, proof_path

    source = state.source
    if not report.passed or source is None or not source.is_file():
        session.say("no proof is written: the file was not compared with anything that could be compared again")
        return None
    read = recorded if isinstance(recorded, Path | None) else recorded.path
    compared = read if report.method == "recorded" and read is not None and read.is_file() else None
    at = proof_path(files[0])
    did = {"options": _given(), "passes": [*passes], "is_of_run": state.is_of_run}
    document = proof(report, source, files, compared, did, at)
    with output_files(at) as (file,):
        file.write(json.dumps(document, indent=2, ensure_ascii=False).encode())
    session.say(f"wrote {at}")
    return at


def _given() -> dict[str, Any]:
    """The options of the step that the command line gives and that are about the model, by their long names."""
    values = click.get_current_context().params
    return {
        max(parameter.opts, key=len).lstrip("-"): _said(values.get(parameter.name or ""))
        for parameter in given_parameters()
        if isinstance(parameter, click.Option) and parameter.name not in OF_THE_RUN
    }


def _said(value: Any) -> Any:
    """A parameter's value in JSON."""
    if isinstance(value, list | tuple):
        return [_said(each) for each in value]
    return value if isinstance(value, bool | int | float | None) else str(value)


def check_proof(session: Session, candidate: Path, recompute: bool) -> None:
    """Say whether the files are those that were compared, and with `recompute` whether the figures still hold;
    VerificationError where not."""
    from mgeconvert.verification.proof import changes, files_of, limit_of, proof_path, read_proof, worse

    at = proof_path(candidate)
    found = read_proof(at)
    lines = [str(each) for each in changes(found, at)]
    count = plural(len(found["files"]), "file")
    content: dict[str, Any] = {"proof": str(at), "files": len(found["files"]), "changed": lines, "passed": not lines}
    session.document("verify", **content)
    if lines:
        raise VerificationError("\n".join([f"{at}: proves other files", *(f"  {line}" for line in lines)]))
    session.answer(f"{count} of {at} as they were compared, with mgeconvert {found['version']}")
    if not recompute:
        return
    if found.get("is_of_run"):
        raise UsageError(
            f"{at}: the file was compared with what an edit or a quantization made of its source, which no file holds",
            hint="make the file again with --proof",
        )
    from mgeconvert.verification.expected import verify_files

    sources, recorded = files_of(found, at, "source"), files_of(found, at, "recorded")
    if not sources:
        raise BadInputError(f"{at}: names no source", hint="mgeconvert convert MODEL OUT --proof writes a proof")
    with session.stage("verify"):
        report = verify_files(candidate, sources[0], recorded[0] if recorded else None, limit=limit_of(found))
    lines = worse(found, report)
    from .verdict import report_document, report_table, verdict

    session.document("verify", **{**report_document(report), **content, "passed": not lines})
    session.answer(verdict(report), report_table(report))
    if lines:
        raise VerificationError("\n".join([f"{at}: the figures do not hold any more", *(f"  {s}" for s in lines)]))
