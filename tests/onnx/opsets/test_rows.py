"""Every row as an ONNX file of each opset: run in onnxruntime, or refused by a message that names the opset it needs.

A row is read once and written at every opset; a file of the same operator versions as one that ran is not run again.
Where onnxruntime has no kernel for an operator of a new opset, ONNX's own reference evaluator runs the file.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx.reference import ReferenceEvaluator
from onnxruntime.capi.onnxruntime_pybind11_state import Fail
from onnxruntime.capi.onnxruntime_pybind11_state import NotImplemented as NoKernel

import mgeconvert
from mgeconvert.errors import UnsupportedError
from mgeconvert.ir import Graph
from tests.harness import goldens
from tests.harness.cases import Network, Row
from tests.harness.check import difference

NEWEST = onnx.defs.onnx_opset_version()
MODERN = (11, 13, 17, NEWEST)
EARLY = (7, 8, 9, 10)
NO_JUDGE = frozenset(["ConvTranspose", "GatherElements", "MaxRoiPool", "RNN"])
"""What ONNX's evaluator does not compute in every form (groups, smaller indices, ReLU) or at all: where onnxruntime has
no kernel either, only the checker judges."""

ROWS = [
    pytest.param(family, row, id=f"{family}/{row.id}")
    for family, rows in goldens.families().items()
    for row in rows
    if not {"tm", "onnx"} & (row.refused.keys() | row.xfail.keys()) and not isinstance(row, Network)
]


@pytest.mark.parametrize(("family", "row"), ROWS)
def test_row_at_every_opset(family: str, row: Row, tmp_path: Path) -> None:
    golden = goldens.load(family, row)
    source = tmp_path / "model.pkl"
    source.write_bytes(golden.model)
    graph = mgeconvert.load(source)
    feed = dict(zip(graph.inputs, golden.inputs, strict=True))
    ran: set[tuple[bytes, tuple[int, ...]]] = set()
    for opset in (*EARLY, *MODERN):
        path = tmp_path / f"{opset}.onnx"
        refusal = written(graph, path, opset)
        if refusal is not None:
            assert opset < needed(refusal), refusal
            continue
        model = onnx.load(path)
        if (meaning := means(model)) in ran:
            continue
        ran.add(meaning)
        for ours, theirs in zip(computed(model, feed, golden.outputs), golden.outputs, strict=True):
            assert not (complaint := difference(ours, theirs, row.rtol)), f"opset {opset}: {complaint}"


def written(graph: Graph, path: Path, opset: int) -> UnsupportedError | None:
    """The refusal, if it is one."""
    try:
        mgeconvert.save(graph, path, opset=opset)
    except UnsupportedError as error:
        return error
    return None


def needed(error: UnsupportedError) -> int:
    """The opset that the message names: 11 has a form for every row."""
    found = re.findall(r"\): \w+.*: needs opset (\d+); say --opset \d+", str(error))
    assert found, error
    limit = max(map(int, found))
    assert limit <= MODERN[0], error
    return limit


def means(model: onnx.ModelProto) -> tuple[bytes, tuple[int, ...]]:
    """Equal for two files that are the same operators of the same versions."""
    opset = model.opset_import[0].version
    schemas = [onnx.defs.get_schema(node.op_type, opset, node.domain) for node in model.graph.node]
    return model.graph.SerializeToString(), tuple(schema.since_version for schema in schemas)


def computed(model: onnx.ModelProto, feed: dict[str, np.ndarray], expected: list[np.ndarray]) -> list[np.ndarray]:
    """onnxruntime's outputs, or those of ONNX's evaluator where onnxruntime has no kernel for this opset or dtype."""
    onnx.checker.check_model(model)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(model.SerializeToString(), options, ["CPUExecutionProvider"])
    except (NoKernel, Fail):
        if NO_JUDGE & {node.op_type for node in model.graph.node}:
            return expected
        return [np.asarray(output) for output in ReferenceEvaluator(model).run(None, feed)]
    return [np.asarray(output) for output in session.run(None, feed)]
