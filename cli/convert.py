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

from .export import Job, check_verification, default_out, write
from .options import FILE, OUTPUT, STREAM, click_options, one_of, option_values
from .outputs import check_file, check_model, force_option, keep_failed_option
from .passes import pass_options, selection
from .reading import read
from .session import Session
from .state import State
from .steps import Step


def export_options() -> list[click.Parameter]:
    """What every export takes."""
    return [
        click.Option(
            ["--verify/--no-verify"], default=True, show_default=True, help="Run the written file and judge it."
        ),
        click.Option(["--io"], type=FILE, metavar="NPZ", help="Recorded inputs and outputs to verify against."),
        click.Option(
            ["--rtol"],
            type=float,
            show_default=f"{RTOL:g}, {QUANTIZED_RTOL:g} for quantized graphs, more with options that round on purpose",
            help="Limit of max|a-b| / max|b|.",
        ),
        force_option(),
        keep_failed_option(),
        *pass_options(),
    ]


def out_option() -> click.Parameter:
    return click.Option(["-o", "--out"], type=OUTPUT, metavar="OUT", help="The file to write; - is standard output.")


def pair_command(source: str, target: str) -> click.Command:
    """The command ``source-to-target``, with the options of both formats' records."""
    frontend, backend = registry.frontend(source), registry.backend(target)
    name = f"{source}-to-{target}"
    own = [click.Argument(["model"], required=False, type=FILE), out_option(), *export_options()]
    taken = _flags(own)
    foreign = [*click_options(backend.options, "to", taken), *click_options(frontend.options, "from", taken)]

    def check(session: Session, model: Path | None, out: Path | None, force: bool, **rest: Any) -> None:
        check_verification(rest["verify"], rest["io"], rest["rtol"])
        for option in backend.options:
            if option.file == "writes" and rest[f"to_{option.name}"]:
                check_file(session, Path(rest[f"to_{option.name}"]), force=force)
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

    return Step(name, function, [*own, *foreign], f"Convert {frontend.title} to {backend.title}.", check=check)


def _load(session: Session, _: State, model: Path, source_format: str | None, **rest: Any) -> State:
    record = registry.frontend(source_format) if source_format else registry.frontend_for(model)
    state = read(session, model, record, _own_options(record, option_values(rest, "from")))
    session.document("load", source=str(model), format=record.name, seconds=dict(session.seconds))
    return state


def _load_options() -> list[registry.Option]:
    return [option for name in registry.frontend_names() for option in registry.frontend(name).options]


def _own_options(record: registry.Frontend, given: dict[str, Any]) -> dict[str, Any]:
    """The options that the format has; UsageError for one of another format."""
    own = {option.name for option in record.options}
    defaults = {option.name: option.default for option in _load_options()}
    for name, value in given.items():
        if name not in own and value != defaults[name]:
            raise UsageError(f"--{name.replace('_', '-')} is no option of the {record.title} format")
    return {name: value for name, value in given.items() if name in own}


def _check_convert(session: Session, dst: Path, target_format: str | None, force: bool, **rest: Any) -> None:
    check_verification(rest["verify"], rest["io"], rest["rtol"])
    if rest["source_format"] is None:
        registry.frontend_for(rest["src"])
    record = registry.backend(target_format) if target_format else registry.backend_for(dst)
    check_model(session, dst, record, force=force, is_said=target_format is not None)


def _convert(
    session: Session,
    state: State,
    src: Path,
    dst: Path,
    source_format: str | None,
    target_format: str | None,
    **rest: Any,
) -> State:
    frontend = registry.frontend(source_format) if source_format else registry.frontend_for(src)
    backend = registry.backend(target_format) if target_format else registry.backend_for(dst)
    state = read(session, src, frontend, {}, backend)
    return write(session, state, Job("convert", backend, dst, {}, selection(rest, level_for(backend)), **rest))


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


def _flags(parameters: list[click.Parameter]) -> set[str]:
    """The long names that are taken, those of the switches included."""
    flags = {
        option.removeprefix("--") for parameter in parameters for option in (*parameter.opts, *parameter.secondary_opts)
    }
    return flags | {"json", "quiet", "debug", "help"}


def load_command() -> click.Command:
    """`load`, with the options of every format that can be read."""
    own = [click.Argument(["model"], type=FILE), from_option()]
    options = {option.name: option for option in _load_options()}
    return Step(
        "load",
        _load,
        [*own, *click_options(options.values(), "from", _flags(own))],
        "Read MODEL for the steps that follow; alone, it checks that MODEL can be read.",
        begins=True,
    )


convert_command = Step(
    "convert",
    _convert,
    [
        click.Argument(["src"], type=FILE),
        click.Argument(["dst"], type=OUTPUT),
        from_option(),
        to_option(),
        *export_options(),
    ],
    "Convert SRC to DST by their suffixes. `mgeconvert A-to-B` has the options of the formats too.",
    check=_check_convert,
)
