"""Networks that are trained to be quantized: layers with the state of the source, in files that are in style."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from mgeconvert import registry
from mgeconvert.api import load_for
from tests.tracedmodule import sources


def written(name: str, folder: Path) -> Path:
    """The source of a small network of tests/tracedmodule."""
    (folder / "net.pkl").write_bytes(sources.source(f"odd/{name}")[0])
    backend = registry.backend("pytorch")
    backend.save(load_for(registry.frontend("tm"), folder / "net.pkl", backend, {}), folder / "net.py")
    return folder / "net.py"


def keys(path: Path) -> set[str]:
    with path.with_suffix(".safetensors").open("rb") as stream:
        (length,) = struct.unpack("<Q", stream.read(8))
        return {*json.loads(stream.read(length))} - {"__metadata__"}


def test_the_state_is_the_source_s_own(tmp_path: Path) -> None:
    """With the scale of the biases, and what torch's batch norm counts, besides."""
    found = keys(written("qat_ema", tmp_path))
    averages = ("min_val", "max_val", "momentum", "runtime_momentum")
    assert found == {
        "conv.conv.weight", "conv.conv.bias", "conv.bn.weight", "conv.bn.bias", "conv.bn.running_mean",
        "conv.bn.running_var", "conv.bn.num_batches_tracked", "conv.bias_scale", "conv.weight_observer.min_val",
        "conv.weight_observer.max_val",
        *(f"{module}.act_observer.{name}" for module in ("quant", "conv", "add") for name in averages),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("qat_ema", "weight_observer=MinMaxObserver(-127, 127),"),
        ("qat_ema", "act_observer=MovingAverageObserver(-128, 127),"),
        ("qat_tqt", "act_fake_quant=TQT(-128, 127),"),
        ("qat_lsq", "weight_fake_quant=LSQ(-127, 127),"),
        ("qat_passive", "act_fake_quant=FakeQuantize(-128, 127),"),
        ("qat_calibration", "weight_observer=MinMaxObserver(-127, 127, rounds=False),"),
    ],
)
def test_quantizers(name: str, line: str, tmp_path: Path) -> None:
    text = written(name, tmp_path).read_text()
    assert f"            {line}\n" in text
    assert "The source is trained to be quantized" in text


@pytest.mark.parametrize("name", ["qat_ema", "qat_tqt", "qat_lsq", "qat_passive"])
def test_style(name: str, tmp_path: Path) -> None:
    path = written(name, tmp_path)
    for command in (["format", "--isolated", "--check"], ["check", "--isolated", "--select", "F,E7,E9,W,ARG,SIM,B"]):
        done = subprocess.run([sys.executable, "-m", "ruff", *command, path], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
