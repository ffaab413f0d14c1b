"""Layers that Caffe has and that are not read in that form, and nets that Caffe would not take either: exact texts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import mgeconvert
from mgeconvert.errors import BadInputError, UnsupportedError
from mgeconvert_converters.caffe.lower.pooling import LONGEST
from mgeconvert_converters.caffe.write.caffemodel import LayerBlobs, write_weights
from tests.caffe.lower.layer_rows import LayerRow, one
from tests.harness.rows import X

IMAGE = X(1, 4, 6, 8)
SEQUENCE = X(3, 2, 5), X(3, 2)
BOXES = X(1, 8), X(1, 6)


def row(type: str, params: str, *operands: X, says: str, tops: int = 1) -> LayerRow:
    """A net of one layer that must be refused with that text."""
    return one(f"{type}: {says[:40]}", type, params, *operands, tops=tops, refused={"caffe": says})


REFUSED = (
    row("Pooling", "pool: STOCHASTIC kernel_size: 2", IMAGE, says="stochastic pooling"),
    row("SPP", "pool: STOCHASTIC pyramid_height: 2", IMAGE, says="stochastic pooling"),
    row("Pooling", "kernel_size: 2", IMAGE, tops=2, says="its second top, the mask, is used for unpooling"),
    row("Pooling", "kernel_size: 9 stride: 2", IMAGE, says="a window of 9 with stride 2 lies outside an input of 6"),
    row("Pooling", f"kernel_size: 1 stride: {LONGEST + 1} round_mode: FLOOR", IMAGE,
        says=f"windows of 1 with stride {LONGEST + 1} on an input of 6: more than {LONGEST:,} along one axis"),
    row("LSTM", "num_output: 3", *SEQUENCE, X(2, 4), says="a static input beside the sequence"),
    row("LSTM", "num_output: 3 expose_hidden: true", *SEQUENCE, says="expose_hidden"),
    row("RNN", "num_output: 3", *SEQUENCE, X(2, 4), says="a static input beside the sequence"),
    row("DetectionOutput", "num_classes: 3 share_location: false", *BOXES, X(1, 2, 8),
        says="more than one image, boxes of each class, or an adaptive overlap"),
    row("DetectionOutput", "num_classes: 3 nms_param { eta: 0.5 }", *BOXES, X(1, 2, 8),
        says="more than one image, boxes of each class, or an adaptive overlap"),
    row("DetectionOutput", "num_classes: 3 code_type: CORNER_SIZE", *BOXES, X(1, 2, 8), says="code_type CORNER_SIZE"),
)  # fmt: skip
INVALID = (
    row("Convolution", "num_output: 4 kernel_size: 1 group: 3", IMAGE, says="group 3 does not divide 4 and 4 channels"),
    row("Convolution", "num_output: 3 kernel_size: 1 group: 2", IMAGE, says="group 2 does not divide 4 and 3 channels"),
    row("Eltwise", "coeff: 1 coeff: 2 coeff: 3", IMAGE, IMAGE, says="3 coeff for 2 bottoms"),
    row("Crop", "axis: 2 offset: 1 offset: 2 offset: 3", IMAGE, X(1, 4, 2, 2),
        says="3 offsets for 2 axes of float32[1,4,6,8] like float32[1,4,2,2]"),
    row("Crop", "axis: 2 offset: 5", IMAGE, X(1, 4, 2, 2),
        says="crops [1, 4, 6, 8] at [5, 5] like [1, 4, 2, 2], which is outside along axis 2"),
    row("Concat", "axis: 1", X(1, 2, 3), X(1, 2, 4), says="cannot concatenate [1, 2, 3], [1, 2, 4] along axis 1"),
    row("ShuffleChannel", "group: 3", IMAGE, says="group 3 does not divide 4 channels"),
    row("SPP", "", IMAGE, says="no pyramid_height"),
    row("Pooling", "", IMAGE, says="no kernel_size"),
    row("PriorBox", "min_size: 4", IMAGE, X(1, 3, 9), says="the image is float32[1,3,9]; expected four axes"),
    row("PriorBox", "", IMAGE, X(1, 3, 9, 9), says="no min_size"),
    row("Tile", "tiles: 0", IMAGE, says="0 tiles"),
    row("Convolution", "num_output: 4 kernel_size: 1 kernel_size: 1 kernel_size: 1", IMAGE,
        says="3 values of kernel_size for 2 axes"),
    row("DetectionOutput", "num_classes: 3", *BOXES, X(1, 2, 7),
        says="the prior boxes are float32[1,2,7]; expected [1,2,4 * boxes]"),
)  # fmt: skip


def files(row: LayerRow, folder: Path) -> Path:
    path = folder / "net.prototxt"
    path.write_text(row.prototxt)
    with path.with_suffix(".caffemodel").open("wb") as file:
        write_weights(file, "net", [LayerBlobs({"name": "other"}, [np.zeros(1, np.float32)])])
    return path


@pytest.mark.parametrize("row", REFUSED, ids=str)
def test_a_form_is_refused(row: LayerRow, tmp_path: Path) -> None:
    with pytest.raises(UnsupportedError) as refused:
        mgeconvert.load(files(row, tmp_path))
    assert [problem.reason for problem in refused.value.problems] == [row.refused["caffe"]]


@pytest.mark.parametrize("row", INVALID, ids=str)
def test_a_layer_that_caffe_would_not_take_is_bad_input(row: LayerRow, tmp_path: Path) -> None:
    with pytest.raises(BadInputError) as refused:
        mgeconvert.load(files(row, tmp_path))
    assert refused.value.message.partition("layer l: ")[2] == row.refused["caffe"]


def test_a_net_without_outputs(tmp_path: Path) -> None:
    silence = LayerRow('layer { name: "s" type: "Silence" bottom: "x" }', {"x": X(1, 2)}, id="silence")
    with pytest.raises(BadInputError, match="the net has no outputs: every top is read by another layer"):
        mgeconvert.load(files(silence, tmp_path))
