"""The steps that read and write models: load, convert, and a command for every pair of formats."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from mgeconvert import registry
from mgeconvert.api import level_for
from mgeconvert.errors import UsageError
from mgeconvert.verification.tolerance import QUANTIZED_RTOL, RTOL

from .export import Job, check_format_options, check_verification, write
from .formats import FormatStep, named
from .guide import command
from .options import FILE, OUTPUT, STREAM, one_of, option_values
from .outputs import check_model, force_option, keep_failed_option
from .passes import pass_options, selection
from .proof import proof_option
from .reading import read
from .report.options import report_options
from .sections import VERIFICATION, Section
from .session import Session
from .state import State


def export_options() -> list[click.Parameter | Section]:
    """What every export takes."""
    return [
        force_option(),
        Section(
            VERIFICATION,
            [
                click.Option(
                    ["--verify/--no-verify"], default=True, show_default=True, help="Run the written file and judge it."
                ),
                click.Option(["--io"], type=FILE, metavar="NPZ", help="Recorded inputs and outputs to verify against."),
                rtol_option("graphs, more with options that round on purpose"),
                keep_failed_option(),
                proof_option(),
            ],
        ),
        pass_options(),
        report_options(),
    ]


def rtol_option(quantized: str) -> click.Parameter:
    return click.Option(
        ["--rtol"],
        type=float,
        metavar="LIMIT",
        help=f"The largest max|a-b| / max|b| that passes; else {RTOL:g}, {QUANTIZED_RTOL:g} for quantized {quantized}.",
    )


def out_option() -> click.Parameter:
    return click.Option(["-o", "--out"], type=OUTPUT, metavar="OUT", help="The file to write; - is standard output.")


def _load(session: Session, _: State, model: Path, source_format: str | None, **rest: Any) -> State:
    record = registry.frontend(source_format) if source_format else registry.frontend_for(model)
    state = read(session, model, record, option_values(rest, "from"))
    session.document("load", source=str(model), format=record.name, seconds=dict(session.seconds))
    session.next(*[] if model == STREAM else [command("inspect", model)])
    return state


def _check_convert(session: Session, src: Path, dst: Path, force: bool, **rest: Any) -> None:
    check_verification(rest["verify"], rest["rtol"])
    frontend, backend = named(src, dst, rest)
    if frontend is None:
        raise UsageError("standard input has no suffix that names its format", hint="say the format with --from")
    if backend is not None:
        check_format_options(session, frontend, backend, rest, force=force)
        check_model(session, dst, backend, force=force, is_said=rest["target_format"] is not None)


def _convert(session: Session, state: State, src: Path, dst: Path, **rest: Any) -> State:
    frontend, backend = named(src, dst, rest)
    assert frontend is not None
    backend = backend or registry.backend(frontend.name)
    del rest["source_format"], rest["target_format"]
    load_options, save_options = option_values(rest, "from"), option_values(rest, "to")
    passes = selection(rest, level_for(backend))
    state = read(session, src, frontend, load_options, backend)
    return write(session, state, Job("convert", backend, dst, save_options, passes, **rest))


def from_option() -> click.Parameter:
    return click.Option(
        ["--from", "source_format"],
        metavar="FORMAT",
        shell_complete=one_of(registry.frontend_names),
        help="The source's format; else its suffix says it.",
    )


def to_option() -> click.Parameter:
    return click.Option(
        ["--to", "target_format"],
        metavar="FORMAT",
        shell_complete=one_of(registry.backend_names),
        help="The target's format; else its suffix says it.",
    )


load_command = FormatStep(
    "load",
    _load,
    [click.Argument(["model"], type=FILE), from_option()],
    "Read MODEL for the steps that follow; alone, it checks that MODEL can be read.",
    formats=lambda given: named(given["model"], None, given),
    example="load m.pkl",
    begins=True,
)

convert_command = FormatStep(
    "convert",
    _convert,
    [
        click.Argument(["src"], type=FILE),
        click.Argument(["dst"], type=OUTPUT),
        from_option(),
        to_option(),
        *export_options(),
    ],
    "Convert SRC to DST; their suffixes say the formats, or --from and --to.",
    formats=lambda given: named(given["src"], given["dst"], given),
    example="convert m.pkl m.onnx",
    check=_check_convert,
)
