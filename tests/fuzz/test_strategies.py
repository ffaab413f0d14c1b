"""Drawn files: whatever is in them, what comes of it is a result or an error of ours.

Here the same few examples each time; `make fuzz` draws MGECONVERT_EXAMPLES for each reader, others each time where they
are more than CI's.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from .server import Server
from .strategies import STRATEGIES

EXAMPLES = int(os.environ.get("MGECONVERT_EXAMPLES", "0"))
FEW, REPEATED = 30, 100
"""Examples in the tests, and the most that are the same ones each time: what CI draws."""
LIMITS = settings(
    max_examples=EXAMPLES or FEW,
    derandomize=EXAMPLES <= REPEATED,
    database=None,
    deadline=None,  # the server has one
    phases=(Phase.generate, Phase.shrink) if EXAMPLES else (Phase.generate,),
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.parametrize("reader", STRATEGIES)
def test_drawn_files(reader: str, server: Server) -> None:
    seen: set[str] = set()

    @LIMITS
    @given(st.data())
    def judge(data: st.DataObject) -> None:
        verdict = server.ask(reader, data.draw(STRATEGIES[reader]()))
        assert not verdict.is_finding, verdict
        seen.add(verdict.kind)

    judge()
    assert seen
