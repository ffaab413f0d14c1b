"""A manifest: what a batch converts, in TOML, or in YAML where PyYAML is installed.

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

`path` may be a glob, relative to the manifest, or a URL. Every key that is none of ours is an option of the target's
command without its dashes; a table named after a target holds options for that target only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mgeconvert.close import meant
from mgeconvert.errors import UsageError

from .urls import Where

PARTS = 1_000_000
"""Tables, lists and values of a manifest; in YAML a few lines can stand for any number of them."""


ENTRY = re.compile(r"\s*\[\[\s*model\s*\]\]|( *)- ")
"""The first line of an entry, in TOML or in YAML."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a manifest, or one entry of it from line `first` to before line `end`, says something, for messages."""

    path: Where
    text: str
    first: int = 1
    end: int = 1

    def entry(self, number: int) -> Place:
        """The part of the manifest that is one of its entries."""
        lines = self.text.splitlines()
        found = [(at, match[1]) for at, line in enumerate(lines, 1) if (match := ENTRY.match(line))]
        starts = [at for at, indent in found if indent == found[0][1]]
        if number >= len(starts):
            return self
        return Place(self.path, self.text, starts[number], [*starts, len(lines) + 1][number + 1])

    def at(self, key: str) -> str:
        """``batch.toml:7`` for the first line that sets the key: of the entry, else of the manifest."""
        pattern = re.compile(rf"\s*(- )?\[*\"?{re.escape(key)}\"?\s*[]=:.]")
        lines = [number for number, line in enumerate(self.text.splitlines(), 1) if pattern.match(line)]
        own = [number for number in lines if self.first <= number < self.end]
        return f"{self.path}:{(own or lines)[0]}" if lines else str(self.path)


def read(path: Where) -> tuple[dict[str, Any], Place]:
    """What a manifest says, and its text for messages; UsageError for what is none."""
    try:
        text = path.read_bytes().decode("utf-8")
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


def _check_parts(content: Any, path: Where, seen: list[int]) -> None:
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


def _parsed_toml(path: Where, text: str) -> Any:
    import tomli

    try:
        return tomli.loads(text)
    except tomli.TOMLDecodeError as error:
        raise UsageError(f"{path}: {error}") from error


def _parsed_yaml(path: Where, text: str) -> Any:
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
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = path if mark is None else f"{path}:{mark.line + 1}"
        raise UsageError(f"{place}: {error.problem or error.context}") from error
    except yaml.YAMLError as error:
        raise UsageError(f"{path}: {error}") from error


def check_keys(content: Mapping[str, Any], known: Sequence[str], place: Place) -> None:
    """UsageError for a key that is not known, with the ones that it may be."""
    for key in content:
        if key not in known:
            raise UsageError(f"{place.at(key)}: {key} is no table of a manifest{guess(key, known)}")


def guess(word: str, known: Sequence[str]) -> str:
    """The end of a message: the known words that a wrong one may be."""
    return meant(word, known, "; ") or f"; known: {', '.join(sorted(set(known)))}"
