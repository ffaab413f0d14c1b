"""Optimizing a TracedModule leaves no more calls than MegEngine's own `tm.optimize` does.

tests/goldens/optimized_calls.json has for each network the calls of MegEngine's flattened graph before and after it.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import mgeconvert
from mgeconvert.tracedmodule.lower.load import load
from mgeconvert.tracedmodule.read.model import read
from tests.tracedmodule import sources
from tests.tracedmodule.test_tree import calls

FIGURES: dict[str, list[int]] = json.loads(
    (Path(__file__).parents[1] / "goldens" / "optimized_calls.json").read_text(encoding="utf-8")
)


ZERO_STATE = pytest.mark.xfail(
    strict=True,
    reason="the zeros that an LSTMCell is called with go with the products they are in, and the cell with them",
)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[ZERO_STATE] * name.endswith("/RnnTagger")) for name in FIGURES]
)
def test_never_more_calls_than_megengine_leaves(name: str, tmp_path: Path) -> None:
    source = tmp_path / "source.pkl"
    source.write_bytes(sources.source(name)[0])
    graph = load(source, faithful=True)
    mgeconvert.optimize(graph, target="tm")
    mgeconvert.save(graph, tmp_path / "optimized.pkl")
    assert len(calls(read(source))) == FIGURES[name][0]
    assert len(calls(read(tmp_path / "optimized.pkl"))) <= FIGURES[name][1]
