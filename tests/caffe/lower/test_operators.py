"""Every Caffe layer that is read computes what real Caffe computes: in onnxruntime, and in real Caffe once more."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import mgeconvert
from mgeconvert import registry
from mgeconvert.reference import caffe
from mgeconvert_converters.caffe.lower import DATA, LOWERINGS
from mgeconvert_converters.caffe.read.files import weight_files
from mgeconvert_converters.caffe.read.prototxt import parse_prototxt
from tests.caffe.lower.layer_rows import ROWS, LayerRow
from tests.caffe.lower.make_goldens import GOLDENS, make
from tests.harness.check import difference

VENDOR = {
    "Axpy", "ConvolutionDepthwise", "DepthwiseConvolution", "DetectionOutput", "Interp", "Mish", "Normalize",
    "PriorBox", "ReLU6", "ROIPooling", "ShuffleChannel", "Silence", "Upsample",
}  # fmt: skip
"""Layers that BVLC Caffe lacks, or that compute nothing; test_dialects.py has them."""

GOLDEN = np.load(GOLDENS)


def files(row: LayerRow, folder: Path) -> Path:
    """The row's net on disk."""
    path = folder / "net.prototxt"
    path.write_text(row.prototxt)
    path.with_suffix(".caffemodel").write_bytes(GOLDEN[f"{row.id}/weights"].tobytes())
    return path


def truth(row: LayerRow) -> dict[str, np.ndarray]:
    prefix = f"{row.id}/out/"
    return {name.removeprefix(prefix): GOLDEN[name] for name in GOLDEN.files if name.startswith(prefix)}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_layer(row: LayerRow, tmp_path: Path) -> None:
    graph = mgeconvert.load(files(row, tmp_path))
    written = tmp_path / "model.onnx"
    mgeconvert.save(graph, written)
    backend = registry.backend("onnx")
    assert backend.run is not None
    outputs = backend.run(written, row.arrays())
    expected = truth(row)
    assert sorted(outputs) == sorted(expected)
    for name, array in expected.items():
        assert not (complaint := difference(outputs[name], array, row.rtol)), f"{name}: {complaint}"


@pytest.mark.reference("caffe")
def test_layers_written_again(tmp_path: Path) -> None:
    """Caffe to IR to Caffe, in real Caffe."""
    jobs, complaints = [], []
    for row in ROWS:
        folder = tmp_path / row.id
        folder.mkdir()
        again = folder / "again.prototxt"
        mgeconvert.save(mgeconvert.load(files(row, folder)), again)
        jobs.append(caffe.Job(again, weight_files(again), row.arrays()))
    for row, outputs in zip(ROWS, caffe.run_all(jobs), strict=True):
        complaints += [
            f"{row.id}/{name}: {complaint}"
            for name, array in truth(row).items()
            if (complaint := difference(outputs[name].reshape(array.shape), array, row.rtol))
        ]
    assert complaints == []


@pytest.mark.reference("caffe")
def test_goldens_are_what_caffe_says() -> None:
    made = make()
    assert sorted(made) == sorted(GOLDEN.files)
    for name, array in made.items():
        assert not difference(array, GOLDEN[name], 1e-6), name


def test_every_layer_type_has_a_row() -> None:
    in_rows = {layer.type for row in ROWS for layer in parse_prototxt(row.prototxt, row.id).net.layer}
    assert set(LOWERINGS) - in_rows == VENDOR
    assert in_rows - set(LOWERINGS) - DATA == {"Input"}
