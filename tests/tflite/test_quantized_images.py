"""Quantized networks whose input is normalized by `edit`, with float16 weights or without, keep their accuracy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import mgeconvert
from mgeconvert_cli.main import application
from tests.harness import goldens
from tests.harness.runner import Runner

MEAN, STD = np.float32([123.675, 116.28, 103.53]), np.float32([58.395, 57.12, 57.375])
PIXELS = f"--mean {','.join(map(str, MEAN))} --std {','.join(map(str, STD))}"
EDITS = {
    "--mean 0,0,0 --std 1,1,1": (np.zeros(3, np.float32), np.ones(3, np.float32)),
    PIXELS: (MEAN, STD),
    f"{PIXELS} --nhwc": (MEAN, STD),
}


@pytest.mark.parametrize(("fp16", "error"), [("", 1e-6), ("--fp16", 2e-5)])
@pytest.mark.parametrize("edit", EDITS)
def test_accuracy(edit: str, fp16: str, error: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What MegEngine computes of the normalized image; no value of the grids between is another one."""
    pytest.importorskip("ai_edge_litert")
    monkeypatch.chdir(tmp_path)
    row = next(row for row in goldens.families()["networks_others"] if row.id == "Quantized")
    golden = goldens.load("networks_others", row)
    Path("q.pkl").write_bytes(golden.model)
    result = Runner().invoke(application, f"edit q.pkl {edit} tm-to-tflite {fp16} -o out.tflite".split())
    assert result.exit_code == 0, result.stderr
    mean, std = (array.reshape(1, 3, 1, 1) for array in EDITS[edit])
    image = golden.inputs[0] * std + mean
    (found,) = mgeconvert.run("out.tflite", image.transpose(0, 2, 3, 1) if "--nhwc" in edit else image).values()
    (truth,) = golden.outputs
    assert np.abs(found - truth).max() <= error * np.abs(truth).max()
