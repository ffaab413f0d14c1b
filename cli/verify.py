"""`mgeconvert verify`: compare a written model with recorded outputs or with the model it comes from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from mgeconvert import registry
from mgeconvert.errors import UsageError, VerificationError

from .convert import from_option, rtol_option, to_option
from .export import check_limit
from .guide import command as command_line
from .layers import by_layer, layer_options, wish
from .options import FILE
from .outputs import check_beside
from .proof import check_proof
from .report.options import report_options
from .sections import Section
from .session import Session
from .state import State
from .steps import Step
from .verdict import report_document, report_table, verdict


def _check(session: Session, files: tuple[Path, ...], io: Path | None, rtol: float | None, **rest: Any) -> None:
    """Options that would be ignored: --through-ir says what the truth is, as --io does; --from names MODEL's format."""
    if len(files) > 2:
        raise UsageError(
            f"{len(files)} files given, expected CANDIDATE or MODEL CANDIDATE",
            hint="mgeconvert verify MODEL CANDIDATE, once for each CANDIDATE",
        )
    check_limit(rtol)
    wanted = wish(rest)
    if wanted.is_any and len(files) < 2:
        raise UsageError("--per-layer compares with MODEL, and none is given", hint="mgeconvert verify MODEL CANDIDATE")
    if wanted.csv is not None:
        check_beside(session, wanted.csv, "--csv", ".csv")
    if rest["recompute"] and not rest["proof"]:
        raise UsageError("--recompute is of --proof", hint="mgeconvert verify CANDIDATE --proof --recompute")
    if rest["proof"] and (len(files) > 1 or io is not None or rest["through_ir"] or rtol is not None or wanted.is_any):
        raise UsageError(
            "--proof says what MODEL is, what was recorded and the limits", hint="mgeconvert verify CANDIDATE --proof"
        )
    if rest["through_ir"] and io is not None:
        raise UsageError("--io and --through-ir both say what the truth is", hint="give one of them")
    if rest["source_format"] is not None and len(files) < 2:
        raise UsageError("--from is of MODEL, and none is given", hint="mgeconvert verify MODEL CANDIDATE")
    if rest["target_format"] is None:
        registry.backend_for(_candidate(files[-1], rest["proof"]))
    else:
        registry.backend(rest["target_format"])


def _candidate(path: Path, is_proven: bool) -> Path:
    """The file to be judged; where its proof is to be checked, that may be named in its place."""
    if not is_proven:
        return path
    from mgeconvert.verification.proof import proved

    return proved(path)


def _verify(
    session: Session,
    state: State,
    files: tuple[Path, ...],
    io: Path | None,
    rtol: float | None,
    source_format: str | None,
    target_format: str | None,
    through_ir: bool,
    proof: bool,
    recompute: bool,
    **rest: Any,
) -> State:
    if proof:
        check_proof(session, _candidate(files[-1], proof), recompute)
        return state
    from mgeconvert.verification.expected import verify_files

    candidate = files[-1]
    model = files[0] if len(files) == 2 else state.source
    with session.stage("verify"):
        report = verify_files(candidate, model, io, rtol, target_format, source_format, through_ir)
    session.document("verify", **report_document(report), seconds=dict(session.seconds))
    session.answer(verdict(report), report_table(report))
    wanted = wish(rest)
    if wanted.is_any:
        found = by_layer(session, wanted, files, io, rtol, source_format, target_format)
        session.collected.shows(found.candidate.graph)
        session.collected.comparison = found
    elif session.collected.is_wanted:
        target = registry.backend(target_format) if target_format else registry.backend_for(candidate)
        if target.name in registry.frontend_names():
            session.collected.shows(registry.frontend(target.name).load(candidate))
    report.require()
    if report.state == "ran":
        raise VerificationError(
            f"{candidate}: ran, and there was nothing to compare its outputs with",
            hint=f"mgeconvert verify MODEL {candidate}, or --io NPZ",
        )
    session.next(command_line("run", candidate, "--random"))
    return state


command = Step(
    "verify",
    _verify,
    [
        click.Argument(["files"], nargs=-1, required=True, type=FILE, metavar="[MODEL] CANDIDATE"),
        click.Option(
            ["--io"], type=FILE, metavar="NPZ", help="Recorded inputs and outputs; else MODEL's .npz beside it."
        ),
        rtol_option("files"),
        click.Option(
            ["--through-ir"], is_flag=True, help="Truth is mgeconvert's own reading of MODEL, where it has no runtime."
        ),
        click.Option(["--proof"], is_flag=True, help="Check the files of CANDIDATE.proof.json, which --proof wrote."),
        click.Option(["--recompute"], is_flag=True, help="With --proof: compute the figures again."),
        from_option(),
        to_option(),
        Section("Layer by layer", layer_options()),
        report_options(),
    ],
    "Run CANDIDATE in its runtime and compare it with recorded outputs (--io, or the .npz beside the model), or with "
    "MODEL's own run on random inputs. Relative error is max|a-b| / max|b|, b the truth.",
    check=_check,
)
