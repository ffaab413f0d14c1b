"""``python -m tests.documents.reference``: the reference pages that are made of the program itself.

commands.md holds what `--help` of each command says, api.md the docstrings of the package, json.md the fields of the
documents that `--json` prints, found by running the commands on the files of examples/.
"""

from __future__ import annotations

import inspect
import json
import os
import re
import shutil
import tempfile
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import mgeconvert
from mgeconvert import registry
from mgeconvert_cli.main import COMMANDS, application
from tests.documents.pages import ROOT
from tests.harness.runner import Runner

DOCS = ROOT / "docs"
WIDTH = 100
MADE = "Made by `make docs` from the program itself."


def helped(*words: str) -> str:
    """What `--help` says, at a width of its own."""
    result = Runner().invoke(application, [*words, "--help"], terminal_width=WIDTH, max_content_width=WIDTH)
    return str(result.stdout).rstrip()


def _section(text: str, title: str) -> str:
    """The options below a title of a help text, "" where there is none."""
    found = re.search(rf"^{re.escape(title)}:\n(?:  .*\n|\n(?=  ))*", text + "\n", re.MULTILINE)
    return found.group(0).rstrip() if found else ""


def _block(text: str) -> list[str]:
    return ["```text", text, "```", ""]


def commands() -> str:
    """Every command's help; conversions by their target, what a source adds behind them."""
    lines = ["# Commands", "", MADE, "", "## mgeconvert", "", *_block(helped())]
    for name in COMMANDS:
        lines += [f"## {name}", "", *_block(helped(name))]
        if name == "reference":
            for part in ("install", "path", "status"):
                lines += [f"### {name} {part}", "", *_block(helped(name, part))]
    lines += ["## Conversions", "", "`A-to-B` has the options of reading A and of writing B.", ""]
    for target in registry.backend_names():
        lines += [f"### tm-to-{target}", "", *_block(helped(f"tm-to-{target}"))]
    for source in registry.frontend_names():
        title = f"Reading {registry.frontend(source).title}"
        section = _section(helped(f"{source}-to-onnx"), title)
        lines += [f"### {title}", "", *(_block(section) if section else ["No options of its own.", ""])]
    return "\n".join(lines)


def api() -> str:
    """The public names of the package."""
    lines = [
        "# From Python",
        "",
        MADE,
        "",
        *_prose(mgeconvert),
        "How the parts fit together: [architecture.md](architecture.md).",
        "",
    ]
    for name in sorted(set(mgeconvert.__all__) - {"__version__"}, key=str.lower):
        thing = getattr(mgeconvert, name)
        lines += [f"## {name}", "", *_prose(thing, name)]
        if inspect.isclass(thing):
            for member, value in sorted(vars(thing).items()):
                if not member.startswith("_") and inspect.getdoc(value) and callable(getattr(value, "fget", value)):
                    lines += [f"### {name}.{member}", "", *_prose(getattr(value, "fget", None) or value, member)]
    return "\n".join(lines)


def _prose(thing: Any, name: str = "") -> Iterator[str]:
    """The signature and the docstring."""
    if name and (callable(thing)):
        text = re.sub(r"(: |-> )'([^']*)'", r"\1\2", str(inspect.signature(thing)))
        parts = textwrap.wrap(f"{name}{text}", WIDTH, subsequent_indent="    ", break_long_words=False)
        yield from ["```python", *parts, "```", ""]
    yield inspect.getdoc(thing) or ""
    yield ""


RUNS = {
    "A conversion": "tm-to-onnx demo.pkl -o demo.onnx",
    "Passes": "optimize demo.onnx -o smaller.onnx",
    "What is in a model": "inspect demo.pkl",
    "Its modules": "inspect demo.pkl --tree",
    "What would stop a target": "check demo.pkl --target onnx,caffe",
    "Two models": "diff demo.pkl demo.onnx",
    "A verification": "verify demo.pkl demo.onnx --per-layer",
    "A run": "run demo.onnx --random",
    "Many models": "batch demo.pkl --targets onnx -o out",
    "A code": "explain MGE201 --language en",
    "An error": "tm-to-onnx nothere.pkl",
}
"""Title -> command line. Each document is that of the command before it ends, also of one that fails."""
NAMES = {
    "codes": "CODE",
    "modules": "MODULE",
    "rules": "RULE",
    "operators": "OPERATOR",
    "source_operators": "OPERATOR",
    "targets": "FORMAT",
}
"""Fields whose keys are names of the model, and how such a key is written here."""


def documents() -> str:
    """The fields of the JSON documents: their places and types."""
    lines = [
        "# JSON documents", "", MADE, "",
        "`mgeconvert --json COMMAND ...` prints one document on standard output; a chain of steps prints",
        '`{"steps": [...]}`, several models a list. `[]` stands for the elements of a list; `list` is an empty one,',
        "null a field that is null in this run. Words in capitals are names: of operators, rules, formats.", "",
    ]  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        for path in (ROOT / "examples").glob("demo.*"):
            shutil.copy(path, folder)
        before = Path.cwd()
        os.chdir(folder)
        try:
            for title, line in RUNS.items():
                content = json.loads(Runner().invoke(application, ["--json", *line.split()]).stdout)
                lines += [f"## {title}", "", f"`mgeconvert --json {line}`", "", "| field | type |", "| --- | --- |"]
                lines += [f"| `{place}` | {kinds} |" for place, kinds in _fields(content).items()]
                lines.append("")
        finally:
            os.chdir(before)
    return "\n".join(lines)


def _fields(content: Any) -> dict[str, str]:
    found: dict[str, set[str]] = {}
    for place, kind in _places(content, ""):
        found.setdefault(place, set()).add(kind)
    return {
        place: " or ".join(sorted(kinds, key=lambda kind: (kind == "null", kind))) for place, kinds in found.items()
    }


def _places(value: Any, place: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        name = NAMES.get(place.rpartition(".")[2])
        for key, part in value.items():
            yield from _places(part, f"{place}.{name or key}".lstrip("."))
    elif isinstance(value, list):
        if not value:
            yield place, "list"
        for part in value:
            yield from _places(part, f"{place}[]")
    else:
        yield place, KINDS[type(value)]


KINDS = {str: "text", bool: "true or false", int: "whole number", float: "number", type(None): "null"}
PAGES = {"commands.md": commands, "api.md": api, "json.md": documents}

if __name__ == "__main__":
    for page, written in PAGES.items():
        (DOCS / page).write_text(written().rstrip() + "\n", encoding="utf-8")
