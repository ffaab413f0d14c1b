"""Fields of a TracedModule that hold what they cannot hold are bad input with the field's name."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import mgeconvert
from mgeconvert.errors import BadInputError, MgeconvertError
from mgeconvert.ir.builder import Builder
from mgeconvert.tracedmodule.emit.backend import _assembled
from mgeconvert.tracedmodule.write import pickler
from mgeconvert.tracedmodule.write.pickler import Instance

WRONG: tuple[Any, ...] = (None, "x", 1.5, [], {}, ())


def module() -> Instance:
    """A convolution, a pooling and a product, as records that can be changed."""
    b = Builder()
    x = b.input("x", "float32", (1, 3, 8, 8))
    weight = b.constant(np.ones((4, 3, 3, 3), np.float32), name="w")
    y = b.op("MaxPool", b.op("Relu", b.op("Conv", x, weight, pads=(1, 1, 1, 1))), kernel_shape=(2, 2), strides=(2, 2))
    b.output("y", b.op("MatMul", b.op("Reshape", y, np.array([1, -1])), np.ones((64, 5), np.float32)))
    root, problems = _assembled(b.graph)
    assert root is not None
    assert problems == []
    return root


def states(thing: Any, seen: set[int]) -> Iterator[dict[Any, Any]]:
    """Every dict of the file: the states of records, and the dicts in them."""
    if isinstance(thing, list | tuple):
        for item in thing:
            yield from states(item, seen)
    elif isinstance(thing, Instance | dict) and id(thing) not in seen:
        seen.add(id(thing))
        if isinstance(thing, Instance):
            yield from states(thing.state, seen)
            return
        yield thing
        for key, item in thing.items():
            yield from states(key, seen)
            yield from states(item, seen)


def loaded(root: Instance) -> None:
    stream = io.BytesIO()
    pickler.write(root, stream)
    stream.seek(0)
    mgeconvert.load(stream, "tm")


def test_every_field_may_be_wrong() -> None:
    """What comes of it is a graph or an error of ours; any other exception fails the test."""
    root = module()
    tried = refused = 0
    for state in list(states(root, set())):
        for key, old in list(state.items()):
            for wrong in WRONG:
                state[key] = wrong
                try:
                    loaded(root)
                except MgeconvertError:
                    refused += 1
                tried += 1
            state[key] = old
    assert tried > 2000
    assert refused > 500


CONV = [("stride", None), ("padding", 1.5), ("dilation", {}), ("groups", "x"), ("bias", "x"), ("weight", None)]


@pytest.mark.parametrize(("name", "wrong"), CONV)
def test_the_error_names_the_field(name: str, wrong: object) -> None:
    root = module()
    for state in states(root, set()):
        if "dilation" in state:
            state[name] = wrong
    with pytest.raises(BadInputError, match=rf"{name}: is a {type(wrong).__name__}, expected (a|text)"):
        loaded(root)


@pytest.mark.parametrize(
    ("name", "wrong", "least"),
    [("stride", (0, 1), 1), ("dilation", (1, -1), 1), ("padding", (-1, 0), 0), ("groups", 0, 1)],
)
def test_numbers_below_the_least(name: str, wrong: object, least: int) -> None:
    root = module()
    for state in states(root, set()):
        if "dilation" in state:
            state[name] = wrong
    with pytest.raises(BadInputError) as error:
        loaded(root)
    assert error.value.message.endswith(f"{name}: is {wrong}, expected {least} or more")
