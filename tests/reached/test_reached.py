"""The notes at `raise` and `refuse`."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from mgeconvert.errors import RefusedError, UsageError, refuse
from tests.reached import blocks, instrument, report

SOURCE = """
def one(x):
    if x < 0:
        raise UsageError("negative")
    return x or refuse("nothing")


def again():
    try:
        one(-1)
    except UsageError as error:
        raise ValueError("bad") from error


def passed_on():
    try:
        one(0)
    except RefusedError:
        raise
"""


def test_a_statement_is_noted_when_it_is_executed_and_computes_the_same() -> None:
    notes: set[str] = set()
    names = {instrument.NOTE: notes.add, "UsageError": UsageError, "RefusedError": RefusedError, "refuse": refuse}
    tree = ast.fix_missing_locations(instrument._Noting("a.py").visit(ast.parse(SOURCE)))
    exec(compile(tree, "a.py", "exec"), names)
    assert names["one"](3) == 3  # type: ignore[operator]
    assert notes == set()
    with pytest.raises(RefusedError, match="nothing"):
        names["passed_on"]()  # type: ignore[operator]
    assert notes == {"a.py:5"}
    with pytest.raises(ValueError, match="bad") as caught:
        names["again"]()  # type: ignore[operator]
    assert isinstance(caught.value.__cause__, UsageError)
    assert notes == {"a.py:4", "a.py:5", "a.py:12"}


def test_only_statements_of_ours_are_counted() -> None:
    found = [node.lineno for node in ast.walk(ast.parse(SOURCE)) if instrument.is_statement(node)]  # type: ignore[attr-defined]
    assert sorted(found) == [4, 5, 12]


def test_what_no_process_has_reached_is_listed(tmp_path: Path) -> None:
    places = instrument.statements()
    last = max(places)
    (tmp_path / "1.txt").write_text("\n".join(list(places)[::2]))
    (tmp_path / "2.txt").write_text("\n".join(places.keys() - {last, *list(places)[::2]}))
    expected = [f"{last}  {places[last]}"] if last not in list(places)[::2] else []
    assert report.unreached(tmp_path) == expected


def test_lists_of_what_is_not_reached_are_kept_true() -> None:
    left = ["a.py:3  raise X", "b.py:4  refuse('y')"]
    assert report.without_line(left[0]) == "a.py  raise X"
    assert report.faults(left, {"a.py  raise X", "b.py  refuse('y')"}) == []
    assert report.faults(left, {"a.py  raise X"}) == ["b.py:4  refuse('y')"]
    assert report.settled(left, ["a.py  raise X"]) == []
    assert report.settled(left[:1], ["c.py  raise", "b.py  refuse('y')"]) == ["b.py  refuse('y')", "c.py  raise"]


BLOCKS = '''
def f(x):
    """A text."""
    if x:
        y = 1
    else:
        y = 2
    return (lambda z: z + y)(x)

class C:
    def g(self):
        return 3
'''


def test_blocks_are_noted_when_they_are_entered() -> None:
    notes: list[str] = []
    tree = ast.fix_missing_locations(blocks.with_notes(ast.parse(BLOCKS), "a.py", "note"))
    names = {"note": notes.append}
    exec(compile(tree, "a.py", "exec"), names)  # type: ignore[arg-type]
    assert notes == []
    assert names["f"](0) == 2  # type: ignore[operator]
    assert notes == ["a.py::f:0", "a.py::f:2", "a.py::f.<lambda>:0"]
    assert names["f"].__doc__ == "A text."
    spans = blocks.spans(ast.parse(BLOCKS), "a.py")
    assert [blocks.block_of(line, spans) for line in (1, 4, 5, 7, 12)] == [
        None,
        "a.py::f:0",
        "a.py::f:1",
        "a.py::f:2",
        "a.py::C.g:0",
    ]
