"""Written networks train as their sources do: losses of three SGD steps, and what is computed after them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest

from mgeconvert import registry
from mgeconvert.api import load_for
from mgeconvert.reference.environment import environment
from tests.pytorch import written
from tests.tracedmodule import sources

HERE = Path(__file__).parent
NETWORKS = ("resnet-basic", "ShuffleNet", "UNet", "Bert", "RepVGG")
RTOL = 1e-4


def steps(framework: str, model: Path, inputs: Path) -> list[np.ndarray]:
    """What the framework's script computes: the losses, then the outputs."""
    result = model.with_suffix(f".{framework}.npz")
    command = [
        str(environment(framework).python),
        str(HERE / f"{framework}_sgd.py"),
        str(model),
        str(inputs),
        str(result),
    ]
    subprocess.run(command, check=True, capture_output=True)
    with np.load(result) as archive:
        return [archive[name] for name in archive.files]


@pytest.mark.reference
@pytest.mark.reference("torch")
@pytest.mark.parametrize("name", NETWORKS)
def test_three_steps_of_sgd(name: str, tmp_path: Path) -> None:
    golden = written.golden(name)
    net, inputs = written.write(name, tmp_path), tmp_path / "inputs.npz"
    np.savez(inputs, *golden.inputs)
    wanted, given = steps("megengine", tmp_path / f"{name}.pkl", inputs), steps("torch", net, inputs)
    assert len(given) == len(wanted)
    assert wanted[0][0] != wanted[0][2]
    for result, expected in zip(given, wanted, strict=True):
        np.testing.assert_allclose(result, expected, rtol=RTOL, atol=RTOL * float(np.abs(expected).max()))


QUANTIZED = ("qat_ema", "qat_minmax", "qat_tqt", "qat_lsq", "qat_passive", "qat_calibration")
"""Small networks that are trained to be quantized, one for each kind of observer and fake quantization."""


@pytest.mark.reference
@pytest.mark.reference("torch")
@pytest.mark.parametrize("name", QUANTIZED)
def test_three_steps_of_a_network_that_is_trained_to_be_quantized(name: str, tmp_path: Path) -> None:
    """Observers go on, scales are trained, batch norms are computed of the batch: the losses are MegEngine's."""
    model, given = sources.source(f"odd/{name}")
    source, net, inputs = tmp_path / f"{name}.pkl", tmp_path / f"{name}.py", tmp_path / "inputs.npz"
    source.write_bytes(model)
    np.savez(inputs, *given)
    backend = registry.backend("pytorch")
    backend.save(load_for(registry.frontend("tm"), source, backend, {}), net)
    wanted, found = steps("megengine", source, inputs)[0], steps("torch", net, inputs)[0]
    assert wanted[0] != wanted[2]
    np.testing.assert_allclose(found, wanted, rtol=RTOL)
