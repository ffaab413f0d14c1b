"""`mgeconvert ops --where NAME`: the lines where an operator is handled, tested and mentioned in a test.

NAME is an operator's name in any format: ``Softmax`` (ONNX, Caffe), ``SOFTMAX`` (TFLite), ``softmax`` or
``megengine.functional.nn.softmax`` (MegEngine). Case and underscores do not matter.
"""

from __future__ import annotations

import difflib
import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mgeconvert import registry
from mgeconvert.errors import UsageError

from .session import Session
from .table import Table

CLOSE = 5
"""How many similar names an unknown one is answered with."""


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
        close = difflib.get_close_matches(name, known, n=CLOSE)
        guess = f"; close: {', '.join(close)}" if close else ""
        raise UsageError(f"{name}: no table of handlers has this operator{guess}", hint="mgeconvert ops FORMAT")
    places = [*dict.fromkeys(found), *_tests(name, root / "tests", root)]
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
                yield f"{name}, {direction}", op, inspect.unwrap(function)


def _short(op: str) -> str:
    """The last part of a qualified name."""
    return op.rpartition(".")[2]


def _plain(name: str) -> str:
    return name.replace("_", "").lower()


def _is(name: str, op: str, function: Callable[..., Any]) -> bool:
    """Whether a handler is for the operator of that name, or makes one: its source has the name in quotes."""
    if op == name or _plain(_short(op)) == _plain(name):
        return True
    return any(f'"{form}"' in _source(function) for form in (name, name.upper()) if len(name) > 1)


def _source(function: Callable[..., Any]) -> str:
    try:
        return inspect.getsource(function)
    except (OSError, TypeError):  # made at run time from a row of a table
        return ""


def _position(function: Callable[..., Any], root: Path) -> tuple[str, int]:
    code = getattr(function, "__code__", None)
    if code is None:
        return "", 0
    path = Path(code.co_filename)
    return (str(path.relative_to(root)) if path.is_relative_to(root) else str(path)), code.co_firstlineno


def _tests(name: str, folder: Path, root: Path) -> Iterator[Place]:
    """Lines of the tests that name the operator, rows first; nothing where the tests are not installed."""
    word = re.compile(rf"(?<![A-Za-z0-9])_?{re.escape(_short(name))}_?(?![A-Za-z0-9])")
    files = sorted(folder.rglob("*.py"), key=lambda path: ("rows" not in path.parts, path))
    for path in files:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if word.search(line) and not line.lstrip().startswith(("#", '"""', "import ", "from ")):
                table = "rows" if "rows" in path.parts else "tests"
                yield Place(table, _short(name), str(path.relative_to(root)), number)
