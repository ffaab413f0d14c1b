"""Every finding that was mended stays mended."""

from __future__ import annotations

from pathlib import Path

import pytest

from .judge import OTHERS, READERS, judged
from .server import Server

CORPUS = Path(__file__).parent / "corpus"
"""READER/NAME.SUFFIX, and for formats of several files READER/NAME/FILE."""
MAIN = (".prototxt", ".py")


def cases() -> list[str]:
    return sorted(str(path.relative_to(CORPUS)) for path in CORPUS.glob("*/*"))


def read(name: str) -> dict[str, bytes]:
    """The files of a case, main file first."""
    path = CORPUS / name
    if path.suffix == ".safetensors":
        return {"m.py": b"", f"m{path.suffix}": path.read_bytes()}
    if path.is_file():
        return {f"m{path.suffix}": path.read_bytes()}
    files = {file.name: file.read_bytes() for file in path.iterdir()}
    return dict(sorted(files.items(), key=lambda item: not item[0].endswith(MAIN)))


@pytest.mark.parametrize("name", cases())
def test_a_finding_stays_mended(name: str, server: Server) -> None:
    verdict = server.ask(name.partition("/")[0], read(name))
    assert not verdict.is_finding, verdict


SAID = {
    "caffe/concat_of_nothing": "layer layer/concat: 0 bottoms, which Concat does not take",
    "caffe/convolution_of_a_vector": "layer layer/convolution: a bottom of shape [], expected 3 axes or more",
    "caffe/damaged_numbers": "m.caffemodel: layer layer/parameter, blob 0: its numbers are damaged",
    "caffe/reshape_copies_beyond_axes": "a dim of 0 copies a size, and the bottom has only 0 axes",
    "mge/argsort_of_no_known_axes.mge": "a tensor whose number of axes is only known at run time",
    "mge/elemwise_without_operands.mge": "model: Elemwise: the Elemwise mode SWITCH_GT0 of 0 operands",
    "mge/roi_pooling_of_computed_size.mge": "model: ROIPooling: a size of the bins is dimension",
    "mge/normalization_of_no_known_axes.mge": "normalization over channels whose number is only known at run time",
    "onnx/clip_by_a_vector.onnx": "Clip: a lower limit of shape [9], expected one number",
    "onnx/pads_that_cut_all.onnx": "Pad: pads of -1 and 2, which cut all 1 of axis 2",
    "tm/diagonal_of_a_half.pkl": "builtin.Diag: k is 1.5, expected a whole number",
    "onnx/resize_beyond_int32.onnx": "Resize: a resize of 9223372036854775807 positions, more than 32 bits count",
    "onnx/slice_of_endless_vectors.onnx": "a slice of 9223372036854775807 numbers; no tensor has so many axes",
    "onnx/tensor_of_no_type.onnx": "there is no element type 1048576",
    "tflite/pads_as_kernel_of_gigabytes.tflite": "Conv: it needs a constant of 6 x 4 x 4128771 x 3 numbers",
    "tm/astype_of_text.pkl": "megengine.tensor.Tensor.astype: dtype is a str, expected a type of data",
    "tm/step_of_a_tuple.pkl": "a slice's step is a tuple, expected a whole number",
    "tm/structure_of_nodes.pkl": "a TensorNode in the file that was read, where only plain data may stand",
}
"""What is said of findings, by reader or by the last writer that refuses them."""


@pytest.mark.parametrize("name", SAID)
def test_what_is_said_of_it(name: str) -> None:
    assert SAID[name] in judged(name.partition("/")[0], read(name)).text


def test_every_reader_has_its_corpus() -> None:
    assert {path.name for path in CORPUS.iterdir()} == {*READERS, *OTHERS}
