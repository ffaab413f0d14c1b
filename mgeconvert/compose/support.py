"""What a target takes because it is composed of what the target has: rows of its support table."""

from __future__ import annotations

from collections.abc import Container, Sequence

from mgeconvert.registry import OpSupport

from .driver import load_table
from .sequences import SEQUENCES
from .table import COMPOSITIONS

NOTE = "composed of other operators"
NOTES = {
    "If": "a condition that is known",
    "Loop": "laid out; a known number of turns",
    "Scan": "laid out; a known number of turns",
    **dict.fromkeys(SEQUENCES, "of tensors that are known to be in the sequence; it is no output"),
}


def composed_operators(has: Container[str]) -> Sequence[OpSupport]:
    """The operators that are not in `has` and are composed, with how far."""
    load_table()
    keys = [*COMPOSITIONS, *SEQUENCES]
    return [OpSupport(key, note=NOTES.get(key, NOTE)) for key in sorted(set(keys)) if key not in has]


def with_composed(rows: Sequence[OpSupport], has: Container[str]) -> list[OpSupport]:
    """A target's rows, where what is composed is no refusal; `has` are the operators of its tables."""
    composed = composed_operators(has)
    names = {row.op for row in composed}
    return sorted([*(row for row in rows if row.op not in names), *composed], key=lambda row: row.op)
