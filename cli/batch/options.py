"""A manifest's keys as options of the commands `A-to-B`."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from mgeconvert.errors import UsageError

from ..options import STREAM, InputFile, InputNames, OutputFile, OutputName
from ..pairs import pair_command
from .job import Job, Word
from .manifest import Place, guess
from .urls import Where, joined

TRACED = "tm"
"""What tracing a network makes."""
WORDS = {"true": True, "false": False}
NOT_IN_A_MANIFEST = frozenset({"out", "json", "help", "quiet", "debug", "timeout", "max-memory"})
"""Options that a batch sets itself."""


@functools.cache
def _options(source: str, target: str) -> dict[str, click.Option]:
    """The long names of the options of a pair's command, without dashes, those that switch off included."""
    found: dict[str, click.Option] = {}
    for parameter in pair_command(source, target).params:
        if isinstance(parameter, click.Option):
            for name in (*parameter.opts, *parameter.secondary_opts):
                if name.startswith("--") and name.removeprefix("--") not in NOT_IN_A_MANIFEST:
                    found[name.removeprefix("--")] = parameter
    return found


def option_names(source: str, target: str) -> frozenset[str]:
    """What a manifest may say for this pair."""
    return frozenset(_options(source, target))


def with_options(jobs: Sequence[Job], given: Sequence[str]) -> list[Job]:
    """The jobs with options of the command line, ``proof`` or ``opset=13``: each job takes those that its command has,
    after the manifest's own. UsageError for one that no job takes."""
    texts: dict[str, list[Any]] = {}
    for word in given:
        name, equals, text = word.removeprefix("--").partition("=")
        texts.setdefault(name, []).append(text if equals else True)
    every = {name for job in jobs for name in option_names(job.source_format or TRACED, job.target)}
    for name in texts:
        if name not in every:
            raise UsageError(f"--option {name} is no option of these conversions{guess(name, sorted(every))}")
    found = []
    for job in jobs:
        source = job.source_format or TRACED
        known = _options(source, job.target)
        own = {
            name: WORDS.get(text[-1], text[-1]) if known[name].is_flag else text
            for name, text in texts.items()
            if name in known
        }
        words, reads = command_line(source, job.target, own, None)
        found.append(replace(job, args=(*job.args, *words), reads=(*job.reads, *reads)))
    return found


def command_line(
    source: str, target: str, options: Mapping[str, Any], place: Place | None
) -> tuple[list[Word], tuple[Where, ...]]:
    """The words of the options, and the files that they read, which are relative to the manifest at that place."""
    words: list[Word] = []
    reads: list[Where] = []
    folder: Where = Path() if place is None else place.path.parent
    for name, value in options.items():
        option = _options(source, target)[name]
        at = "--option" if place is None else place.at(name)
        if option.is_flag or option.count:
            if not isinstance(value, bool):
                raise UsageError(f"{at}: {name} is true or false, not {value!r}")
            if value:
                words.append(f"--{name}")
            elif f"--no-{name}" in option.secondary_opts:
                words.append(f"--no-{name}")
            continue
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, bool | Mapping):
                raise UsageError(f"{at}: {name} needs a value, not {str(item).lower():.60}")
            _check(option, str(item), f"{at}: {name}")
            word = _word(option.type, str(item), folder)
            words += [f"--{name}", word]
            if isinstance(option.type, InputFile | InputNames):
                parts = word if isinstance(word, tuple) else (word,)
                reads += [part for part in parts if not isinstance(part, str)]
    return words, tuple(reads)


def _check(option: click.Option, text: str, at: str) -> None:
    """UsageError for a value that the option cannot have; whether files are there is seen where they are read."""
    if isinstance(option.type, InputFile | InputNames | OutputFile | OutputName):
        return
    try:
        option.type(text, option, None)
    except click.UsageError as error:
        raise UsageError(f"{at}: {error.message.removesuffix('.')}") from error


def _word(kind: click.ParamType, text: str, folder: Where) -> Word:  # type: ignore[type-arg]
    """A value as it stands in the command line, files of it as such."""
    if isinstance(kind, InputFile | OutputFile | OutputName):
        return joined(folder, text) if text != str(STREAM) else text
    if not isinstance(kind, InputNames):
        return text
    parts: list[str | Where] = []
    for number, item in enumerate(text.split(",")):
        name, equals, file = item.rpartition("=")
        parts += [f"{',' if number else ''}{name}{equals}", joined(folder, file)]
    return tuple(parts)
