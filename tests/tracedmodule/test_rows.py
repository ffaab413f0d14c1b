"""Every row of tests/rows back to a TracedModule: MegEngine computes the same, and the second file is the first."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import mgeconvert
from mgeconvert.errors import UnsupportedError
from tests.harness import goldens
from tests.harness.cases import Row
from tests.tracedmodule.judge import judged, record, save

REFUSED = {}
"""Rows that the reader takes and the writer does not, by the beginning of their names."""

ROWS = {
    f"{family}/{row.id}": (family, row)
    for family, rows in goldens.families().items()
    for row in rows
    if "tm" not in row.refused and "tm" not in row.xfail
}


def reason(name: str) -> str | None:
    return next((text for beginning, text in REFUSED.items() if name.startswith(beginning)), None)


WRITTEN = [name for name in ROWS if reason(name) is None]


def load(family: str, row: Row, folder: Path) -> tuple[mgeconvert.Graph, goldens.Golden]:
    golden = goldens.load(family, row)
    source = folder / "source.pkl"
    source.write_bytes(golden.model)
    return mgeconvert.load(source), golden


@pytest.mark.parametrize("name", ROWS)
def test_row_is_stable(name: str, tmp_path: Path) -> None:
    graph, _ = load(*ROWS[name], tmp_path)
    expected = reason(name)
    if expected is not None:
        with pytest.raises(UnsupportedError) as refusal:
            save(graph, tmp_path / "first.pkl")
        assert expected in str(refusal.value)
        return
    first = save(graph, tmp_path / "first.pkl")
    again = mgeconvert.load(tmp_path / "first.pkl")
    again.check()
    assert list(again.inputs) == list(graph.inputs)
    assert [value.shape for value in again.inputs.values()] == [value.shape for value in graph.inputs.values()]
    assert len(again.outputs) == len(graph.outputs)
    assert again.metadata.get("megengine.outputs") == graph.metadata.get("megengine.outputs")
    assert save(again, tmp_path / "second.pkl") == first


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("rows")
    requests = {}
    for number, name in enumerate(WRITTEN):
        try:
            graph, golden = load(*ROWS[name], folder)
        except goldens.GoldenError:
            continue  # the row's own test says so
        save(graph, folder / f"{number}.pkl")
        io = record(folder / f"{number}.npz", golden.inputs, golden.outputs)
        requests[name] = {"model": folder / f"{number}.pkl", "io": io}
    return dict(zip(requests, judged(list(requests.values()), folder), strict=True))


@pytest.mark.reference
@pytest.mark.parametrize("name", WRITTEN)
def test_megengine_computes_the_same(name: str, answers: dict[str, dict[str, Any]]) -> None:
    goldens.load(*ROWS[name])
    answer = answers[name]
    assert "failed" not in answer, answer["failed"]
    assert max(answer["errors"], default=0.0) <= max(ROWS[name][1].rtol, 1e-5)
