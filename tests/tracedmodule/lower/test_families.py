"""Every callable of MegEngine that is lowered or refused has a family; its handler and its rows stand in the files of
that name."""

from __future__ import annotations

import inspect
from collections.abc import Callable

import pytest

from mgeconvert.ir.families import FAMILIES as KNOWN
from mgeconvert.tracedmodule.families import FAMILIES, family
from mgeconvert.tracedmodule.lower import table
from mgeconvert.tracedmodule.lower.driver import load_table
from tests.harness import Case, Network, goldens

load_table()
ROOM = table.__name__.removesuffix("table")
REFUSED = [key for key, _ in table.refused()]


@pytest.mark.parametrize(
    ("key", "handler"), list(table.handlers()), ids=lambda item: item if isinstance(item, str) else ""
)
def test_a_handler_stands_in_the_file_of_its_operators_family(key: str, handler: Callable[..., object]) -> None:
    assert inspect.unwrap(handler).__module__.removeprefix(ROOM).partition(".")[0] == family(key)


def test_a_row_stands_in_the_file_of_its_operators_family() -> None:
    elsewhere = {
        f"{name}/{row.id}": family(row.target)
        for name, rows in goldens.families().items()
        for row in rows
        if isinstance(row, Case) and family(row.target) != name.partition("/")[0]
    }
    assert elsewhere == {}


def test_beside_the_families_stand_networks_and_rows_of_no_one_operator() -> None:
    others = {name: rows for name, rows in goldens.families().items() if name.partition("/")[0] not in KNOWN}
    networks = {name for name, rows in others.items() if all(isinstance(row, Network) for row in rows)}
    assert networks == {name for name in others if name.startswith("networks_")}
    assert others.keys() - networks == {"structures"}


def test_every_key_has_a_family_of_the_one_list() -> None:
    assert [key for key in [*table.lowered(), *REFUSED] if family(key) not in KNOWN] == []


def test_every_rule_names_something() -> None:
    keys = [*table.lowered(), *REFUSED]
    prefixes = {key[: dot + 1] for key in keys for dot, letter in enumerate(key) if letter == "."}
    assert [name for name in FAMILIES if name not in keys and name not in prefixes] == []


def test_an_exact_name_goes_before_a_prefix_and_a_stranger_has_no_family() -> None:
    assert family("megengine.functional.elemwise.tanh") == "activation"
    assert family("megengine.functional.elemwise.cosh") == "elementwise"
    assert family("torch.relu") is None
