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
OPSETS = (7, 10, 13, 17, newest())
LEFT = {("Trained", 7)}
"""Opsets without QuantizeLinear: what rounds to a grid is written as divisions, which a second run folds."""


def operators(path: Path) -> Counter[str]:
    return Counter(node.op_type for node in onnx.load(path, load_external_data=False).graph.node)


def written(source: Path, path: Path, opset: int) -> Counter[str]:
    graph = mgeconvert.load(source)
    mgeconvert.optimize(graph, target="onnx", target_options={"opset": opset})
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
            assert opset < 13
            continue
        after = written(once, tmp_path / f"twice{opset}.onnx", opset)
        assert (after == before) == ((row.id, opset) not in LEFT), (opset, before - after, after - before)
