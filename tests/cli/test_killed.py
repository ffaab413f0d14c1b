"""A run that is killed at any point leaves each old file whole, or each new one, or a pair that is seen to be none."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TARGETS = [
    ("m.onnx", ""), ("m.onnx", "--external"), ("m.onnx", "--external --quantize"), ("m.tflite", ""), ("m.pkl", ""),
    ("m.prototxt", ""), ("m.py", ""),
]  # fmt: skip
PAIRS = ("m.prototxt", "m.py")


@pytest.mark.parametrize(("name", "kind"), TARGETS, ids=[f"{name}{kind}" for name, kind in TARGETS])
def test_killed_at_every_step_at_any_time_and_two_at_once(tmp_path: Path, name: str, kind: str) -> None:
    """`python -m tests.cli.kills` does so as often as one likes."""
    words = [str(tmp_path / "out" / name), *kind.split(), "--every", "--random", "15", "--two", "5"]
    _killed(words, name)


@pytest.mark.reference
def test_graphs_that_megengine_dumps(tmp_path: Path) -> None:
    """A run takes seconds: it begins MegEngine."""
    _killed([str(tmp_path / "out" / "m.mge"), "--every", "--random", "5", "--two", "2"], "m.mge")


def _killed(words: list[str], name: str) -> None:
    line = [sys.executable, "-m", "tests.cli.kills", *words]
    done = subprocess.run(line, capture_output=True, text=True, timeout=300, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert (answer["wrong"], answer["left"]) == ([], [])
    assert {"1.0", "2.0"} <= set(answer["seen"])
    assert name in PAIRS or "torn" not in answer["seen"]
