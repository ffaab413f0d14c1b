"""Every form of every operator that is written as Caffe layers computes what onnxruntime computes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import mgeconvert
from mgeconvert import registry
from mgeconvert.reference import caffe
from mgeconvert_converters.caffe.emit import EMITTERS
from mgeconvert_converters.caffe.read.files import read_prototxt, weight_files
from mgeconvert_converters.caffe.read.inference import net_outputs
from mgeconvert_converters.caffe.run import OpenCVError, run_in_opencv, typed
from tests.caffe.emit.test_rows import opencv_may_fail
from tests.harness.check import difference
from tests.harness.operators import Op, rows
from tests.harness.refusals import params, refusal, said
from tests.harness.wrong import WRONG

DIALECTS = ("ssd", "bvlc")
ROWS = [row for row in rows() if not refusal("caffe", row) and row.id not in {**WRONG["caffe"], **WRONG["real caffe"]}]
"""The rows that are written."""
FORM_OF_MEGENGINE = {"Swish"}
"""Operators newer than the IR's opset, which onnxruntime cannot judge; the rows of MegEngine have them."""


def files(row: Op, folder: Path, dialect: str) -> tuple[Path, dict[str, np.ndarray], list[np.ndarray]]:
    """The row as a Caffe net, its inputs and onnxruntime's outputs."""
    graph, inputs = row.graph(), row.feeds
    net, model = folder / f"{dialect}.prototxt", folder / "truth.onnx"
    mgeconvert.save(graph, net, dialect=dialect)
    mgeconvert.save(graph, model, opset=21)
    backend = registry.backend("onnx")
    assert backend.run is not None
    return net, inputs, list(backend.run(model, inputs).values())


def complaint(outputs: dict[str, np.ndarray], truth: list[np.ndarray]) -> str:
    assert len(outputs) == len(truth)
    return "; ".join(
        filter(None, (difference(found, right, 1e-5) for found, right in zip(outputs.values(), truth, strict=True)))
    )


@pytest.mark.parametrize("row", params("caffe", written=True))
def test_operator_in_opencv(row: Op, tmp_path: Path) -> None:
    net, inputs, truth = files(row, tmp_path, "ssd")
    try:
        outputs = run_in_opencv(net, inputs)
    except OpenCVError as error:
        if opencv_may_fail(net, str(error)):
            return
        raise
    assert not complaint(outputs, truth)


@pytest.mark.parametrize("row", params("caffe", written=False))
def test_operator_is_refused(row: Op) -> None:
    assert said("caffe", row.graph()) == refusal("caffe", row)


@pytest.mark.reference("caffe")
@pytest.mark.parametrize("dialect", DIALECTS)
def test_operators_in_real_caffe(dialect: str, tmp_path: Path) -> None:
    jobs, truths = [], []
    for number, row in enumerate(ROWS):
        folder = tmp_path / str(number)
        folder.mkdir()
        net, inputs, truth = files(row, folder, dialect)
        jobs.append(caffe.Job(net, weight_files(net), inputs))
        truths.append(truth)
    complaints = []
    for row, job, truth, found in zip(ROWS, jobs, truths, caffe.run_all(jobs), strict=True):
        tops = [top for _, top in net_outputs(read_prototxt(job.net).net.layer)]
        if wrong := complaint(typed({top: found[top] for top in tops}, job.net), truth):
            complaints.append(f"{row.id}: {wrong}")
    assert complaints == []


def test_every_emitter_has_a_row() -> None:
    assert set(EMITTERS) - {row.op for row in ROWS} == FORM_OF_MEGENGINE
