"""Who knows an operator type's name knows the file of its row."""

from __future__ import annotations

import pytest

from mgeconvert.ir.claims import claim_of
from mgeconvert.ir.families import FAMILIES
from mgeconvert.staticgraph.families import TYPES
from mgeconvert.staticgraph.lower import driver, table
from mgeconvert.staticgraph.support import lowerings
from mgeconvert.tracedmodule.families import family
from mgeconvert.tracedmodule.lower.names import OPDEF

driver.load_tables()
ROWS = dict(table.rows())
ROOM = table.__name__.removesuffix("table")


@pytest.mark.parametrize("name", ROWS)
def test_a_row_stands_in_the_file_of_its_family(name: str) -> None:
    assert ROWS[name].claim.module == ROOM + TYPES[name]


def test_every_type_of_the_table_has_a_family() -> None:
    assert ROWS.keys() ^ TYPES.keys() == set()
    assert set(TYPES.values()) <= FAMILIES.keys()


@pytest.mark.parametrize("name", [name for name in ROWS if ROWS[name].opdef])
def test_a_type_is_of_the_family_of_its_opdef(name: str) -> None:
    assert family(OPDEF + ROWS[name].opdef) == TYPES[name]


def test_a_row_of_an_opdef_is_found_beside_the_handler_that_it_calls() -> None:
    places = [claim_of(handler).module.split(".")[1:] for name, handler in lowerings() if name == "CumsumV1"]
    assert places == [["staticgraph", "lower", "reduction"], ["tracedmodule", "lower", "reduction"]]
