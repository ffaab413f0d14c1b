"""Operators as foreign sources have them (the rows of the ONNX rules) in MegEngine against onnxruntime."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mgeconvert
from mgeconvert.errors import MgeconvertError
from mgeconvert.registry import backend
from tests.onnx.rows import ROWS, Row
from tests.tracedmodule.judge import judged, record, save

UNKNOWN = "MegEngine has no such operator and no rewrite is known"
REFUSED = {
    **dict.fromkeys(["BitwiseAnd", "CastLike", "Compress", "DFT", "Det", "Einsum", "EyeLike", "Hardmax"], UNKNOWN),
    **dict.fromkeys(["LpNormalization", "LpPool", "MeanVarianceNormalization", "Shrink", "Unique"], UNKNOWN),
    "ArgMin": "the last of several equal extremes; MegEngine gives the first",
    "AveragePool": "pooling with gaps between the elements of a window",
    "DeformConv": "DeformConv whose weight is only known at run time",
    "DequantizeLinear": "MegEngine has no uint16 tensors",
    "GRU": "MegEngine has no GRU",
    "GatherND": "GatherND with batch dimensions",
    "GridSample": "GridSample ",
    "LSTM": "LSTM with sequence lengths, peepholes or layout",
    "LayerNormalization": "layer normalization that gives its statistics too",
    "Max": "MegEngine has no uint64 tensors",
    "MaxPool": "pooling",
    "Mul": "MegEngine has no uint16 tensors",
    "Pad": "",
    "Resize": "resize",
    "RoiAlign": "RoiAlign ",
    "ScatterElements": "ScatterElements with a reduction",
    "ScatterND": "ScatterND with the reduction",
}  # fmt: skip
"""Operators of which some row is refused, and a part of the reason."""

LOOSE = {"LayerNormalization": 1e-3}
"""float16: MegEngine computes the parts of a normalization one by one."""

NAMES = [f"{number}-{row.id}" for number, row in enumerate(ROWS)]


def narrowed(array: np.ndarray) -> np.ndarray:
    return array.astype(np.int32) if array.dtype == np.int64 else array


def refusal(row: Row) -> str:
    return "\n".join(map(str, backend("tm").problems(row.graph()[0])))


def in_onnxruntime(row: Row, folder: Path) -> list[np.ndarray] | None:
    """None where onnxruntime has no kernel for the row."""
    graph, feed = row.graph()
    onnx = backend("onnx")
    assert onnx.run is not None
    mgeconvert.save(graph, folder / "model.onnx", opset=21)
    try:
        return list(onnx.run(folder / "model.onnx", feed).values())
    except MgeconvertError as error:
        if "NOT_IMPLEMENTED" in str(error):
            return None
        raise


@pytest.mark.parametrize("number", range(len(ROWS)), ids=NAMES)
def test_a_second_round_trip_is_the_first(number: int, tmp_path: Path) -> None:
    """tm to tm is stable also where the first file came from elsewhere (Range needs one more)."""
    row = ROWS[number]
    if reason := refusal(row):
        assert REFUSED[row.op] in reason
        return
    save(row.graph()[0], tmp_path / "first.pkl")
    files = [tmp_path / "second.pkl", tmp_path / "third.pkl"]
    source = tmp_path / "first.pkl"
    for path in files:
        save(mgeconvert.load(source), path)
        source = path
    if row.op != "Range":
        assert files[0].read_bytes() == files[1].read_bytes()


def test_every_refusal_in_the_table_happens() -> None:
    assert {row.op for row in ROWS if refusal(row)} == set(REFUSED)


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[int, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("onnx-rows")
    requests = {}
    for number, row in enumerate(ROWS):
        expected = None if refusal(row) else in_onnxruntime(row, folder)
        if expected is None:
            continue
        graph, feed = row.graph()
        save(graph, folder / f"{number}.pkl")
        io = record(folder / f"{number}.npz", list(feed.values()), expected)
        requests[number] = {"model": folder / f"{number}.pkl", "io": io}
    return dict(zip(requests, judged(list(requests.values()), folder), strict=True))


@pytest.mark.reference
@pytest.mark.parametrize("number", range(len(ROWS)), ids=NAMES)
def test_megengine_computes_what_onnxruntime_does(number: int, answers: dict[int, dict[str, Any]]) -> None:
    if number not in answers:
        assert ROWS[number].op in {*REFUSED, "Where"}  # onnxruntime has no Where of booleans
        return
    answer = answers[number]
    assert "failed" not in answer, answer["failed"]
    assert max(answer["errors"], default=0.0) <= LOOSE.get(ROWS[number].op, 1e-5)
