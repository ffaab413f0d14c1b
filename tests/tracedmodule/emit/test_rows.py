"""Operators as foreign sources have them (the rows of the ONNX rules) in MegEngine against onnxruntime."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mgeconvert
from mgeconvert.errors import MgeconvertError
from mgeconvert.registry import backend
from tests.harness.operators import Op, P, X, rows
from tests.harness.refusals import params, refusal, said
from tests.harness.wrong import WRONG
from tests.tracedmodule.emit.foreign import DIVISORS, FOREIGN, SIGNS
from tests.tracedmodule.judge import judged, record, save

LOOSE = {"LayerNormalization": 1e-3}
"""float16: MegEngine computes the parts of a normalization one by one."""

ROWS = [*(row for row in rows() if not refusal("tm", row) and row.id not in WRONG["tm"]), *FOREIGN]
"""The rows that are written."""


def narrowed(array: np.ndarray) -> np.ndarray:
    return array.astype(np.int32) if array.dtype == np.int64 else array


def in_onnxruntime(row: Op, folder: Path) -> list[np.ndarray] | None:
    """None where onnxruntime has no kernel for the row."""
    graph, feed = row.graph(), row.feeds
    onnx = backend("onnx")
    assert onnx.run is not None
    mgeconvert.save(graph, folder / "model.onnx", opset=21)
    try:
        return list(onnx.run(folder / "model.onnx", feed).values())
    except MgeconvertError as error:
        if "NOT_IMPLEMENTED" in str(error):
            return None
        raise


@pytest.mark.parametrize("row", [pytest.param(row, id=row.id) for row in ROWS])
def test_a_second_round_trip_is_the_first(row: Op, tmp_path: Path) -> None:
    """tm to tm is stable also where the first file came from elsewhere (Range needs one more)."""
    save(row.graph(), tmp_path / "first.pkl")
    files = [tmp_path / "second.pkl", tmp_path / "third.pkl"]
    source = tmp_path / "first.pkl"
    for path in files:
        save(mgeconvert.load(source), path)
        source = path
    if row.op != "Range":
        assert files[0].read_bytes() == files[1].read_bytes()


@pytest.mark.parametrize("row", params("tm", written=False))
def test_operator_is_refused(row: Op) -> None:
    assert said("tm", row.graph()) == refusal("tm", row)


def test_dropout_that_drops_is_refused() -> None:
    row = Op("Dropout", X(2, 3), P(values=0.5), P(values=True, dtype="bool"))
    assert said("tm", row.graph()) == "Dropout in training mode"


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("onnx-rows")
    requests, broken = {}, {}
    for number, row in enumerate([*(row for row in rows() if not refusal("tm", row)), *FOREIGN]):
        expected = in_onnxruntime(row, folder)
        if expected is None:
            continue
        try:
            save(row.graph(), folder / f"{number}.pkl")
        except AssertionError as error:
            broken[row.id] = {"failed": repr(error)}
            continue
        io = record(folder / f"{number}.npz", list(row.feeds.values()), expected)
        requests[row.id] = {"model": folder / f"{number}.pkl", "io": io}
    return {**broken, **dict(zip(requests, judged(list(requests.values()), folder), strict=True))}


@pytest.mark.reference
@pytest.mark.parametrize("row", [*params("tm", written=True), *(pytest.param(row, id=row.id) for row in FOREIGN)])
def test_megengine_computes_what_onnxruntime_does(row: Op, answers: dict[str, dict[str, Any]]) -> None:
    if row.id not in answers:
        assert row.op == "Where"  # onnxruntime has no Where of booleans
        return
    answer = answers[row.id]
    assert "failed" not in answer, answer["failed"]
    assert max(answer["errors"], default=0.0) <= LOOSE.get(row.op, 1e-5)


@pytest.mark.reference
def test_the_remainder_of_floats_has_the_sign_of_the_divisor(tmp_path: Path) -> None:
    """onnxruntime has it from opset 28 only; numpy's is ONNX's."""
    row = Op("Mod", X(values=SIGNS), X(values=DIVISORS))
    save(row.graph(), tmp_path / "model.pkl")
    with np.errstate(invalid="ignore"):
        io = record(tmp_path / "model.npz", [SIGNS, DIVISORS], [np.mod(SIGNS, DIVISORS)])
    (answer,) = judged([{"model": tmp_path / "model.pkl", "io": io}], tmp_path)
    assert answer["errors"] == [0.0]
