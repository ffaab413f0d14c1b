"""The commands `A-to-B`: one for every pair of formats, of one model or of several."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from mgeconvert import registry
from mgeconvert.api import level_for
from mgeconvert.errors import UsageError
from mgeconvert.files import Destination
from mgeconvert.registry import Backend

from .convert import export_options
from .export import Job, check_format_options, check_verification, default_out, write
from .formats import format_options
from .options import FILE, STREAM, option_values
from .outputs import check_model
from .passes import selection
from .reading import read
from .sections import flat, with_formats
from .session import Session
from .several import Folder, PlaceOrFolder, Plan, convert_each, planned
from .state import State
from .steps import Step


def pair_command(source: str, target: str) -> click.Command:
    """The command ``source-to-target``, with the options of both formats' records."""
    frontend, backend = registry.frontend(source), registry.backend(target)
    name = f"{source}-to-{target}"
    out_option = click.Option(
        ["-o", "--out"],
        type=PlaceOrFolder(),
        metavar="OUT",
        help="The file to write, or FOLDER/ for files called like their models; - is standard output.",
    )
    own = [click.Argument(["models"], nargs=-1, type=FILE, metavar="[MODEL]..."), out_option, *export_options()]
    foreign = format_options([frontend], [backend], flat(own))

    def check(session: Session, models: Sequence[Path], out: Path | Folder | None, force: bool, **rest: Any) -> None:
        check_verification(rest["verify"], rest["rtol"])
        check_format_options(session, frontend, backend, rest, force=force)
        plan = planned(models, out, frontend, backend)
        session.inputs.update(dict.fromkeys(plan.inputs))
        if plan.is_several:
            _check_alone(session, plan, rest, backend)
        for model, place in plan.jobs:
            if place is not None and not plan.makes_folder:
                check_model(session, place, backend, force=force)
            elif place is None and model not in (None, STREAM):
                assert model is not None
                default = Destination(default_out(model, backend), False, force, inputs=tuple(session.inputs))
                default.check(backend.wrote, backend.names(default.path))

    def one(session: Session, state: State, model: Path | None, out: Path | None, rest: dict[str, Any]) -> State:
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
                hint=f"mgeconvert load MODEL {state.formats[0]}-to-{target} -o OUT",
            )
        return write(session, state, Job(name, backend, out, save_options, passes, **rest))

    def function(
        session: Session, state: State, models: Sequence[Path], out: Path | Folder | None, **rest: Any
    ) -> State:
        plan = planned(models, out, frontend, backend)
        plan.make_folder()
        if plan.is_several:
            convert_each(session, plan, lambda model, place: one(session, state, model, place, {**rest}))
            return state
        return one(session, state, *plan.jobs[0], rest)

    return Step(
        name, function, with_formats(own, foreign), f"Convert {frontend.title} to {backend.title}.", check=check
    )


def _check_alone(session: Session, plan: Plan, rest: dict[str, Any], backend: Backend) -> None:
    """UsageError for several models where there can be one only."""
    count = len(plan.jobs)
    if session.step:
        raise UsageError(f"{count} models in a chain of steps, expected one", hint="leave the other steps out")
    if rest["io"] is not None:
        raise UsageError(
            f"--io {rest['io']}: is recorded of one model, {count} are given", hint="put NAME.npz beside each NAME"
        )
    for option in backend.options:
        if option.file == "writes" and rest[f"to_{option.name}"]:
            flag = f"--{option.name.replace('_', '-')}"
            raise UsageError(f"{flag}: is one file, {count} models are given", hint="convert them one by one")
