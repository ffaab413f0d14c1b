"""Pickles that ask for more than there is are answered within 5 s of the processor and 1 GB."""

from __future__ import annotations

import io
import re

import pytest

import mgeconvert
from mgeconvert.errors import BadInputError

from .hostile_pickles import CASES, content
from .server import Server


@pytest.mark.parametrize("name", CASES)
def test_it_is_answered_within_the_limits(name: str, server: Server) -> None:
    data = content(name)
    assert len(data) < 2 << 20
    verdict = server.ask("tm", {"m.pkl": data})
    assert not verdict.is_finding, verdict
    said = CASES[name][1]
    assert said in verdict.text
    if not said:
        assert verdict.kind == "result"


REFUSED = (
    "an integer", "integers of an ordered dict", "a step", "a path", "names of variables", "names of modules",
)  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_bad_input(name: str) -> None:
    with pytest.raises(BadInputError, match=re.escape(CASES[name][1])):
        mgeconvert.load(io.BytesIO(content(name)), "tm")
