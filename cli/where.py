"""`mgeconvert ops --where NAME`: the lines where an operator is handled, tested and mentioned in a test.

NAME is an operator's name in any format: ``Softmax`` (ONNX, Caffe), ``SOFTMAX`` (TFLite), ``softmax`` or
``megengine.functional.nn.softmax`` (TracedModules), ``ReduceV2`` (static graphs). Case and underscores do not matter.
A handler that another row of data makes is shown at that row.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mgeconvert import registry
from mgeconvert.close import meant
from mgeconvert.errors import UsageError
from mgeconvert.ir.claims import claim_of

from .session import Session
from .table import Table

ROWS = re.compile(r"(rows|operators)/|rows\.py$")
"""Paths in the tests of files whose lines are rows."""


@dataclass(frozen=True, slots=True)
class Place:
    """One line. `table`: ``onnx, written``, ``rows``, ``tests``; `op`: the name there; `file`: relative to the root."""

    table: str
    op: str
    file: str
    line: int


def show(session: Session, name: str) -> None:
    """Print the places of `name`; UsageError with close matches for a name that no table has."""
    root = Path(inspect.getfile(registry)).parents[1]
    rows = list(_rows())
    found = [Place(table, op, *_position(function, root)) for table, op, function in rows if _is(name, op, function)]
    if not found:
        known = {op for _, op, _ in rows} | {_short(op) for _, op, _ in rows}
        guess = meant(name, sorted(known), "; ")
        raise UsageError(f"{name}: no table of handlers has this operator{guess}", hint="mgeconvert ops FORMAT")
    words = {_short(name), *(_short(op) for _, op, _ in rows if _is_called(name, op))}
    places = [*dict.fromkeys(found), *_tests(words, root / "tests", root)]
    session.document("ops", where=[asdict(place) for place in places])
    lines = [(place.table, place.op, f"{place.file}:{place.line}") for place in places]
    session.answer(Table("", ("table", "operator", "place"), lines))


def _rows() -> Iterator[tuple[str, str, Callable[..., Any]]]:
    """(table, operator, function) of every handler of every format."""
    for names, record, direction in (
        (registry.frontend_names(), registry.frontend, "read"),
        (registry.backend_names(), registry.backend, "written"),
    ):
        for name in names:
            handlers = record(name).handlers
            for op, function in handlers() if handlers is not None else ():
                yield f"{name}, {direction}", op, function


def _short(op: str) -> str:
    """The last part of a qualified name."""
    return op.rpartition(".")[2]


def _plain(name: str) -> str:
    return name.removeprefix("megengine.").replace("_", "").lower()


def _is(name: str, op: str, function: Callable[..., Any]) -> bool:
    """Whether a handler is for the operator of that name, or makes one: its source has the name in quotes."""
    forms = (name, name.upper()) if len(name) > 1 else ()
    return _is_called(name, op) or any(f'"{form}"' in _source(function) for form in forms)


def _is_called(name: str, op: str) -> bool:
    return _plain(name) in (_plain(op), _plain(_short(op)))


def _source(function: Callable[..., Any]) -> str:
    try:
        return inspect.getsource(inspect.unwrap(function))
    except OSError:  # a backend whose source is not installed
        return ""


def _position(function: Callable[..., Any], root: Path) -> tuple[str, int]:
    claim = claim_of(function)
    path = Path(claim.file)
    return (str(path.relative_to(root)) if path.is_relative_to(root) else str(path)), claim.line


def _tests(words: set[str], folder: Path, root: Path) -> Iterator[Place]:
    """Lines of the tests that name the operator, rows first; nothing where the tests are not installed."""
    either = "|".join(map(re.escape, sorted(words)))
    word = re.compile(rf"(?<![A-Za-z0-9])_?({either})_?(?![A-Za-z0-9])")
    found = ((path, ROWS.search(path.relative_to(folder).as_posix())) for path in folder.rglob("*.py"))
    for table, path in sorted(("rows" if is_row else "tests", path) for path, is_row in found):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            match = word.search(line)
            if match is not None and not line.lstrip().startswith(("#", '"""', "import ", "from ")):
                yield Place(table, match[1], str(path.relative_to(root)), number)
