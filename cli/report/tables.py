"""A command's JSON document as tables of the page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .collect import Census

MOST = 400
"""Rows of a table; the rest is counted. The page stays small, `--json` and `--csv` have everything."""
BAD = ("differs", "mismatch", "error", "died", "timeout", "refused", "stops", "changed", "only in A", "only in B")
"""Words that mark a row."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell's text; numbers stand at the right."""

    text: str
    is_number: bool


@dataclass(frozen=True, slots=True)
class Row:
    """The cells; a bad row is marked."""

    cells: tuple[Cell, ...]
    is_bad: bool = False


@dataclass(frozen=True, slots=True)
class PageTable:
    """A table under a title; `id` is what links name."""

    id: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


def table(id: str, title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> PageTable:  # noqa: A002
    """Rows of anything: None is a dash, numbers are written with separators."""
    made = [
        Row(tuple(map(_cell, row)), any(cell in BAD for cell in row if isinstance(cell, str))) for row in rows[:MOST]
    ]
    if len(rows) > MOST:
        made.append(Row((Cell(f"and {len(rows) - MOST:,} more", False),)))
    return PageTable(id, title, tuple(columns), tuple(made))


def tables(document: Mapping[str, Any], before: Census | None, after: Census | None) -> Iterator[PageTable]:
    """What the document of any command has to show."""
    yield from _summary(document)
    verification = document.get("verification") or (document if "outputs" in document and "truth" in document else None)
    if verification:
        yield _records("outputs", "Outputs", verification["outputs"])
    if document.get("error", {}).get("problems"):
        yield _records("refusals", "Refused", document["error"]["problems"])
    for target, found in (document.get("targets") or {}).items():
        if isinstance(found, Mapping) and found.get("findings"):
            yield _records(f"check-{target}", f"What stops or loses: {target}", found["findings"])
    yield from _differences(document)
    if isinstance(document.get("models"), list):
        yield _records("models", "Models", document["models"])
    if document.get("worse"):
        yield table("worse", "Worse than before", ("",), [(line,) for line in document["worse"]])
    if before is not None and after is not None:
        yield _census(before, after)
    for key, title in (("passes", "Passes"), ("declined", "Patterns left alone")):
        if document.get(key):
            yield _records(key, title, document[key])
    if document.get("per_layer"):
        yield _records("layers", "Layer by layer", document["per_layer"]["layers"])


def _differences(document: Mapping[str, Any]) -> Iterator[PageTable]:
    """What `diff` found: the rows that are not the same come first."""
    if "different" not in document:
        return
    for kind in ("inputs", "outputs", "operators", "shapes", "parameters", "modules"):
        rows = sorted(document.get(kind) or (), key=lambda row: row["state"] == "same")
        if rows:
            yield _records(kind, kind.capitalize(), rows)
    numbers = document.get("numbers") or {}
    if numbers.get("outputs"):
        yield _records("numbers", "What they compute", numbers["outputs"])
    if numbers.get("first"):
        yield table("first", "The first value that differs", ("", ""), list(numbers["first"].items()))


def _summary(document: Mapping[str, Any]) -> Iterator[PageTable]:
    """What is one number or one text."""
    facts = {key: value for key, value in document.items() if isinstance(value, str | int | float) and key != "command"}
    verification = document.get("verification") or {}
    facts |= {
        f"verification {key}": verification[key] for key in ("state", "truth", "runtime") if verification.get(key)
    }
    culprit = (document.get("per_layer") or {}).get("culprit")
    if culprit:
        facts["culprit"] = culprit["text"]
        facts["made by"] = (culprit.get("made_by") or {}).get("text", "unknown")
    facts |= {f"file {number}": f"{file['path']} ({file['bytes']:,} bytes)"
              for number, file in enumerate(document.get("files") or ()) if isinstance(file, Mapping)}  # fmt: skip
    facts |= {f"seconds to {key}": round(value, 3) for key, value in (document.get("seconds") or {}).items()}
    if facts:
        yield table("summary", "Summary", ("", ""), [(key.replace("_", " "), value) for key, value in facts.items()])


def _records(id: str, title: str, rows: Sequence[Mapping[str, Any]]) -> PageTable:  # noqa: A002
    columns = list(dict.fromkeys(key for row in rows[:MOST] for key in row))
    return table(
        id, title, [name.replace("_", " ") for name in columns], [[row.get(c) for c in columns] for row in rows]
    )


def _census(before: Census, after: Census) -> PageTable:
    """Operators and size before and after."""
    names = sorted({*before.operators, *after.operators})
    rows: list[tuple[Any, ...]] = [(name, before.operators[name], after.operators[name]) for name in names]
    rows.append(("all nodes", before.operators.total(), after.operators.total()))
    rows.append(("bytes of weights", before.weights, after.weights))
    return table("before-after", "Before and after", ("operator", "before", "after"), rows)


def _cell(value: Any) -> Cell:
    if value is None or value == "":
        return Cell("-" if value is None else "", False)
    if isinstance(value, bool):
        return Cell("yes" if value else "no", False)
    if isinstance(value, int):
        return Cell(f"{value:,}", True)
    if isinstance(value, float):
        return Cell(f"{value:.4g}", True)
    if isinstance(value, Mapping):
        return Cell(", ".join(f"{key}: {each}" for key, each in value.items()), False)
    return Cell(", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value), False)
