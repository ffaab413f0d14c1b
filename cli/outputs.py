"""What a command reads and writes, from its parameters: checked by the rule of `mgeconvert.files` before any model is
read."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mgeconvert.errors import UsageError
from mgeconvert.files import check_place, check_replaceable, is_stream

from .options import STREAM, InputFile, InputNames
from .session import Session

if TYPE_CHECKING:
    from mgeconvert.registry import Backend


def inputs(command: click.Command, parameters: Mapping[str, Any]) -> Iterator[Path]:
    """The files that a command is told to read, and the recorded data beside its models."""
    for parameter in command.params:
        value = parameters.get(parameter.name or "")
        if value is None or not isinstance(parameter.type, InputFile | InputNames):
            continue
        for path in parameter.type.paths(value):
            yield path
            if isinstance(parameter, click.Argument):
                yield path.with_suffix(".npz") if path.name else path


def force_option() -> click.Parameter:
    return click.Option(
        ["--force"],
        is_flag=True,
        help="Replace OUT also where it is an input, or not written by mgeconvert.",
    )


def keep_failed_option() -> click.Parameter:
    return click.Option(
        ["--keep-failed/--no-keep-failed"],
        default=False,
        help="Keep a file that fails its verification, as NAME.failed.SUFFIX.",
    )


def check_model(session: Session, out: Path, record: Backend, *, force: bool, is_said: bool = False) -> None:
    """UsageError where the model cannot be written to `out`; `is_said` says that --to names its format."""
    if is_standard_output(session, out):
        return
    for name in record.names(out):
        check_file(session, name, force=force)
    if is_stream(out) or _has_suffix(out, record):
        return
    from mgeconvert import registry

    known = any(_has_suffix(out, registry.backend(name)) for name in registry.backend_names())
    if known or not is_said:
        suffixes = " or ".join(record.suffixes)
        raise UsageError(
            f"{out}: is no name for a file of {record.title}, which ends in {suffixes}",
            hint=f"-o {out.with_suffix(record.suffixes[0])}",
        )


def check_file(session: Session, out: Path, *, force: bool) -> None:
    """UsageError where no file can be made at `out`, or one may not be replaced."""
    if is_stream(out):
        return
    check_place(out)
    check_replaceable(out, session.inputs, overwrite=force)


def check_beside(session: Session, out: Path, option: str, *suffixes: str, force: bool = False) -> None:
    """UsageError where what `option` writes beside a model cannot be called `out`: its suffix is one of `suffixes`."""
    check_file(session, out, force=force)
    if is_stream(out) or out.name.lower().endswith(suffixes):
        return
    raise UsageError(
        f"{option} {out}: expected a name that ends in {' or '.join(suffixes)}",
        hint=f"{option} {out.with_suffix(suffixes[0])}",
    )


def is_standard_output(session: Session, out: Path) -> bool:
    """Whether that is where the model goes; UsageError where it is taken by the JSON document."""
    if out == STREAM and session.json:
        raise UsageError("standard output takes either the model or the JSON document", hint="give -o OUT")
    return out == STREAM


def _has_suffix(path: Path, record: Backend) -> bool:
    return os.fspath(path.name).lower().endswith(record.suffixes)
