"""Static graphs are written by real MegEngine, run there, and read back as the same network."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import mgeconvert
from mgeconvert.errors import UsageError
from mgeconvert.staticgraph.run import run
from mgeconvert.verification.asking import run_graph

from . import files

OPTIONS = [
    {}, {"dump_format": "FBS"}, {"optimize_for_inference": True, "layout": "nchw44"},
    {"optimize_for_inference": True, "fuse_conv_bias": True, "fuse_z": True, "fuse_preprocess": True},
    {"optimize_for_inference": True, "fuse_grain": False},
    {"keep_var_name": 2, "keep_opr_name": True, "keep_param_name": True, "keep_opr_priority": True},
    {"keep_var_name": 0, "no_change_graph": True},
]  # fmt: skip


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
        assert list(found) == ["result"] or options.get("keep_var_name") == 0
        np.testing.assert_allclose(next(iter(found.values())), expected, 1e-4, 1e-5)


WRONG = [
    ({"layout": "nchw44", "fuse_z": True}, "--layout, --fuse-z: only a graph that is optimized for inference has that"),
    (
        {"optimize_for_inference": True, "float16": True, "float16_io": True},
        "--float16, --float16-io: there is one precision",
    ),
    ({"fuse_grain": False}, "--no-fuse-grain: only a graph that is optimized for inference has that"),
    ({"model_version": 3}, "--model-version 3: there are versions 1 and 2"),
    ({"keep_var_name": 3}, "--keep-var-name 3: there are 0, 1 and 2"),
    ({"max_error": 1e-3}, "--max-error: there is no test case to check"),
]


@pytest.mark.parametrize(("options", "message"), WRONG, ids=str)
def test_options_that_cannot_be(options: dict[str, object], message: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as refused:
        mgeconvert.save(mgeconvert.load(source(tmp_path)), tmp_path / "model.mge", **options)
    assert refused.value.message == message
