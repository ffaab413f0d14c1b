"""Every operator that MegEngine's loader knows is lowered or refused, and its type id is what the table says."""

from __future__ import annotations

import pytest

from mgeconvert.reference import static
from mgeconvert.staticgraph.lower import control, driver, table
from mgeconvert.staticgraph.read.typeids import TYPES

SEED = 20160701
MASK = 2**64 - 1
P1, P2, P3 = 11400714785074694791, 14029467366897019727, 1609587929392839161
P4, P5 = 9650029242287828579, 2870177450012600261


def rotated(x: int, by: int) -> int:
    return ((x << by) | (x >> (64 - by))) & MASK


def mixed(state: int, word: int) -> int:
    return rotated((state + word * P2) & MASK, 31) * P1 & MASK


def xxhash64(data: bytes, seed: int) -> int:
    """Source: the xxHash specification, XXH64."""
    words = [int.from_bytes(data[i : i + 8], "little") for i in range(0, len(data) // 8 * 8, 8)]
    state = seed + P5
    if len(data) >= 32:
        lanes = [seed + P1 + P2, seed + P2, seed, seed - P1]
        while len(words) >= 4:
            lanes = [mixed(lane, word) for lane, word in zip(lanes, words[:4], strict=True)]
            words = words[4:]
        state = sum(rotated(lane, by) for lane, by in zip(lanes, (1, 7, 12, 18), strict=True))
        for lane in lanes:
            state = ((state ^ mixed(0, lane)) * P1 + P4) & MASK
    state = (state + len(data)) & MASK
    for word in words:
        state = (rotated(state ^ mixed(0, word), 27) * P1 + P4) & MASK
    rest = data[len(data) // 8 * 8 :]
    if len(rest) >= 4:
        state = (rotated(state ^ int.from_bytes(rest[:4], "little") * P1 & MASK, 23) * P2 + P3) & MASK
        rest = rest[4:]
    for byte in rest:
        state = rotated(state ^ byte * P5 & MASK, 11) * P1 & MASK
    for by, factor in ((33, P2), (29, P3)):
        state = (state ^ state >> by) * factor & MASK
    return state ^ state >> 32


def test_type_ids_are_hashes_of_the_names() -> None:
    assert {xxhash64(name.encode() + b"\0", SEED): name for name in TYPES.values()} == TYPES


def known() -> set[str]:
    driver.load_tables()
    tables = {name for name, _ in table.rows()} | {name for name, _ in table.refused()}
    return tables | control.INPUTS | control.HOLDERS


def test_every_type_with_an_id_is_lowered_or_refused() -> None:
    assert sorted(set(TYPES.values()) - known()) == []


def test_every_row_is_of_a_type_that_megengine_has() -> None:
    assert sorted(known() - set(TYPES.values())) == []


def test_every_row_names_an_opdef_that_is_lowered() -> None:
    driver.load_tables()
    for _, row in table.rows():
        row.find()


@pytest.mark.reference
def test_the_ids_are_megengines_own() -> None:
    registered = {name: number for number, name in static.registry()}
    special = registered.pop("<special>")
    assert {number: name for name, number in registered.items()} | {special: "dynamic"} == TYPES
