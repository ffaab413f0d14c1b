"""Checkpoints for PyTorch code: what is found in a file, and torch's shapes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from mgeconvert import registry
from mgeconvert_cli.main import application
from mgeconvert_converters.pytorch.write.torch_state import torch_state
from tests.harness.runner import Runner

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("shapes", "expected"),
    [
        ({"c.bias": (1, 8, 1, 1), "c.weight": (8, 4, 3, 3)}, {"c.bias": (8,), "c.weight": (8, 4, 3, 3)}),
        ({"c.bias": (1, 8, 1, 1), "c.weight": (2, 4, 2, 3, 3)}, {"c.bias": (8,), "c.weight": (8, 2, 3, 3)}),
        ({"c.weight": (8, 1, 1, 3, 3)}, {"c.weight": (8, 1, 3, 3)}),
        ({"c.bias": (1, 3, 1, 1, 1), "c.weight": (3, 2, 3, 3, 3)}, {"c.bias": (3,), "c.weight": (3, 2, 3, 3, 3)}),
        ({"c.weight": (3, 2, 3, 3, 3)}, {"c.weight": (3, 2, 3, 3, 3)}),
        ({"c.weight": (1, 5, 1, 1), "c.bias": (1, 1, 1, 1)}, {"c.weight": (1, 5, 1, 1), "c.bias": (1,)}),
        (
            {"b.weight": (1, 4, 1, 1), "b.running_mean": (1, 4, 1, 1), "b.running_var": (1, 4, 1, 1)},
            {"b.weight": (4,), "b.running_mean": (4,), "b.num_batches_tracked": (), "b.running_var": (4,)},
        ),
        ({"fc.weight": (3, 8), "fc.bias": (3,)}, {"fc.weight": (3, 8), "fc.bias": (3,)}),
    ],
)
def test_shapes(shapes: dict[str, tuple[int, ...]], expected: dict[str, tuple[int, ...]]) -> None:
    state = torch_state({name: np.zeros(shape, np.float32) for name, shape in shapes.items()})
    assert {name: array.shape for name, array in state.items()} == expected


def test_the_command(tmp_path: Path) -> None:
    out = tmp_path / "demo.safetensors"
    arguments = ["checkpoint-to-safetensors", str(ROOT / "examples" / "demo.pkl"), "-o", str(out), "--json"]
    done = Runner().invoke(application, arguments)
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    assert document["files"] == [{"path": str(out), "bytes": out.stat().st_size}]
    assert document["tensors"]["head.weight"]["shape"][0] == 10


def test_weights_only(tmp_path: Path) -> None:
    arguments = ["tm-to-pytorch", str(ROOT / "examples" / "demo.pkl"), "-o", str(tmp_path / "net.py"), "--weights-only"]
    done = Runner().invoke(application, arguments)
    assert done.exit_code == 0, done.output
    assert [path.name for path in tmp_path.iterdir()] == ["net.safetensors"]
    assert "next:" not in done.output
    assert not registry.backend("pytorch").computes({"weights_only": True})
