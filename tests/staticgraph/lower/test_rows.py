"""Every row that MegEngine can dump, in every form of a dump: read back, it computes what MegEngine did."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mgeconvert
from mgeconvert.errors import UnsupportedError
from mgeconvert.ir import Graph, Node
from mgeconvert.verification.asking import run_graph
from tests.harness import goldens
from tests.harness.cases import Row
from tests.harness.check import difference

from .. import files

FLOAT16 = 1e-2
MISTAKEN = {
    # as the minimum of `lower` and the maximum with it
    "clip": """elementwise/dtypes/clip-float16 elementwise/dtypes/clip-int8 elementwise/dtypes/clip-uint8
        elementwise/dtypes/clip-int16 elementwise/dtypes/clip-int32 elementwise/numbers/clip-int8
        elementwise/numbers/clip-uint8 elementwise/numbers/clip-int16 elementwise/numbers/clip-int32
        elementwise/functional/clip-2x3x4--0.5-1.5 indexing/subscripts/clip-in-place""",
    # with the sign turned around
    "sign": "elementwise/functional/sign elementwise/opdefs/Elemwise-2x3x4-mode=sign",
    # as what equals inf, and not -inf
    "isinf": "elementwise/functional/isinf-4",
}
"""What MegEngine 1.13 writes into an mgv2 file as something else, by the rows that show it. The file says so, and is
read as it says; the old container has what was meant."""
TRUE_INDEX = frozenset(["indexing/subscripts/x[:,True]-2x3x4", "indexing/subscripts/x[True]-4x6"])
"""Rows whose index True is dumped as the index 1, in every container."""
MISTAKEN_ROWS = TRUE_INDEX.union(*(names.split() for names in MISTAKEN.values()))
REFUSED = {"selection/k-at-run-time": "topk of a k that is only known at run time"}
"""Rows that a TracedModule has and a static graph refuses, with the reason."""
READ = frozenset(["elementwise/numbers/bfloat16"])
"""Rows that a TracedModule refuses and a static graph does not: MegEngine dumps what it computes with instead."""
RUN = ("plain", "optimized")
"""The forms that are run; the others must give the same graph as the plain one, or are run too."""


def cases(forms: Iterable[str]) -> list[Any]:
    return [
        pytest.param(form, family, row, id=f"{form}/{family}/{row.id}")
        for form in forms
        for family, row in files.dumped(form)
    ]


def loaded(form: str, row: Row, folder: Path) -> Graph:
    source = folder / f"{form}.mge"
    source.write_bytes(files.model(form, row))
    return mgeconvert.load(source)


@pytest.mark.parametrize(("form", "family", "row"), cases(RUN))
def test_row(form: str, family: str, row: Row, tmp_path: Path) -> None:
    if reason := refused(family, row):
        with pytest.raises(UnsupportedError) as refusal:
            loaded(form, row, tmp_path)
        assert reason.lower() in str(refusal.value).lower()
        return
    check(loaded(form, row, tmp_path), family, row, MISTAKEN_ROWS)


def refused(family: str, row: Row) -> str:
    """A part of the reason that must be given, "" where the row must be read."""
    name = f"{family}/{row.id}"
    return "" if name in READ else REFUSED.get(name) or row.refused.get("tm", "")


def one_step(graph: Graph, theirs: np.ndarray) -> float:
    """The coarsest step that a value of the graph is rounded to, of the largest result: rounding in integers, or after
    MegEngine has changed the order of the arithmetic, may take the next one. 0 where nothing is rounded."""
    scales = [node.inputs[1] for node in graph.nodes if node.op == "QuantizeLinear"]
    steps = [float(scale.array.max()) for scale in scales if scale is not None and scale.array is not None]
    return 1.01 * max(steps, default=0.0) / max(float(np.abs(theirs).max(initial=0)), 1e-30) if steps else 0.0


def check(graph: Graph, family: str, row: Row, mistaken: frozenset[str]) -> None:
    """The graph computes what MegEngine did; a row that its dump mistakes something else."""
    graph.check()
    golden = goldens.load(family, row)
    numbered = {f"in_{number}": array for number, array in enumerate(golden.inputs)}
    feeds = {name: np.atleast_1d(numbered[name]) for name in graph.inputs}
    outputs = list(run_graph(graph, feeds).values())
    assert len(outputs) == len(golden.outputs)
    complaints = []
    for ours, theirs in zip(outputs, map(np.atleast_1d, golden.outputs), strict=True):
        rtol = FLOAT16 if theirs.dtype == np.float16 else max(row.rtol, one_step(graph, theirs))
        complaints.append(difference(ours, theirs, rtol))
    assert any(complaints) == (f"{family}/{row.id}" in mistaken), complaints


@pytest.mark.parametrize(("form", "family", "row"), cases(form for form in files.FORMS if form not in RUN))
def test_the_same_in_another_container(form: str, family: str, row: Row, tmp_path: Path) -> None:
    if refused(family, row):
        with pytest.raises(UnsupportedError):
            loaded(form, row, tmp_path)
        return
    graph = loaded(form, row, tmp_path)
    if f"{family}/{row.id}" not in files.undumpable("plain"):
        plain = loaded("plain", row, tmp_path)
        if [_shown(node) for node in graph.nodes] == [_shown(node) for node in plain.nodes]:
            assert len(graph.outputs) == len(plain.outputs)
            return
    check(graph, family, row, TRUE_INDEX if form == "old" else MISTAKEN_ROWS)


def _shown(node: Node) -> tuple[object, ...]:
    inputs = [None if value is None else (value.type_text, value.is_constant) for value in node.inputs]
    return node.op, sorted(node.attrs.items()), inputs, [value.type_text for value in node.outputs]


@pytest.mark.reference
def test_the_archive_is_current() -> None:
    known = {f"{family}/{row.id}" for form in files.FORMS for family, row in files.dumped(form)}
    refused = set().union(*(files.undumpable(form) for form in files.FORMS))
    assert sorted({f"{family}/{row.id}" for family, row in files.rows()} - known - refused) == [], (
        "run `python tests/staticgraph/make_goldens.py`"
    )
