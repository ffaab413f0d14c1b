"""`mgeconvert trace`: import a user's MegEngine network, trace it, record what it computes."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mgeconvert import registry
from mgeconvert.errors import UsageError
from mgeconvert.files import check_replaceable

from .guide import command as command_line
from .options import FILE, OUTPUT, STREAM, InputNames
from .outputs import check_model, force_option, is_standard_output
from .reading import read
from .session import Session
from .state import State
from .steps import Step

if TYPE_CHECKING:
    from mgeconvert.reference.arguments import Constant, Feeds, Input
    from mgeconvert.reference.tracing import Target, Traced

FORMAT = "tm"
USAGE = "mgeconvert trace package.module:factory --input 1,3,224,224 -o OUT.pkl"
UNNAMED = Path("the trace")
"""What reports call recorded data that is in no file."""


def _check(
    session: Session,
    target: str | None,
    hub: str | None,
    inputs: Sequence[str],
    constants: Sequence[str],
    feeds: str | None,
    paths: Sequence[Path],
    kwargs: str | None,
    out: Path | None,
    force: bool,
    **_: Any,
) -> None:
    """A trace is OUT and the arrays beside it; arrays that lie there without a model are not those of a trace."""
    if (target is None) == (hub is None):
        raise UsageError("expected either TARGET or --hub", hint=USAGE)
    if hub is not None and paths:
        raise UsageError("--path is for a TARGET, --hub names its repository", hint="give one of them")
    if feeds is not None and (inputs or constants):
        raise UsageError("--inputs gives all arguments", hint="leave out --input and --const")
    if feeds is None and not inputs:
        raise UsageError("nothing says what to trace with", hint="give --input [NAME=]1,3,224,224[:dtype]")
    _given(inputs, constants, feeds)
    _kwargs(kwargs)
    if force and out is None:
        raise UsageError("--force replaces a file, and nothing is written without -o", hint="give -o OUT.pkl")
    if out is None or is_standard_output(session, out):
        return
    check_model(session, out, registry.backend(FORMAT), force=force)
    recorded = out.with_suffix(".npz")
    check_replaceable(recorded, session.inputs, overwrite=force, wrote=lambda _: out.exists())


def _trace(
    session: Session,
    state: State,
    target: str | None,
    hub: str | None,
    inputs: Sequence[str],
    constants: Sequence[str],
    feeds: str | None,
    allow_baked: bool,
    paths: Sequence[Path],
    kwargs: str | None,
    weights: Path | None,
    out: Path | None,
    force: bool,  # noqa: ARG001 (what is written was checked before)
) -> State:
    if out is None and session.is_last:
        raise UsageError("nothing would be left of the trace", hint="give -o OUT.pkl, or a step that uses it")
    from mgeconvert.reference.tracing import trace

    wanted = _target(target, hub, paths, kwargs, weights)
    given = _given(inputs, constants, feeds)
    if out is not None and out != STREAM:
        with session.stage("trace"):
            traced = trace(wanted, given, out, allow_baked=allow_baked)
        return _after(session, state, traced, out)
    with tempfile.TemporaryDirectory(prefix="mgeconvert-") as folder:
        with session.stage("trace"):
            traced = trace(wanted, given, Path(folder, "model.pkl"), allow_baked=allow_baked)
        if out == STREAM:
            sys.stdout.buffer.write(traced.model.read_bytes())
            sys.stdout.buffer.flush()
        return _after(session, state, traced, None)


def _after(session: Session, state: State, traced: Traced, out: Path | None) -> State:
    """Say what was done; where a step follows, the state is the model that was read, with its recorded data."""
    for note in traced.notes:
        session.say(note)
    for warning in traced.warnings:
        session.say(f"warning: {warning}")
    files = [traced.model, traced.recorded] if out else []
    session.say(
        f"traced {', '.join(traced.inputs)} to {traced.structure}"
        + (f"; wrote {', '.join(map(str, files))}" if files else "")
    )
    session.document(
        "trace",
        inputs=list(traced.inputs),
        outputs=list(traced.outputs),
        structure=traced.structure,
        notes=list(traced.notes),
        warnings=list(traced.warnings),
        files=[{"path": str(path), "bytes": path.stat().st_size} for path in files],
        seconds=dict(session.seconds),
    )
    if session.is_last:
        session.next(*[] if out in (None, STREAM) else [command_line(f"{FORMAT}-to-onnx", traced.model)])
        return state
    from mgeconvert.verification.recorded import read_recorded

    state = read(session, traced.model, registry.frontend(FORMAT), {})
    assert state.graph is not None
    recorded = read_recorded(traced.recorded, state.graph.inputs, state.graph.outputs)
    return State(state.graph, out, state.formats, recorded if out else replace(recorded, path=UNNAMED))


def _target(
    target: str | None, hub: str | None, paths: Sequence[Path], kwargs: str | None, weights: Path | None
) -> Target:
    from mgeconvert.reference.tracing import Target

    arguments = _kwargs(kwargs)
    if hub is not None:
        return Target(hub, True, (), arguments, weights)
    assert target is not None
    name, colon, attribute = target.rpartition(":")
    if name.endswith(".py"):
        file = Path(name)
        if not file.is_file():
            raise UsageError(f"{target}: no file {name}", hint=USAGE)
        return Target(f"{file.stem}{colon}{attribute}", False, (file.parent, *paths), arguments, weights)
    return Target(target, False, (*paths, Path()), arguments, weights)


def _given(inputs: Sequence[str], constants: Sequence[str], feeds: str | None) -> Sequence[Input | Constant] | Feeds:
    """The arguments of forward(); UsageError for what says none."""
    from mgeconvert.reference.arguments import check_names, parse_constant, parse_feeds, parse_input

    if feeds is not None:
        return parse_feeds(feeds)
    given: list[Input | Constant] = [*map(parse_input, inputs), *map(parse_constant, constants)]
    check_names([each.name for each in given])
    return given


def _kwargs(text: str | None) -> dict[str, Any]:
    try:
        arguments = json.loads(text or "{}")
    except ValueError as error:
        raise UsageError(f"--kwargs {text}: no JSON: {error}", hint="--kwargs '{\"depth\": 18}'") from error
    if not isinstance(arguments, dict):
        raise UsageError(f"--kwargs {text}: expected an object", hint="--kwargs '{\"depth\": 18}'")
    return arguments


command = Step(
    "trace",
    _trace,
    [
        click.Argument(["target"], required=False, metavar="package.module:factory"),
        click.Option(["--hub"], metavar="REPO:ENTRY", help="Of MegEngine's model hub instead: owner/repository:entry."),
        click.Option(
            ["--input", "inputs"],
            multiple=True,
            type=InputNames(),
            metavar="[NAME=]SHAPE[:DTYPE]",
            help="An argument of forward(): 1,3,224,224 (random numbers) or a file.npy; once for each. A part of one: "
            "pair.0=SHAPE in a list, d.low=SHAPE in a dict.",
        ),
        click.Option(
            ["--const", "constants"],
            multiple=True,
            metavar="NAME=JSON",
            help="An argument that is no array: flag=true, scale=2.0.",
        ),
        click.Option(
            ["--inputs", "feeds"],
            metavar="FILE.py:NAME",
            help="All arguments of forward(): a dict by name or a tuple in order, or a function that gives one.",
        ),
        click.Option(
            ["--allow-baked"],
            is_flag=True,
            help="Keep a trace that holds values of its input: say so instead of refusing it.",
        ),
        click.Option(["--path", "paths"], type=FILE, multiple=True, metavar="DIR", help="A folder to import from."),
        click.Option(["--kwargs"], metavar="JSON", help="The factory's arguments."),
        click.Option(
            ["--weights"],
            type=FILE,
            metavar="FILE",
            help="A state dict to load, a checkpoint that holds one, or an .npz.",
        ),
        click.Option(["-o", "--out"], type=OUTPUT, metavar="OUT", help="The TracedModule to write; OUT.npz is beside."),
        force_option(),
    ],
    "Import a factory of a MegEngine network, call it, trace the module in inference mode, write it as a TracedModule "
    "and record what it computed. Runs MegEngine here where it can be imported, else in its reference environment.",
    begins=True,
    check=_check,
)
