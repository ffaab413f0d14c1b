"""Written networks go through `torch.export` and `torch.jit.trace` and compute the same."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest

from mgeconvert.reference.environment import environment
from tests.pytorch import written

NETWORKS = ("resnet-basic", "MobileNetV2", "UNet", "Bert", "ViT", "ShuffleNet", "Swin", "LstmClassifier")
SCRIPT = Path(__file__).with_name("torch_compiled.py")


@pytest.mark.reference("torch")
def test_export_and_trace(tmp_path: Path) -> None:
    arguments: list[Path] = []
    for name in NETWORKS:
        inputs = tmp_path / f"{name}.npz"
        np.savez(inputs, *written.golden(name).inputs)
        arguments += [written.write(name, tmp_path), inputs]
    command = [str(each) for each in (environment("torch").python, SCRIPT, *arguments)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
