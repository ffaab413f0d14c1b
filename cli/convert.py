"""The steps that read and write models: load, convert, and a command for every pair of formats."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from mgeconvert import registry
from mgeconvert.api import level_for
from mgeconvert.errors import UsageError
from mgeconvert.files import Destination
from mgeconvert.verification.tolerance import QUANTIZED_RTOL, RTOL

from .export import Job, check_format_options, check_verification, default_out, write
from .formats import FormatStep, format_options, named
from .options import FILE, OUTPUT, STREAM, one_of, option_values
from .outputs import check_model, force_option, keep_failed_option
from .passes import pass_options, selection
from .reading import read
from .sections import VERIFICATION, Section, flat, with_formats
from .session import Session
from .state import State
from .steps import Step


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
            ],
        ),
        pass_options(),
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


def pair_command(source: str, target: str) -> click.Command:
    """The command ``source-to-target``, with the options of both formats' records."""
    frontend, backend = registry.frontend(source), registry.backend(target)
    name = f"{source}-to-{target}"
    own = [click.Argument(["model"], required=False, type=FILE), out_option(), *export_options()]
    foreign = format_options([frontend], [backend], flat(own))

    def check(session: Session, model: Path | None, out: Path | None, force: bool, **rest: Any) -> None:
        check_verification(rest["verify"], rest["io"], rest["rtol"])
        check_format_options(session, frontend, backend, rest, force=force)
        if out is not None:
            check_model(session, out, backend, force=force)
        elif model not in (None, STREAM):
            assert model is not None
            default = Destination(default_out(model, backend), False, force, inputs=tuple(session.inputs))
            default.check(backend.wrote, backend.names(default.path))

    def function(session: Session, state: State, model: Path | None, out: Path | None, **rest: Any) -> State:
        load_options, save_options = option_values(rest, "from"), option_values(rest, "to")
        passes = selection(rest, level_for(backend))
        if model is not None:
            state = read(session, model, frontend, load_options, backend)
        elif state.graph is None:
            raise UsageError("MODEL is missing and no step before gives one", hint=f"mgeconvert {name} MODEL")
        elif source not in state.formats:
            formats = " and ".join(state.formats)
            raise UsageError(
                f"the step before gives a {formats} model, {name} takes {source}",
                hint=f"mgeconvert ... {state.formats[0]}-to-{target}",
            )
        return write(session, state, Job(name, backend, out, save_options, passes, **rest))

    return Step(
        name, function, with_formats(own, foreign), f"Convert {frontend.title} to {backend.title}.", check=check
    )


def _load(session: Session, _: State, model: Path, source_format: str | None, **rest: Any) -> State:
    record = registry.frontend(source_format) if source_format else registry.frontend_for(model)
    state = read(session, model, record, option_values(rest, "from"))
    session.document("load", source=str(model), format=record.name, seconds=dict(session.seconds))
    return state


def _check_convert(session: Session, src: Path, dst: Path, force: bool, **rest: Any) -> None:
    check_verification(rest["verify"], rest["io"], rest["rtol"])
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
