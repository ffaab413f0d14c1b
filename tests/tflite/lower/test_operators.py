"""Every TFLite operator that is lowered, form by form: LiteRT on the file against onnxruntime on our ONNX."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mgeconvert_converters.onnx import BACKEND as ONNX
from mgeconvert_converters.tflite import FRONTEND, run
from mgeconvert_converters.tflite.lower import LOWERINGS
from tests.tflite.judge import compare

from .operator_rows import ROWS
from .rows import Row


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_operator(row: Row, tmp_path: Path) -> None:
    path = tmp_path / "m.tflite"
    path.write_bytes(row.file())
    truth = run.run(path, row.feeds, "builtin")
    ONNX.save(FRONTEND.load(path), tmp_path / "m.onnx")
    assert ONNX.run is not None
    found = ONNX.run(tmp_path / "m.onnx", row.feeds)
    assert list(found) == list(truth)
    for name, expected in truth.items():
        if row.quantized:
            assert (found[name].shape, found[name].dtype) == (expected.shape, expected.dtype)
            assert np.abs(found[name].astype(int) - expected.astype(int)).max() <= row.steps
        else:
            compare(found[name], expected, row.rtol, name)


ELSEWHERE = {
    "ASSIGN_VARIABLE", "CALL_ONCE", "READ_VARIABLE", "VAR_HANDLE", "IF", "WHILE",  # test_control
    "DENSIFY", "RFFT2D", "COMPLEX_ABS", "REAL", "IMAG",  # test_chains
    "CONV_3D", "CONV_3D_TRANSPOSE", "NON_MAX_SUPPRESSION_V4", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_PROD", "SUM",
    "ARG_MIN",  # test_round_trip
}  # fmt: skip


def test_every_builtin_operator_has_a_row() -> None:
    builtin = {op for op in LOWERINGS if op.isupper()}
    assert builtin - {row.op for row in ROWS} == ELSEWHERE
