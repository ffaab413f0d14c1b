"""What our backend writes comes back equal: every row to TFLite, read again, to ONNX and to TFLite once more."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mgeconvert.verification.tolerance import RTOL
from mgeconvert_converters.onnx import BACKEND as ONNX
from mgeconvert_converters.tflite import BACKEND as TFLITE
from mgeconvert_converters.tflite import FRONTEND, run
from tests.harness.operators import Op, rows
from tests.harness.refusals import refusal
from tests.harness.wrong import WRONG
from tests.tflite.judge import compare

TWO_RESHAPES = "Atan-2x3x4x2x3"
"""LiteRT's XNNPACK and builtin kernels differ on what ATAN2 of five axes is composed of when written again."""


ROWS = [row for row in rows() if not refusal("tflite", row) and row.id not in WRONG.get("tflite", {})]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_row(row: Op, tmp_path: Path) -> None:
    """LiteRT on the file that we wrote is the judge."""
    written, again = tmp_path / "m.tflite", tmp_path / "again.tflite"
    TFLITE.save(row.graph(), written)
    truth = run.run(written, row.feeds)
    graph = FRONTEND.load(written)
    ONNX.save(graph, tmp_path / "m.onnx")
    assert ONNX.run is not None
    found = ONNX.run(tmp_path / "m.onnx", row.feeds)
    for name, expected in truth.items():
        compare(found[name], expected, max(row.rtol, RTOL), f"ONNX {name}")
    if row.id == TWO_RESHAPES:
        return
    TFLITE.save(graph, again)
    found = run.run(again, row.feeds)
    for name, expected in truth.items():
        compare(found[name], expected, max(row.rtol, RTOL), f"TFLite {name}")


def test_a_layer_that_is_read_again_is_the_same_file(tmp_path: Path) -> None:
    """A convolution with its border and activation: the operators and weights of the first file."""
    row = next(row for row in ROWS if row.op == "Conv" and len(row.feeds) == 1)
    first, second = tmp_path / "m.tflite", tmp_path / "again.tflite"
    TFLITE.save(row.graph(), first)
    TFLITE.save(FRONTEND.load(first), second)
    assert FRONTEND.describe is not None
    assert FRONTEND.describe(first).operators == FRONTEND.describe(second).operators
    for name, expected in run.run(first, row.feeds).items():
        np.testing.assert_array_equal(run.run(second, row.feeds)[name], expected)
