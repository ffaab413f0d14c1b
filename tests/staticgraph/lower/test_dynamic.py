"""Static graphs read with a batch, or another size, that varies: the shapes that a dump computes become symbolic."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mgeconvert
from mgeconvert.ir import Graph
from mgeconvert.verification.asking import run_graph
from tests.harness import goldens
from tests.harness.cases import Network, Row

from .. import files

FORM = "nchw"
NETWORKS = [pytest.param(family, row, id=row.id) for family, row in files.dumped(FORM) if isinstance(row, Network)]
BATCH = 3


def source(row: Row, folder: Path) -> Path:
    path = folder / "model.mge"
    path.write_bytes(files.model(FORM, row))
    return path


def feeds(family: str, row: Row) -> dict[str, np.ndarray]:
    return {f"in_{number}": array for number, array in enumerate(goldens.load(family, row).inputs)}


def optimized(path: Path, **options: Any) -> Graph:
    graph = mgeconvert.load(path, **options)
    mgeconvert.optimize(graph)
    graph.check()
    return graph


@pytest.mark.parametrize(("family", "row"), NETWORKS)
def test_each_image_of_a_batch(family: str, row: Network, tmp_path: Path) -> None:
    """The first image gives what it gives alone, where the traced batch is one."""
    path, given = source(row, tmp_path), feeds(family, row)
    alone = run_graph(optimized(path), given)
    traced = len(given["in_0"])
    batch = {
        name: np.concatenate([np.roll(array, turn, -1) for turn in range(BATCH)]) if len(array) == traced else array
        for name, array in given.items()
    }
    graph = optimized(path, dynamic_batch=True)
    found = run_graph(graph, batch)
    for name, value in run_graph(graph, given).items():
        np.testing.assert_allclose(value, alone[name], 1e-4, 1e-5)
    for name, value in alone.items():
        if value.shape[0] == traced and found[name].shape[1:] == value.shape[1:] and traced > 1:
            assert len(found[name]) == BATCH * traced
        if found[name].shape == (BATCH * traced, *value.shape[1:]):
            np.testing.assert_allclose(found[name][:traced], value, 1e-4, 1e-5)


def test_a_size_with_a_name(tmp_path: Path) -> None:
    family, row = next((family, row) for family, row in files.dumped(FORM) if row.id.startswith("Conv2d-3-4-3-2-1"))
    graph = optimized(source(row, tmp_path), dynamic_shape="in_0=N,3,H,8")
    (given,) = feeds(family, row).values()
    assert graph.inputs["in_0"].shape == ("N", 3, "H", 8)
    (whole,) = run_graph(graph, {"in_0": given}).values()
    (upper,) = run_graph(graph, {"in_0": given[:1, :, :5]}).values()
    assert upper.shape[2] < whole.shape[2]
    np.testing.assert_allclose(upper[:, :, :2], whole[:1, :, :2], 1e-5)


TAKEN = "model (ReshapeV1): 2 is taken for A, which it was when traced; --keep-constant keeps numbers"


@pytest.mark.parametrize(
    ("kept", "shape", "said"), [(None, (4, 12), [TAKEN]), ("2", (2, 24), []), ("3", (4, 12), [TAKEN])]
)
def test_a_number_that_equalled_a_size_follows_or_is_kept(
    kept: str | None, shape: tuple[int, int], said: list[str], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """x.reshape(2, -1), where x was traced as [2, 3, 4], of an x of [4, 3, 4]."""
    path = tmp_path / "model.mge"
    row = next(row for _, row in files.dumped("plain") if row.id == "reshape-2x3x4-2,-1")
    path.write_bytes(files.model("plain", row))
    x = np.arange(48, dtype=np.float32).reshape(4, 3, 4)
    with caplog.at_level(logging.INFO):
        graph = optimized(path, dynamic_shape="in_0=A,3,4", keep_constant=kept)
    assert [message for message in caplog.messages if "is taken for" in message] == said
    (found,) = run_graph(graph, {"in_0": x}).values()
    np.testing.assert_array_equal(found, x.reshape(shape))
