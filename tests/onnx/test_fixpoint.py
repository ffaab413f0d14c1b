"""Optimizing a file that mgeconvert wrote removes nothing and adds nothing, whatever its opset is."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import onnx
import pytest

import mgeconvert
from mgeconvert.errors import UnsupportedError
from mgeconvert_converters.onnx.opsets.schema import newest
from tests.harness import Network, goldens

NETWORKS = [
    pytest.param(family, row, id=row.id)
    for family, rows in goldens.families().items()
    for row in rows
    if isinstance(row, Network)
]
OPSETS = (10, 13, 17, newest())
LEFT = {
    ("Crestereo", 10): "coordinates that are stacked, and taken apart where GridSample is composed",
    ("Crestereo", 13): "coordinates that are stacked, and taken apart where GridSample is composed",
    ("Raft", 10): "a Transpose of one channel before the Reshape of a sampled image",
    ("Raft", 13): "a Transpose of one channel before the Reshape of a sampled image",
    ("FasterRcnn", 13): "Pads of one image that two levels sample, and the Shape of one axis",
    ("MaskRcnnHead", 13): "Pads of one image that two levels sample, and the Shape of one axis",
}
"""What a second run still finds: a rule between opsets sees one node, not what stands around it."""


def operators(path: Path) -> Counter[str]:
    return Counter(node.op_type for node in onnx.load(path, load_external_data=False).graph.node)


def written(source: Path, path: Path, opset: int) -> Counter[str]:
    graph = mgeconvert.load(source)
    mgeconvert.optimize(graph, target="onnx")
    mgeconvert.save(graph, path, opset=opset)
    return operators(path)


@pytest.mark.parametrize(("family", "row"), NETWORKS)
def test_optimizing_our_own_file_changes_nothing(family: str, row: Network, tmp_path: Path) -> None:
    source = tmp_path / "model.pkl"
    source.write_bytes(goldens.load(family, row).model)
    for opset in OPSETS:
        once = tmp_path / f"once{opset}.onnx"
        try:
            before = written(source, once, opset)
        except UnsupportedError:
            assert opset < OPSETS[1]
            continue
        after = written(once, tmp_path / f"twice{opset}.onnx", opset)
        assert (after == before) == ((row.id, opset) not in LEFT), (opset, before - after, after - before)
        assert sum(after.values()) <= sum(before.values())
