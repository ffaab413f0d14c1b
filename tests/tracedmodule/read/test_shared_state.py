"""A hostile file cannot change what later loads share: classes, functions, tables."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from mgeconvert.errors import BadInputError
from mgeconvert.tracedmodule.read import allowed
from mgeconvert.tracedmodule.read.typeref import TypeRef
from tests.tracedmodule import files as traced_files
from tests.tracedmodule.pickles import (
    build,
    file,
    integer,
    many,
    mapping,
    module,
    name,
    text,
)
from tests.tracedmodule.read.loaded import load, refusal

CLASS_STATES = {
    "dict": lambda: mapping(source=text("evil"), __setstate__=integer(1)),
    "slots": lambda: many(pickle.NONE, mapping(source=text("evil"), keys=mapping())),
}


@pytest.mark.parametrize("state", CLASS_STATES)
@pytest.mark.parametrize("key", sorted(allowed.ALLOWED), ids=".".join)
def test_build_on_a_class_or_function_changes_nothing(key: tuple[str, str], state: str) -> None:
    before = snapshot(allowed.find(*key))
    with pytest.raises(BadInputError):
        load(file(module(value=build(name(*key), CLASS_STATES[state]()))))
    assert snapshot(allowed.find(*key)) == before


def snapshot(value: Any) -> Any:
    if isinstance(value, type):
        return {key: id(item) for key, item in vars(value).items()}
    if isinstance(value, TypeRef):
        return (
            value.module,
            value.name,
            value._build and vars(value._build),
            getattr(value._build, "__defaults__", None),
        )
    return value


def test_appending_to_a_class_is_refused() -> None:
    for opcode in (
        pickle.APPEND,
        pickle.MARK + integer(1) + pickle.APPENDS,
        pickle.MARK + text("a") * 2 + pickle.SETITEMS,
    ):
        extra = integer(1) if opcode == pickle.APPEND else b""
        assert "damaged" in refusal(file(module(value=name("megengine.tensor", "Tensor") + extra + opcode)))


def test_loading_is_the_same_after_hostile_loads() -> None:
    data = traced_files.files()["nested.pkl"]
    before = load(data)
    for hostile in (module(value=name("os", "system")), build(name("builtins", "slice"), mapping(a=integer(1)))):
        with pytest.raises(BadInputError):
            load(file(hostile))
    assert load(data).attributes.keys() == before.attributes.keys()
