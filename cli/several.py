"""Several models in one command: patterns, a folder for what is written, a line each; none takes the others down."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from mgeconvert.errors import MgeconvertError, UsageError
from mgeconvert.files import missing, noted
from mgeconvert.registry import Backend, Frontend

from . import problems
from .colours import BAD, GOOD, coloured
from .export import default_out
from .options import STREAM, OutputFile
from .session import Session, plural


@dataclass(frozen=True, slots=True)
class Folder:
    """An output that is named with a slash at its end: what is written there is called like its model."""

    path: Path


class PlaceOrFolder(OutputFile):
    """A path that is written; one that ends in a slash is a folder."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if isinstance(value, str) and value.endswith(os.sep) and value.strip(os.sep):
            return Folder(Path(value))
        return super().convert(value, param, ctx)


class SeveralError(MgeconvertError):
    """Some of several models failed, each for its own reason; the exit code is the worst of theirs."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code


@dataclass(frozen=True, slots=True)
class Plan:
    """Each model with the file that it becomes: None for the name that it has by default, a model None for that of the
    step before. `is_several` says that more than one may be meant; `folder` is made unless it is there."""

    jobs: Sequence[tuple[Path | None, Path | None]]
    is_several: bool = False
    folder: Path | None = None

    @property
    def inputs(self) -> Iterator[Path]:
        """The models, and the recorded data that may lie beside them."""
        for model, _ in self.jobs:
            if model is not None and model.name:
                yield from (model, model.with_suffix(".npz"))

    @property
    def makes_folder(self) -> bool:
        return self.folder is not None and not self.folder.exists()

    def make_folder(self) -> None:
        if self.folder is not None:
            try:
                self.folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise UsageError(f"{self.folder}: is no folder and cannot become one: {error.strerror}") from error


def planned(models: Sequence[Path], out: Path | Folder | None, source: Frontend, target: Backend) -> Plan:
    """What is to be done; UsageError where two models would become one file, or a file is named for several."""
    found = list(_expanded(models, source))
    several = len(models) > 1 or any(_is_pattern(model) for model in models)
    folder = out.path if isinstance(out, Folder) else None
    if several and isinstance(out, Path) and out != STREAM and out.is_dir():
        folder = out
    if folder is not None and folder.exists() and not folder.is_dir():
        raise UsageError(
            f"-o {folder}/: is a file, expected a folder", hint=f"-o {folder.with_suffix('')}.{target.name}/"
        )
    if several and STREAM in found:
        raise UsageError("- is one of several models, standard input is one alone")
    if isinstance(out, Path) and folder is None:
        if len(found) > 1:
            raise UsageError(f"-o {out}: is one file, {len(found)} models are given", hint=f"-o {out.with_suffix('')}/")
        return Plan([(found[0] if found else None, out)], several)
    if not found or found == [STREAM]:
        if folder is not None:
            raise UsageError(f"-o {folder}/: the model has no name that the file could have", hint="give -o OUT")
        return Plan([(found[0] if found else None, None)])
    suffix = target.suffixes[0]
    jobs = [(model, None if folder is None else folder / model.with_suffix(suffix).name) for model in found]
    _check_collisions([(model, place or default_out(model, target)) for model, place in jobs])
    return Plan(jobs, several, folder)


def convert_each(session: Session, plan: Plan, convert: Callable[[Path, Path | None], Any]) -> None:
    """Convert each model; SeveralError in the end where one or more failed."""
    session.each, lines, codes = [], [], []
    for path in plan.inputs:
        noted(path)
    for model, place in plan.jobs:
        assert model is not None
        session.documents, session.seconds = [{}], {}
        error: dict[str, Any] | None = None
        code = 0
        try:
            convert(model, place)
        except Exception as failure:  # noqa: BLE001 (one model's failure, a bug of ours too, is not the others')
            code, error = problems.say(failure, session, f"{model}: ")
        document = {"model": str(model), **session.documents[0], "exit_code": code}
        session.each.append(document if error is None else {**document, "error": error})
        codes.append(code)
        lines.append(f"{model}: {_summary(session.documents[0], error, model)}")
    session.next()
    for line in lines:
        session.say(line)
    failed = [str(model) for (model, _), code in zip(plan.jobs, codes, strict=True) if code]
    if failed:
        named = ", ".join(failed[:5]) + (", ..." if len(failed) > 5 else "")
        raise SeveralError(f"{len(failed)} of {plural(len(codes), 'model')} failed: {named}", max(codes))


def _summary(document: dict[str, Any], error: dict[str, Any] | None, model: Path) -> str:
    if error is not None:
        return f"{coloured('FAILED', BAD)}: {str(error['message']).splitlines()[0].removeprefix(f'{model}: ')}"
    state = (document.get("verification") or {}).get("state", "not run")
    said = {"compared": coloured("verified", GOOD), "ran": "ran, not compared"}.get(state, "not verified")
    return f"{', '.join(file['path'] for file in document['files'])}, {said}"


def _expanded(models: Sequence[Path], source: Frontend) -> Iterator[Path]:
    """The files, patterns replaced by what they match: the models among it where there are any. Each file once."""
    seen: set[str] = set()
    for model in models:
        for path in _matches(model, source) if _is_pattern(model) else [model]:
            if os.path.abspath(path) not in seen:
                seen.add(os.path.abspath(path))
                yield path


def _matches(pattern: Path, source: Frontend) -> list[Path]:
    found = [Path(text) for text in sorted(glob.glob(str(pattern), recursive=True))]
    if not found:
        raise missing(pattern)
    return [path for path in found if path.name.lower().endswith(source.suffixes)] or found


def _is_pattern(model: Path) -> bool:
    """A file that is called like a pattern is a file."""
    return glob.has_magic(str(model)) and not model.exists()


def _check_collisions(jobs: Sequence[tuple[Path, Path]]) -> None:
    seen: dict[str, Path] = {}
    for model, place in jobs:
        other = seen.setdefault(os.path.abspath(place), model)
        if other is not model:
            raise UsageError(
                f"{place}: both {other} and {model} would be written there", hint="convert them into different folders"
            )
