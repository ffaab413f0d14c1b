"""Who knows an operator's name knows the file of its handler."""

from __future__ import annotations

import pytest

from mgeconvert.ir import families
from mgeconvert_converters.tflite import emit, lower
from mgeconvert_converters.tflite.families import OPERATORS
from tests.tflite.lower import operator_rows

LOWERED = {name: row.function for name, row in lower.LOWERINGS.items()}
EMITTED = {name: row.function for name, row in emit.EMITTERS.items()}


@pytest.mark.parametrize(
    ("room", "known", "handlers"), [("lower", OPERATORS, LOWERED), ("emit", families.ONNX, EMITTED)]
)
def test_a_handler_stands_in_the_file_of_its_family(
    room: str, known: dict[str, str], handlers: dict[str, object]
) -> None:
    elsewhere = {
        name: handler.__module__
        for name, handler in handlers.items()
        if f"mgeconvert_converters.tflite.{room}.{known[name]}." not in f"{handler.__module__}."
    }
    assert elsewhere == {}


def test_rows_of_an_operator_stand_in_the_table_of_its_family() -> None:
    tables = {family: getattr(operator_rows, family.upper(), []) for family in families.FAMILIES}
    assert sum(map(len, tables.values())) == len(operator_rows.ROWS)
    assert [row.id for family, rows in tables.items() for row in rows if OPERATORS[row.op] != family] == []


def test_every_operator_of_a_table_has_a_family() -> None:
    assert {*lower.LOWERINGS, *lower.REFUSED} ^ OPERATORS.keys() == set()
    assert set(OPERATORS.values()) <= families.FAMILIES.keys()
