"""Small files that ask for work without end are answered at once."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

import mgeconvert
from mgeconvert.errors import BadInputError, UnsafePickleError
from mgeconvert.tracedmodule.describe import describe
from mgeconvert.tracedmodule.read import allowed, pytree
from mgeconvert.tracedmodule.read.pytree import plain
from mgeconvert.tracedmodule.read.scan import scan
from mgeconvert.tracedmodule.read.short import short
from mgeconvert.tracedmodule.read.typeref import TypeRef
from mgeconvert.tracedmodule.read.work import bounded, is_key, unpack

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
    with pytest.raises(BadInputError, match=r"more than 1,000,000 parts, all spelled out"), bounded():
        plain(value)


@pytest.mark.shared_models
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("tm_const_laughs", "its arguments and constants are more than 1,000,000 parts"),
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


def test_arrays_may_not_be_far_larger_than_their_file() -> None:
    with bounded():
        unpack(64 << 20)
        with pytest.raises(BadInputError, match="they share their bytes"):
            unpack(1)
    with bounded(64 << 20):
        unpack(128 << 20)


@pytest.mark.parametrize("value", [1 << 32, -(1 << 32), (0, (1 << 40,)), frozenset(), np.float32(1).dtype])
def test_what_is_no_key(value: object) -> None:
    assert not is_key(value)


@pytest.mark.parametrize("value", [0, -1, "a", b"a", 1.5, None, True, (), ("a", (1, 2.0))])
def test_what_is_a_key(value: object) -> None:
    assert is_key(value)


def test_parts_that_make_no_container() -> None:
    with pytest.raises(BadInputError, match=r"^a slice of 2 parts$"):
        pytree._slice([0, 1], None)
    with pytest.raises(BadInputError, match=r"^a dict whose keys are neither text nor numbers$"):
        pytree._dict([0], [[]])
    with pytest.raises(BadInputError, match=r"^a slice of a tuple$"):
        allowed._slice((1, 2))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("x" * 100, "'" + "x" * 59),
        (1 << 1000, "a number of 1001 bits"),
        ([1.5, None, True, b"a"], "[1.5, None, True, b'a']"),
        (TypeRef("a.b", "c"), "a.b.c"),
        (slice(1), "a slice"),
        ({"a": [[[[[]]]]]}, "{'a': [[[[...]]]]}"),
    ],
)
def test_values_in_messages(value: object, text: str) -> None:
    assert short(value) == text
