"""What each target says to the rows of ONNX operators that it refuses: the exact texts of tests/goldens/refusals.json.

A row that is not in the table must be converted, one that is must be refused with that text. ``python -m
tests.harness.refusals`` writes the table anew; read what changed before you commit it. For ONNX an entry is the oldest
opset that has the row, and the reason that is given below it.
"""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

import pytest

from mgeconvert import registry
from mgeconvert.ir import OPSET, Graph

from .operators import Op, rows
from .wrong import WRONG

FILE = Path(__file__).parents[1] / "goldens" / "refusals.json"
TARGETS = ("tflite", "caffe", "tm")
OLDEST = 7
"""The oldest opset that is written."""


def said(target: str, graph: Graph, **options: Any) -> str:
    """The reasons against writing a graph, "" where there is none."""
    return "; ".join(problem.reason for problem in registry.backend(target).problems(graph, **options))


def params(target: str, *, written: bool | None = None) -> list[Any]:
    """Every row as a pytest parameter, or those that must be written (or refused)."""
    wrong = WRONG.get(target, {})
    return [
        pytest.param(row, id=row.id, marks=_marks(wrong.get(row.id)))
        for row in rows()
        if written in (None, not refusal(target, row))
    ]


def _marks(wrong: str | None) -> list[pytest.MarkDecorator]:
    return [] if wrong is None else [pytest.mark.xfail(strict=True, reason=wrong)]


@functools.cache
def table() -> dict[str, dict[str, Any]]:
    content: dict[str, dict[str, Any]] = json.loads(FILE.read_text())
    return content


def refusal(target: str, row: Op) -> str:
    """The text that the target must give, "" where it must write the row."""
    return str(table().get(target, {}).get(row.id, ""))


def oldest_opset(row: Op) -> tuple[int, str]:
    """(the oldest opset that must be written, the reason given below it)."""
    opset, reason = table()["onnx"].get(row.id, (OLDEST, ""))
    return int(opset), str(reason)


def _opset(row: Op) -> tuple[int, str]:
    graph, reason = row.graph(), ""
    for opset in range(OPSET, OLDEST - 1, -1):
        if reason := said("onnx", graph, opset=opset):
            return opset + 1, reason.partition("needs opset")[0].rstrip(": ")
    return OLDEST, reason


def made() -> dict[str, dict[str, Any]]:
    """The table as the targets are now."""
    opsets = {row.id: _opset(row) for row in rows()}
    found: dict[str, dict[str, Any]] = {"onnx": {row: entry for row, entry in opsets.items() if entry[0] > OLDEST}}
    for target in TARGETS:
        texts = {row.id: said(target, row.graph()) for row in rows() if row.id not in WRONG.get(target, {})}
        found[target] = {row: text for row, text in texts.items() if text}
    return found


if __name__ == "__main__":
    FILE.write_text(json.dumps(made(), indent=1, ensure_ascii=False, sort_keys=True) + "\n")
