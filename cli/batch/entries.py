"""What is to be done: the jobs of manifests, folders and model files, each checked before the first one starts."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from mgeconvert import registry
from mgeconvert.errors import UsageError

from .job import Job, Word
from .journal import written
from .manifest import Place, check_keys, guess, read
from .options import command_line, option_names, with_options
from .urls import READ_ONLY, Url, Where, joined

OWN = ("path", "trace", "input", "name", "targets", "output", "format")
"""The keys of an entry that are not options of a command."""


def jobs(
    sources: Sequence[Where], targets: Sequence[str], output: Where | None, given: Sequence[str] = ()
) -> list[Job]:
    """The jobs of manifests, folders and model files, with the `given` options beside their own; UsageError for what is
    wrong in any of them."""
    if isinstance(output, Path) and output.exists() and not output.is_dir():
        raise UsageError(
            f"-o {output}: is a file, expected a folder", hint=f"-o {output.parent / output.stem}-converted"
        )
    found: list[Job] = []
    for source in sources:
        if source.suffix.lower() in (".toml", ".yaml", ".yml"):
            found += _of_manifest(source, targets, output)
        else:
            found += _of_files(source, targets, output)
    _check_outputs(found)
    return with_options(found, given)


def _of_files(source: Where, targets: Sequence[str], output: Where | None) -> Iterator[Job]:
    if not targets:
        raise UsageError(f"{source}: no target", hint=f"mgeconvert batch {source} --targets onnx -o FOLDER")
    if output is None:
        raise UsageError(
            f"{source}: no folder to write to",
            hint=f"mgeconvert batch {source} --targets {','.join(targets)} -o FOLDER",
        )
    for path, name in _models(source):
        for target in targets:
            yield _job(path, name, target, output, None, {})


def _models(source: Where) -> Iterator[tuple[Where, str]]:
    """A model file, or the models below a folder that no batch wrote there, with their names."""
    if not isinstance(source, Url) and not source.exists():
        raise UsageError(f"{source}: no such file or folder")
    if isinstance(source, Url):
        files: Sequence[Where] = source.below()
        start = len(str(source).rstrip("/")) + 1
    else:
        files = sorted(path for path in source.rglob("*") if path.is_file()) if source.is_dir() else []
        start = len(str(source / "_")) - 1
    if not files and (isinstance(source, Url) or not source.is_dir()):
        yield source, source.stem
        return
    suffixes = tuple(suffix for name in registry.frontend_names() for suffix in registry.frontend(name).suffixes)
    models = [path for path in files if path.name.lower().endswith(suffixes)]
    outputs = {folder: written(folder) for folder in dict.fromkeys(path.parent for path in models)}
    found = [path for path in models if path.name not in outputs[path.parent]]
    if not found:
        raise UsageError(f"{source}: holds no model; known suffixes: {', '.join(sorted(set(suffixes)))}")
    for path in found:
        yield path, os.path.splitext(str(path)[start:])[0]


def _of_manifest(path: Where, targets: Sequence[str], output: Where | None) -> Iterator[Job]:
    content, place = read(path)
    check_keys(content, ("defaults", "model"), place)
    defaults = content.get("defaults", {})
    entries = content.get("model", [])
    if not isinstance(defaults, Mapping) or not isinstance(entries, list) or not entries:
        raise UsageError(f"{path}: has no [[model]] entry", hint="docs/batch.md shows a manifest")
    whole = place
    for number, entry in enumerate(entries):
        place = whole.entry(number)
        if not isinstance(entry, Mapping):
            raise UsageError(f"{place.at('model')}: a [[model]] is a table, not {entry!r:.60}")
        merged = {**defaults, **entry}
        for target in targets or _targets(merged, place):
            folder = output or joined(path.parent, _text(merged, "output", place, "."))
            for source, name in _sources(merged, place):
                yield _from_entry(source, name, target, folder, merged, defaults, entry, place)


def _from_entry(
    source: Where,
    name: str,
    target: str,
    folder: Where,
    merged: Mapping[str, Any],
    defaults: Mapping[str, Any],
    entry: Mapping[str, Any],
    place: Place,
) -> Job:
    known = registry.backend_names()
    options = {key: value for key, value in merged.items() if key not in (*OWN, *known)}
    options |= {**_table(defaults, target, place), **_table(entry, target, place)}
    own = option_names(_source_format(source, merged, place), target)
    every = {option for other in known for option in option_names(_source_format(source, merged, place), other)}
    for key in options:
        if key not in every:
            raise UsageError(f"{place.at(key)}: {key} is no option{guess(key, [*OWN, *every])}")
    meant = {key: value for key, value in options.items() if key in own}
    return _job(source, name, target, folder, merged, meant, place)


def _job(
    source: Where,
    name: str,
    target: str,
    folder: Where,
    entry: Mapping[str, Any] | None,
    options: Mapping[str, Any],
    place: Place | None = None,
) -> Job:
    entry = entry or {}
    output = folder / f"{name}{registry.backend(target).suffixes[0]}"
    if isinstance(output, Url) and output.protocol in READ_ONLY:
        at = place.at("output") if place else str(folder)
        raise UsageError(f"{at}: {output.protocol} only reads", hint="write to a folder, or to s3://, gs://, ssh://")
    source_format = _source_format(source, entry, place)
    options_words, reads = command_line(source_format, target, options, place)
    tail = ["-o", output, *options_words]
    if "trace" in entry:
        inputs = entry.get("input", [])
        given = [inputs] if isinstance(inputs, str) else list(inputs)
        network: Word = (source, str(entry["trace"]).partition(source.name)[2])
        head: list[Word] = ["trace", network, *(word for text in given for word in ("--input", str(text)))]
        return Job(name, target, source, output, ("--json", *head, f"tm-to-{target}", *tail), reads)
    args = ("--json", f"{source_format}-to-{target}", source, *tail)
    return Job(name, target, source, output, args, reads, source_format)


def _source_format(source: Where, entry: Mapping[str, Any], place: Place | None) -> str:
    if "trace" in entry:
        return "tm"
    if "format" in entry:
        name = str(entry["format"])
        if name not in registry.frontend_names():
            where = place.at("format") if place else str(source)
            raise UsageError(f"{where}: {name}: unknown source format; known: {', '.join(registry.frontend_names())}")
        return name
    return registry.frontend_for(source if isinstance(source, Path) else Path(source.name)).name


def _sources(entry: Mapping[str, Any], place: Place) -> Iterator[tuple[Where, str]]:
    """Each model of an entry with its name."""
    if ("path" in entry) == ("trace" in entry):
        raise UsageError(f"{place.path}: a [[model]] needs either path or trace")
    if "trace" in entry:
        network = _text(entry, "trace", place)
        file, _, name = network.partition(":")
        yield joined(place.path.parent, file), _text(entry, "name", place, name or Path(file).stem)
        return
    pattern = _text(entry, "path", place)
    found = _matching(joined(place.path.parent, pattern))
    if not found:
        raise UsageError(f"{place.at('path')}: {pattern}: no such file")
    if "name" in entry and len(found) > 1:
        raise UsageError(f"{place.at('name')}: {entry['name']} names {len(found)} models that {pattern} matches")
    for path in found:
        yield path, _text(entry, "name", place, path.stem)


def _matching(pattern: Where) -> Sequence[Where]:
    if isinstance(pattern, Url):
        return pattern.glob()
    return [Path(found) for found in sorted(glob.glob(str(pattern), recursive=True))]


def _targets(entry: Mapping[str, Any], place: Place) -> list[str]:
    given = entry.get("targets", [])
    if not isinstance(given, str | list) or not all(isinstance(target, str) for target in given):
        raise UsageError(f"{place.at('targets')}: targets is a list of formats, not {given!r:.60}")
    targets = [given] if isinstance(given, str) else list(given)
    if not targets:
        raise UsageError(f"{place.path}: an entry has no targets", hint='targets = ["onnx"] in [defaults]')
    for target in targets:
        if target not in registry.backend_names():
            close = guess(str(target), registry.backend_names())
            raise UsageError(f"{place.at('targets')}: {target}: unknown target format{close}")
    return targets


def _table(entry: Mapping[str, Any], target: str, place: Place) -> Mapping[str, Any]:
    table = entry.get(target, {})
    if not isinstance(table, Mapping):
        raise UsageError(f"{place.at(target)}: {target} is a table of options for that target")
    return table


def _text(entry: Mapping[str, Any], key: str, place: Place, default: str | None = None) -> str:
    value = entry.get(key, default)
    if not isinstance(value, str) or not value:
        raise UsageError(f"{place.at(key)}: {key} must be text")
    return value


def _check_outputs(found: Sequence[Job]) -> None:
    seen: dict[str, Job] = {}
    for job in found:
        other = seen.setdefault(_identity(job.output), job)
        if other is not job:
            raise UsageError(
                f"{job.output}: both {other.source} and {job.source} would be written there",
                hint='give one of them another name = "..."',
            )
    sources = {_identity(job.source) for job in found}
    for job in found:
        backend = registry.backend(job.target)
        files = backend.names(job.output) if isinstance(job.output, Path) else [job.output]
        for file in files:
            if _identity(file) in sources:
                raise UsageError(
                    f"{file}: is a model of this batch, {job.title} would be written there", hint="give -o FOLDER"
                )


def _identity(place: Where) -> str:
    return str(place) if isinstance(place, Url) else os.path.realpath(place)
