"""Graphs in every memory layout that a dump can choose compute what MegEngine does, in NCHW and without moving."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import mgeconvert
from mgeconvert.errors import UnsupportedError
from tests.harness import goldens
from tests.harness.cases import Network, Row
from tests.staticgraph import files

from .test_rows import check, loaded

CASES = [
    pytest.param(form, family, row, id=f"{form}/{family}/{row.id}")
    for form in files.LAYOUTS
    for family, row in files.dumped(form)
]
PACKED = "values packed for OpenCL images"
IMAGES = ("Conv2d-3-", "ConvBn2d-3-", "ConvBnRelu2d-3-", "ConvRelu2d-3-", "ShuffleNet", "DcGan", "Neighbours")
"""How the names of rows begin that hold such values in the layout hwcd4."""
MISTAKEN = frozenset(["quantization/modules/quantized-conv-transpose"])
"""Rows from which MegEngine does not cut the channels that fill the last block: its dump has one more than the network,
in MegEngine too."""
FILLED = ("nchw4", "nchw32", "chwn4")
"""The layouts that show it."""


def optimized(source: Any) -> int:
    """How many nodes are left after the passes."""
    graph = mgeconvert.load(source)
    mgeconvert.optimize(graph)
    return len(graph.nodes)


@pytest.mark.parametrize(("form", "family", "row"), CASES)
def test_row(form: str, family: str, row: Row, tmp_path: Path) -> None:
    if form == "hwcd4" and row.id.startswith(IMAGES):
        with pytest.raises(UnsupportedError, match=PACKED):
            loaded(form, row, tmp_path)
        return
    check(loaded(form, row, tmp_path), family, row, MISTAKEN if form in FILLED else frozenset())


@pytest.mark.parametrize(
    ("form", "family", "row"),
    [case for case in CASES if isinstance(case.values[2], Network) and "hwcd4" not in case.id],
)
def test_no_more_nodes_than_from_the_traced_module(form: str, family: str, row: Row, tmp_path: Path) -> None:
    """Two percent more at most."""
    source, traced = tmp_path / "model.mge", tmp_path / "model.pkl"
    source.write_bytes(files.model(form, row))
    traced.write_bytes(goldens.load(family, row).model)
    assert optimized(source) <= 1.02 * optimized(traced)
