"""Written networks in real torch against their sources in real MegEngine, mode by mode.

Modes: other batches than the traced one, training (batch norms go on, what is shared stays one), three steps of SGD,
a strict load of the weights, and the programs of `torch.export` and `torch.jit.trace`.
"""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from mgeconvert import registry
from mgeconvert.api import load_for
from mgeconvert.reference.environment import environment
from tests.tracedmodule import sources

HERE = Path(__file__).parent
ODD = ("tied", "computed", "states", "layers", "words", "shared", "nested")
NETWORKS = (
    "networks_images/resnet-basic", "networks_images/ShuffleNet", "networks_images/MobileNetV3",
    "networks_images/HRNet", "networks_images/UNet", "networks_images/Swin", "networks_detection/RetinaNet",
    "networks_others/Bert", "networks_others/Gpt", "networks_others/VqGan",
)  # fmt: skip
RTOL = 1e-4


def computed(framework: str, jobs: Mapping[str, tuple[Path, Path]]) -> dict[str, dict[str, np.ndarray]]:
    """What the framework's script computes of each job's model and inputs."""
    results = {name: model.with_suffix(f".{framework}.npz") for name, (model, _) in jobs.items()}
    arguments = [str(path) for name, job in jobs.items() for path in (*job, results[name])]
    script = [str(environment(framework).python), str(HERE / f"{framework}_modes.py")]
    done = subprocess.run([*script, *arguments], check=False, capture_output=True, text=True, errors="replace")
    assert done.returncode == 0, done.stderr[-3000:]
    found = {}
    for name, path in results.items():
        with np.load(path) as archive:
            found[name] = dict(archive)
    return found


def complaints(name: str, expected: Mapping[str, np.ndarray], given: Mapping[str, np.ndarray]) -> list[str]:
    """What torch computes otherwise."""
    found = [f"{name}: {key}: {given[key]}" for key in given if key.endswith("/failed")]
    for key, wanted in expected.items():
        result = given.get(key)
        if result is None or result.shape != wanted.shape:
            found.append(f"{name}: {key}: {None if result is None else result.shape} for {wanted.shape}")
        elif not np.allclose(result, wanted, rtol=RTOL, atol=RTOL * float(np.abs(wanted).max(initial=1e-3))):
            found.append(f"{name}: {key}: differs by {np.abs(result.astype('f8') - wanted).max()}")
    return found


@pytest.mark.reference
@pytest.mark.reference("torch")
def test_modes(tmp_path: Path) -> None:
    backend, sourced, written = registry.backend("pytorch"), {}, {}
    for name in (*NETWORKS, *(f"odd/{each}" for each in ODD)):
        folder = tmp_path / name.replace("/", "_")
        folder.mkdir()
        model, inputs = sources.source(name)
        source, net, arrays = folder / "source.pkl", folder / "net.py", folder / "inputs.npz"
        source.write_bytes(model)
        np.savez(arrays, *inputs)
        backend.save(load_for(registry.frontend("tm"), source, backend, {}), net)
        sourced[name], written[name] = (source, arrays), (net, arrays)
    expected, given = computed("megengine", sourced), computed("torch", written)
    found = [line for name in sourced for line in complaints(name, expected[name], given[name])]
    assert not found, "\n".join(found)
    assert sum("batch 3/0" in each for each in expected.values()) > len(expected) // 2
