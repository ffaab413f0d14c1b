"""Small files that ask for work without end are answered at once."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

import mgeconvert
from mgeconvert.errors import BadInputError, UnsafePickleError
from mgeconvert.tracedmodule.describe import describe
from mgeconvert.tracedmodule.read.pytree import plain
from mgeconvert.tracedmodule.read.scan import scan
from mgeconvert.tracedmodule.read.work import bounded

HOSTILE = Path(__file__).parents[4] / "shared" / "cases" / "hostile"
LARGE = tuple(range(20_000))

KEYS = {
    "integers of one hash": {number * (2**61 - 1): None for number in range(2_000)},
    "tuples of such integers": {(number * (2**61 - 1), 1): None for number in range(2_000)},
    "members of a set": {number * (2**61 - 1) for number in range(2_000)},
    "a large tuple again and again": [{LARGE: None} for _ in range(1_000)],
}


@pytest.mark.parametrize("case", KEYS)
def test_keys_that_take_hours_to_hash(case: str) -> None:
    with pytest.raises(UnsafePickleError, match=r"^byte \d+: the pickle has keys that take hours to hash$"):
        scan(pickle.dumps(KEYS[case], 4))


def test_usual_keys_pass() -> None:
    assert scan(pickle.dumps({number << 40: (number, "text") for number in range(5_000)}, 4)).root is None


def test_shared_containers_are_not_spelled_out() -> None:
    value: list[object] = []
    for _ in range(40):
        value = [value, value]
    with pytest.raises(BadInputError, match=r"more than 2,000,000 parts, all spelled out"), bounded():
        plain(value)


@pytest.mark.shared_models
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("tm_const_laughs", "its arguments and constants are more than 2,000,000 parts"),
        ("tm_hash_big_tuple_3000x", "keys that take hours to hash"),
        ("tm_int_hash_flood", "keys that take hours to hash"),
        ("tm_module_dag16", "modules call one another without end"),
    ],
)
def test_files_that_never_ended(name: str, text: str) -> None:
    path = HOSTILE / f"{name}.pkl"
    with pytest.raises(BadInputError, match=text):
        describe(path)
    with pytest.raises(BadInputError, match=text):
        mgeconvert.load(path)
