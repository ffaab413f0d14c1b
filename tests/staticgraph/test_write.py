"""Static graphs are written by real MegEngine, run there, and read back as the same network."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import mgeconvert
from mgeconvert.errors import UsageError
from mgeconvert.staticgraph.run import run
from mgeconvert.verification.expected import run_graph

from . import files

OPTIONS = [{}, {"dump_format": "FBS"}, {"optimize_for_inference": True, "layout": "nchw44"}]


def source(folder: Path) -> Path:
    """A convolution as a static graph."""
    path = folder / "source.mge"
    path.write_bytes(files.model("plain", next(row for _, row in files.dumped("plain") if row.id.startswith("Conv2d"))))
    return path


@pytest.mark.reference
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_what_is_written_computes_the_same(options: dict[str, object], tmp_path: Path) -> None:
    graph = mgeconvert.load(source(tmp_path))
    written = tmp_path / "model.mge"
    mgeconvert.save(graph, written, output_names="result", **options)
    random = np.random.default_rng(1)
    feeds = {name: random.random(value.static_shape).astype(value.dtype) for name, value in graph.inputs.items()}
    (expected,) = run_graph(graph, feeds).values()
    again = mgeconvert.load(written)
    assert list(again.inputs) == list(graph.inputs)
    for found in (run(written, feeds), run_graph(again, feeds)):
        np.testing.assert_allclose(found["result"], expected, 1e-4, 1e-5)


def test_switches_ask_for_optimization(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="are switches of --optimize-for-inference"):
        mgeconvert.save(mgeconvert.load(source(tmp_path)), tmp_path / "model.mge", layout="nchw44")
