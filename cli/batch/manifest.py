"""What a batch converts: a manifest (TOML, or YAML where PyYAML is installed), or folders and files.

    [defaults]
    targets = ["onnx", "tflite"]
    output = "converted"

    [defaults.onnx]
    opset = 13

    [[model]]
    path = "hub/*.pkl"

    [[model]]
    path = "special.pkl"
    name = "detector"
    targets = ["onnx"]
    dynamic-batch = true

`path` may be a glob, relative to the manifest. Every key that is none of ours is an option of the target's command
without its dashes; a table named after a target holds options for that target only.
"""

from __future__ import annotations

import difflib
import glob
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mgeconvert import registry
from mgeconvert.errors import UsageError

from .options import command_line, option_names

OWN = ("path", "trace", "input", "name", "targets", "output", "format")
"""The keys of an entry that are not options of a command."""
PARTS = 1_000_000
"""Tables, lists and values of a manifest; in YAML a few lines can stand for any number of them."""


@dataclass(frozen=True, slots=True)
class Job:
    """One model to one target: the command line that does it, and the file it writes.

    `source` is the model, or the Python file of a traced network.
    """

    name: str
    target: str
    source: Path
    output: Path
    args: tuple[str, ...]

    @property
    def title(self) -> str:
        return f"{self.name} {self.target}"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a manifest says something, for messages."""

    path: Path
    text: str

    def at(self, key: str) -> str:
        """``batch.toml:7`` for the first line that sets the key."""
        for number, line in enumerate(self.text.splitlines(), 1):
            if re.match(rf"\s*(- )?\[*\"?{re.escape(key)}\"?\s*[]=:.]", line):
                return f"{self.path}:{number}"
        return str(self.path)


def jobs(sources: Sequence[Path], targets: Sequence[str], output: Path | None) -> list[Job]:
    """The jobs of manifests, folders and model files; UsageError for what is wrong in any of them."""
    found: list[Job] = []
    for source in sources:
        if source.suffix.lower() in (".toml", ".yaml", ".yml"):
            found += _of_manifest(source, targets, output)
        else:
            found += _of_files(source, targets, output)
    _check_outputs(found)
    return found


def _of_files(source: Path, targets: Sequence[str], output: Path | None) -> Iterator[Job]:
    if not targets:
        raise UsageError(f"{source}: no target", hint=f"mgeconvert batch {source} --targets onnx -o FOLDER")
    if output is None:
        raise UsageError(
            f"{source}: no folder to write to",
            hint=f"mgeconvert batch {source} --targets {','.join(targets)} -o FOLDER",
        )
    if not source.exists():
        raise UsageError(f"{source}: no such file or folder")
    for path in _models_below(source) if source.is_dir() else [source]:
        name = path.relative_to(source).with_suffix("").as_posix() if source.is_dir() else path.stem
        for target in targets:
            yield _job(path, name, target, output, None, {})


def _models_below(folder: Path) -> list[Path]:
    suffixes = tuple(suffix for name in registry.frontend_names() for suffix in registry.frontend(name).suffixes)
    found = sorted(path for path in folder.rglob("*") if path.is_file() and path.name.lower().endswith(suffixes))
    if not found:
        raise UsageError(f"{folder}: holds no model; known suffixes: {', '.join(sorted(set(suffixes)))}")
    return found


def _of_manifest(path: Path, targets: Sequence[str], output: Path | None) -> Iterator[Job]:
    content, place = _read(path)
    _check_keys(content, ("defaults", "model"), place)
    defaults = content.get("defaults", {})
    entries = content.get("model", [])
    if not isinstance(defaults, Mapping) or not isinstance(entries, list) or not entries:
        raise UsageError(f"{path}: has no [[model]] entry", hint="docs/batch.md shows a manifest")
    for entry in entries:
        if not isinstance(entry, Mapping):
            raise UsageError(f"{place.at('model')}: a [[model]] is a table, not {entry!r:.60}")
        merged = {**defaults, **entry}
        for target in targets or _targets(merged, place):
            folder = output or path.parent / _text(merged, "output", place, str(path.parent))
            for source, name in _sources(merged, place):
                yield _from_entry(source, name, target, folder, merged, defaults, entry, place)


def _from_entry(
    source: Path,
    name: str,
    target: str,
    folder: Path,
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
            raise UsageError(f"{place.at(key)}: {key} is no option{_close(key, [*OWN, *every])}")
    meant = {key: value for key, value in options.items() if key in own}
    return _job(source, name, target, folder, merged, meant, place)


def _job(
    source: Path,
    name: str,
    target: str,
    folder: Path,
    entry: Mapping[str, Any] | None,
    options: Mapping[str, Any],
    place: Place | None = None,
) -> Job:
    entry = entry or {}
    suffix = registry.backend(target).suffixes[0]
    output = folder / f"{name}{suffix}"
    source_format = _source_format(source, entry, place)
    tail = ["-o", str(output), *command_line(source_format, target, options, place.at if place else str)]
    if "trace" in entry:
        inputs = entry.get("input", [])
        given = [inputs] if isinstance(inputs, str) else list(inputs)
        head = ["trace", str(entry["trace"]), *(word for text in given for word in ("--input", str(text)))]
        return Job(name, target, source, output, ("--json", *head, f"tm-to-{target}", *tail))
    return Job(name, target, source, output, ("--json", f"{source_format}-to-{target}", str(source), *tail))


def _source_format(source: Path, entry: Mapping[str, Any], place: Place | None) -> str:
    if "trace" in entry:
        return "tm"
    if "format" in entry:
        name = str(entry["format"])
        if name not in registry.frontend_names():
            where = place.at("format") if place else str(source)
            raise UsageError(f"{where}: {name}: unknown source format; known: {', '.join(registry.frontend_names())}")
        return name
    return registry.frontend_for(source).name


def _sources(entry: Mapping[str, Any], place: Place) -> Iterator[tuple[Path, str]]:
    """Each model of an entry with its name."""
    if ("path" in entry) == ("trace" in entry):
        raise UsageError(f"{place.path}: a [[model]] needs either path or trace")
    if "trace" in entry:
        network = _text(entry, "trace", place)
        file, _, name = network.partition(":")
        yield (place.path.parent / file), str(entry.get("name", name or Path(file).stem))
        return
    pattern = _text(entry, "path", place)
    found = sorted(glob.glob(str(place.path.parent / pattern), recursive=True))
    if not found:
        raise UsageError(f"{place.at('path')}: {pattern}: no such file")
    if "name" in entry and len(found) > 1:
        raise UsageError(f"{place.at('name')}: {entry['name']} names {len(found)} models that {pattern} matches")
    for path in map(Path, found):
        yield path, str(entry.get("name", path.stem))


def _targets(entry: Mapping[str, Any], place: Place) -> list[str]:
    given = entry.get("targets", [])
    if not isinstance(given, str | list) or not all(isinstance(target, str) for target in given):
        raise UsageError(f"{place.at('targets')}: targets is a list of formats, not {given!r:.60}")
    targets = [given] if isinstance(given, str) else list(given)
    if not targets:
        raise UsageError(f"{place.path}: an entry has no targets", hint='targets = ["onnx"] in [defaults]')
    for target in targets:
        if target not in registry.backend_names():
            close = _close(str(target), registry.backend_names())
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


def _check_keys(content: Mapping[str, Any], known: Sequence[str], place: Place) -> None:
    for key in content:
        if key not in known:
            raise UsageError(f"{place.at(key)}: {key} is no table of a manifest{_close(key, known)}")


def _check_outputs(found: Sequence[Job]) -> None:
    seen: dict[Path, Job] = {}
    for job in found:
        other = seen.setdefault(job.output.absolute(), job)
        if other is not job:
            raise UsageError(
                f"{job.output}: both {other.source} and {job.source} would be written there",
                hint='give one of them another name = "..."',
            )
    sources = {os.path.realpath(job.source) for job in found}
    for job in found:
        for file in registry.backend(job.target).names(job.output):
            if os.path.realpath(file) in sources:
                raise UsageError(
                    f"{file}: is a model of this batch, {job.title} would be written there", hint="give -o FOLDER"
                )


def _close(word: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(word, known, n=2)
    return f"; did you mean {' or '.join(near)}?" if near else f"; known: {', '.join(sorted(set(known)))}"


def _read(path: Path) -> tuple[dict[str, Any], Place]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read: {error}") from error
    try:
        content = _parsed_toml(path, text) if path.suffix.lower() == ".toml" else _parsed_yaml(path, text)
        _check_parts(content, path, [0])
    except RecursionError as error:
        raise UsageError(f"{path}: tables in tables without end") from error
    if not isinstance(content, dict):
        raise UsageError(f"{path}: a manifest is a table with [defaults] and [[model]]")
    return content, Place(path, text)


def _check_parts(content: Any, path: Path, seen: list[int]) -> None:
    """UsageError for keys that are no text, and where the file, all its references spelled out, is too large."""
    seen[0] += 1
    if seen[0] > PARTS:
        raise UsageError(f"{path}: more than {PARTS:,} parts, all spelled out")
    if isinstance(content, dict):
        for key, value in content.items():
            if not isinstance(key, str):
                raise UsageError(f"{path}: the key {key!r:.60} is no text")
            _check_parts(value, path, seen)
    elif isinstance(content, list):
        for value in content:
            _check_parts(value, path, seen)


def _parsed_toml(path: Path, text: str) -> Any:
    import tomli

    try:
        return tomli.loads(text)
    except tomli.TOMLDecodeError as error:
        raise UsageError(f"{path}: {error}") from error


def _parsed_yaml(path: Path, text: str) -> Any:
    try:
        import yaml
    except ImportError as error:
        raise UsageError(
            f"{path}: PyYAML reads YAML and is not installed", hint='pip install "pyyaml>=6,<7"'
        ) from error

    class Loader(yaml.SafeLoader):
        """Refuses a key that is there twice, which YAML forbids and PyYAML lets pass."""

    def mapping(loader: Any, node: Any) -> Any:
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        for number, key in enumerate(keys):
            if key in keys[:number] and key != "<<":
                line = node.value[number][0].start_mark.line + 1
                raise UsageError(f"{path}:{line}: {key} is there twice", hint="leave one out")
        loader.flatten_mapping(node)
        return loader.construct_mapping(node, deep=True)

    Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, mapping)
    try:
        return yaml.load(text, Loader)
    except yaml.YAMLError as error:
        raise UsageError(f"{path}: {error}") from error
