"""TFLite operators in forms that no kernel takes, or that have no ONNX form: exact reasons."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mgeconvert.errors import UnsupportedError
from mgeconvert_converters.tflite import FRONTEND

from .rows import P, Row, X, ints

IMAGE = X(1, 6, 8, 4)
STATE = P(2, 3, variable=True)


def row(op: str, *operands: X | None, says: str, **more: Any) -> Row:
    """A form that must be refused with that text."""
    return Row(op, *operands, refused={"tflite": says}, **more)


ROWS = [
    row("CONV_2D", IMAGE, P(3, 3, 3, 4), P(3), Padding=7, StrideH=1, StrideW=1,
        says="padding number 7, which the schema does not have"),
    row("CONV_2D", IMAGE, P(3, 3, 3, 3), P(3), Padding=1, StrideH=1, StrideW=1,
        says="weights [3, 3, 3, 3] for 4 channels"),
    row("ADD", X(2), X(2), FusedActivationFunction=4, says="a fused activation number 4, which no kernel applies"),
    row("FULLY_CONNECTED", X(2, 4), P(3, 4), None, WeightsFormat=1, says="weights in a shuffled format"),
    row("FULLY_CONNECTED", X(2, 5), P(3, 4), None, says="a product of [2, 5] with weights of 4 inputs"),
    row("QUANTIZE", X(2, 3), out="int8", says="a result without scales"),
    row("FAKE_QUANT", X(2), Min=1.0, Max=-1.0, NumBits=8, says="8 bits between 1.0 and -1.0"),
    row("RNN", X(2, 4), P(3, 4), P(3, 3), P(3), STATE, FusedActivationFunction=5, says="activation number 5"),
    row("SVDF", X(2, 4), P(6, 4), P(6, 5), P(3), P(2, 30, variable=True), Rank=4, FusedActivationFunction=1,
        says="6 filters of rank 4"),
    row("RESIZE_BILINEAR", IMAGE, ints([3, 3]), AlignCorners=True, HalfPixelCenters=True,
        says="aligned corners and half pixels exclude each other"),
    row("RESIZE_BILINEAR", IMAGE, ints([0, 3]), says="a size of [0, 3]"),
    row("MATRIX_SET_DIAG", X(2, 3, 4), X(2, 2), says="a diagonal of [2, 2]"),
    row("GATHER", X(4, 5), ints([0]), Axis=0, BatchDims=1, says="GATHER along axis 0 with 1 batch dimensions"),
    row("REVERSE_SEQUENCE", X(3, 4), ints([1, 2, 3]), SeqDim=0, BatchDim=0,
        says="a sequence along the axis of the batch"),
    row("UNSORTED_SEGMENT_SUM", X(3, 2, dtype="int32"), ints([0, 1, 0]), ints(2), out="int32",
        says="segments of integers"),
    row("SLICE", X(4, 5), ints([0]), ints([2]), says="a slice from [0] of [2]"),
    row("STRIDED_SLICE", X(4, 5), ints([0, 0]), ints([4, 5]), ints([0, 1]), says="a slice with strides [0, 1]"),
    row("STRIDED_SLICE", X(4, 5), ints([0, 0]), ints([4, 5]), ints([1, 1]), EllipsisMask=3,
        says="a slice with two ellipses"),
    row("STRIDED_SLICE", X(4), ints([0, 0]), ints([4, 5]), ints([1, 1]),
        says="a slice of more axes than the 1 of its data"),
    row("SPLIT", ints(1), X(2, 5), out="float32 float32", NumSplits=2, says="a split of 5 into 2"),
    row("SPLIT_V", X(2, 6), ints([-1, -1]), ints(1), out="float32 float32", NumSplits=2, says="a split into [7, -1]"),
    row("SPACE_TO_BATCH_ND", X(1, 5, 6, 3), ints([2, 3]), ints([[0, 0], [0, 0]]), says="blocks [2, 3] of [5, 6, 3]"),
    row("BATCH_TO_SPACE_ND", X(3, 2, 2, 1), ints([2, 2]), ints([[0, 0], [0, 0]]),
        says="blocks [2, 2] in a batch of 3"),
    row("PAD", X(2, 3), ints([[0, 1]]), says="pads that do not fit the data"),
    row("RESHAPE", X(2, 3), ints([4, 2]), says="a reshape of [2, 3] to [4, 2]"),
    row("RESHAPE", X(2, 3), ints([4, -1]), says="a reshape of [2, 3] to [4, -1]"),
    row("TRANSPOSE", X(2, 3), ints([0, 0]), says="a transpose of 2 axes by [0, 0]"),
    row("SQUEEZE", X(2, 1), SqueezeDims=[0], says="a squeeze of [2, 1] along [0]"),
    row("DEPTH_TO_SPACE", X(1, 2, 2, 4), BlockSize=0, says="blocks of 0"),
    row("MEAN", X(2, 3), ints([5]), says="axis 5 of a tensor of 2 axes"),
    row("RESHAPE", None, ints([4]), says="its operand is missing"),
    row("RESHAPE", X(2, 3), ints([-1, -1]), says="a reshape to [-1, -1]"),
    row("CONV_2D", IMAGE, P(3, 3, 3, 4), P(3), Padding=1, StrideH=-1, StrideW=1,
        says="a window [3, 3] with strides [-1, 1] and dilations [1, 1]"),
    row("UNIDIRECTIONAL_SEQUENCE_RNN", X(2, 3, 4), P(3, 4), P(3, 3), P(3), STATE, FusedActivationFunction=5,
        says="activation number 5"),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_a_form_is_refused(row: Row, tmp_path: Path) -> None:
    path = tmp_path / "m.tflite"
    path.write_bytes(row.file())
    with pytest.raises(UnsupportedError) as refused:
        FRONTEND.load(path)
    assert [problem.reason for problem in refused.value.problems] == [row.refused["tflite"]]
