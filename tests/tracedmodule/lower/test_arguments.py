"""What the arguments of a call may be."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from mgeconvert.errors import BadInputError
from mgeconvert.ir import Value
from mgeconvert.tracedmodule.lower.arguments import check_arguments, expected_arguments


def handler(inp: Value, k: int = 0, axis: int | None = None, slope: float = 0.5) -> None:
    """Stands for one of the table."""


EXPECTED = expected_arguments(inspect.signature(handler))


def test_whole_floats_count() -> None:
    given: dict[str, Any] = {"k": 2.0, "axis": None, "slope": 2.0}
    check_arguments(EXPECTED, given)
    assert repr(given) == "{'k': 2, 'axis': None, 'slope': 2.0}"


WRONG = {
    "k is 1.5, expected a whole number": {"k": 1.5},
    "axis is nan, expected a whole number": {"axis": float("nan")},
    "k is a str, expected a whole number": {"k": "x"},
    "slope is a str, expected a number": {"slope": "x"},
    "inp is a str, expected a tensor": {"inp": "x"},
}


@pytest.mark.parametrize("message", WRONG)
def test_what_does_not_fit(message: str) -> None:
    with pytest.raises(BadInputError) as caught:
        check_arguments(EXPECTED, WRONG[message])
    assert caught.value.message == message
