"""Networks traced with the Python sources of older MegEngines: to ONNX they compute what MegEngine computed."""

from __future__ import annotations

import tarfile
from pathlib import Path

import numpy as np
import pytest

import mgeconvert
from mgeconvert.registry import backend
from tests.conftest import PACKED
from tests.harness.check import difference

RTOL = 1e-5
"""Of the largest output."""


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("old")
    with tarfile.open(PACKED / "old-versions.tar.xz") as archive:
        archive.extractall(folder, filter="data")
    return folder


@pytest.mark.shared_models
@pytest.mark.parametrize("version", ["1.6.0", "1.8.2", "1.11.1"])
def test_old_networks_are_right(version: str, unpacked: Path, tmp_path: Path) -> None:
    models = sorted((unpacked / version).glob("*.pkl"))
    assert len(models) > 10
    wrong = {path.stem: found for path in models if (found := complaint(path, tmp_path / f"{path.stem}.onnx"))}
    assert wrong == {}


def complaint(path: Path, written: Path) -> str:
    """What differs from the outputs that MegEngine recorded; nothing where all is right."""
    recorded = np.load(path.with_suffix(".npz"))
    feeds = [recorded[f"in_{at}"] for at in range(len(recorded.files)) if f"in_{at}" in recorded]
    expected = [recorded[f"out_{at}"] for at in range(len(recorded.files)) if f"out_{at}" in recorded]
    graph = mgeconvert.load(path)
    mgeconvert.optimize(graph, target="onnx")
    mgeconvert.save(graph, written)
    run = backend("onnx").run
    assert run is not None
    outputs = list(run(written, dict(zip(graph.inputs, feeds, strict=True))).values())
    if len(outputs) != len(expected):
        return f"{len(outputs)} outputs, expected {len(expected)}"
    return "; ".join(filter(None, (difference(a, b, RTOL) for a, b in zip(outputs, expected, strict=True))))
