"""`verify` of a given file whose sizes may vary: it is compared with its model at other sizes too."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import mgeconvert
from mgeconvert.ir.builder import Builder
from mgeconvert_cli.main import application
from tests.harness.runner import Runner

HINT = "hint: convert the model again, with numbers for sizes that cannot vary"


def save(path: str, is_wrong: bool) -> None:
    """y = x * 8, or what is the same only where x is 8 wide."""
    b = Builder()
    x = b.input("x", "float32", (1, 3, "H", "W"))
    width = b.op("Cast", b.op("Shape", x, start=3, end=4), to=1)
    b.output("y", b.op("Mul", x, width if is_wrong else np.float32(8)))
    mgeconvert.save(b.graph, path)


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    save("model.onnx", False)
    x = np.ones((1, 3, 8, 8), np.float32)
    np.savez("model.npz", x=x, y=x * 8)


@pytest.mark.parametrize("recorded", [True, False])
def test_right_at_every_size(recorded: bool) -> None:
    save("given.onnx", False)
    if not recorded:
        Path("model.npz").unlink()
    result = Runner().invoke(application, ["verify", "model.onnx", "given.onnx"])
    assert result.exit_code == 0, result.stderr
    at = "H=16, W=24; H=24, W=16" if recorded else "H=96, W=128; H=128, W=96"
    assert f"also at {at}: as the source, max rel error 0" in result.stdout + result.stderr


def test_right_at_the_recorded_size_only() -> None:
    save("given.onnx", True)
    result = Runner().invoke(application, ["verify", "model.onnx", "given.onnx"])
    assert result.exit_code == 1
    assert "H, W may vary, but at H=16, W=24 y: max abs error 16" in result.stderr
    assert HINT in result.stderr


def test_a_model_of_an_unknown_format_is_not_asked_where_outputs_are_recorded() -> None:
    Path("model.onnx").rename("model.other")
    save("given.onnx", True)
    result = Runner().invoke(application, ["verify", "model.other", "given.onnx"])
    assert result.exit_code == 0, result.stderr
    Path("model.npz").unlink()
    assert Runner().invoke(application, ["verify", "model.other", "given.onnx"]).exit_code == 2
