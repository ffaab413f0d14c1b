"""Whole networks: graphs without needless nodes, and batches that really vary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

import mgeconvert
from mgeconvert.errors import UnsupportedError
from mgeconvert.ir import Graph
from tests.harness import Network, goldens
from tests.harness.check import difference

NETWORKS = [
    pytest.param(family, row, id=row.id)
    for family, rows in goldens.families().items()
    for row in rows
    if isinstance(row, Network)
]
BATCHES = (1, 2, 5)
RTOL = 1e-4
MOVES = ("Cast", "Reshape", "Transpose", "Squeeze", "Unsqueeze")


@pytest.mark.parametrize(("family", "row"), NETWORKS)
def test_no_needless_nodes(family: str, row: Network, tmp_path: Path) -> None:
    """Where shapes are static: no Identity, no Cast of a Cast, no shape computed at run time, nothing moved twice."""
    graph = _optimized(family, row, tmp_path)
    producers = {output: node for node in graph.nodes for output in node.outputs}
    uses = Counter(value for node in graph.nodes for value in node.inputs) + Counter(graph.outputs.values())
    found = [
        f"{node.op}({', '.join(value.name for value in node.inputs if value)})"
        for node in graph.nodes
        if (source := next(iter(node.inputs), None)) is None
        or node.op in ("Identity", "Dropout")
        or (node.op == "Shape" and source.static_shape is not None)
        or (node.op in MOVES and uses[source] == 1 and source in producers and producers[source].op == node.op)
    ]
    assert not found


@pytest.mark.parametrize(("family", "row"), NETWORKS)
def test_batch_is_dynamic(family: str, row: Network, tmp_path: Path) -> None:
    """The file written with a dynamic batch gives for each row what the file of the traced batch gives."""
    static = tmp_path / "static.onnx"
    mgeconvert.save(_optimized(family, row, tmp_path), static)
    if row.batch not in RELATIONS:
        with pytest.raises(UnsupportedError) as refusal:
            _optimized(family, row, tmp_path, dynamic_batch=True)
        assert row.batch in str(refusal.value)
        return
    dynamic = tmp_path / "dynamic.onnx"
    mgeconvert.save(_optimized(family, row, tmp_path, dynamic_batch=True), dynamic)
    inputs = goldens.load(family, row).inputs
    batch = len(inputs[0])
    for size in BATCHES:
        varied = [_varied(array, size) if len(array) == batch else array for array in inputs]
        outputs = _run(dynamic, varied)
        rows = [
            _run(
                static,
                [
                    _filled(new, number, batch) if len(old) == batch else old
                    for old, new in zip(inputs, varied, strict=True)
                ],
            )
            for number in range(size)
        ]
        for number, output in enumerate(outputs):
            complaint = RELATIONS[row.batch](output, [alone[number] for alone in rows])
            assert not complaint, f"batch {size}, output {number}: {complaint}"


def _optimized(family: str, row: Network, folder: Path, dynamic_batch: bool = False) -> Graph:
    source = folder / "model.pkl"
    source.write_bytes(goldens.load(family, row).model)
    graph = mgeconvert.load(source, dynamic_batch=dynamic_batch)
    mgeconvert.optimize(graph)
    graph.check()
    return graph


def _varied(array: np.ndarray, size: int) -> np.ndarray:
    """`size` rows, each the first one rolled by its number so that they differ."""
    return np.stack([np.roll(array[0], number, -1) for number in range(size)])


def _filled(array: np.ndarray, row: int, batch: int) -> np.ndarray:
    """One row, as often as the static file wants it."""
    return np.repeat(array[row : row + 1], batch, axis=0)


def _run(path: Path, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    names = [item.name for item in session.get_inputs()]
    return list(session.run(None, dict(zip(names, inputs, strict=True))))


def _each(output: np.ndarray, alone: list[np.ndarray]) -> str:
    """The rows one after the other, along whichever axis has grown."""
    single = alone[0].shape
    for axis, (size, one) in enumerate(zip(output.shape, single, strict=True)):
        if size == one * len(alone) and output.size == alone[0].size * len(alone):
            return difference(output, np.concatenate(alone, axis), RTOL)
    return f"shape {output.shape}, a row alone gives {single}"


def _first(output: np.ndarray, alone: list[np.ndarray]) -> str:
    return difference(output, alone[0], RTOL)


def _pairs(output: np.ndarray, alone: list[np.ndarray]) -> str:
    if output.shape != (len(alone), len(alone)):
        return f"shape {output.shape}"
    return difference(np.diagonal(output).copy(), np.array([matrix[0, 0] for matrix in alone]), RTOL)


def _runs(output: np.ndarray, alone: list[np.ndarray]) -> str:
    return ""


RELATIONS = {"rows": _each, "first": _first, "pairs": _pairs, "mixed": _runs}
"""What a network's outputs at another batch have to do with those of each row alone."""
