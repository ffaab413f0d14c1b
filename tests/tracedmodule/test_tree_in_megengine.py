"""What real MegEngine finds different between a TracedModule and what was read from it and written again: nothing.

tests/tracedmodule/tree_judge.py has the list of checks: modules with classes and graphs, state, calls, observers,
graphs of children, outputs at the batch of the trace and at 2 and 3, saved again, flattened, retraced, quantized,
trained for three steps, dumped to a static graph of at most 1.02 times the size.
"""

from __future__ import annotations

import json
import subprocess
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mgeconvert
from mgeconvert.reference.environment import environment
from mgeconvert.tracedmodule.lower.load import load
from tests.conftest import PACKED
from tests.tracedmodule import sources

JUDGE = Path(__file__).with_name("tree_judge.py")


def judged(jobs: Sequence[Mapping[str, Any]], folder: Path) -> list[dict[str, Any]]:
    """MegEngine's answer to each job."""
    (folder / "jobs.json").write_text(json.dumps(jobs))
    command = [environment("megengine").python, JUDGE, folder / "jobs.json", folder / "answer.json"]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace")
    assert done.returncode == 0, done.stderr[-3000:]
    answers: list[dict[str, Any]] = json.loads((folder / "answer.json").read_text())
    return answers


def differences(jobs: Mapping[str, Mapping[str, Any]], folder: Path) -> dict[str, dict[str, str]]:
    """What is found, of each job that anything is found of."""
    answers = zip(jobs, judged(list(jobs.values()), folder), strict=True)
    return {name: answer["found"] for name, answer in answers if answer["found"]}


@pytest.mark.reference
def test_small_networks(tmp_path: Path) -> None:
    jobs = {}
    for name in sorted({*sources.names()} - sources.DEBUGGED):
        folder = tmp_path / name
        folder.mkdir(parents=True)
        original, written = sources.written(name, folder)
        inputs = sources.source(name)[1]
        np.savez(folder / "inputs.npz", **{f"in_{index}": array for index, array in enumerate(inputs)})  # type: ignore[arg-type]
        jobs[name] = job(original, written, folder / "inputs.npz")
    assert differences(jobs, tmp_path) == {}


def job(original: Path, written: Path, inputs: Path, without: Sequence[str] = ()) -> dict[str, Any]:
    paths = {"original": original, "written": written, "inputs": inputs}
    return {**{key: str(path) for key, path in paths.items()}, "without": list(without)}


@pytest.mark.reference
@pytest.mark.shared_models
@pytest.mark.parametrize("version", ["1.6.0", "1.8.2", "1.11.1"])
def test_networks_of_older_versions(version: str, tmp_path: Path) -> None:
    with tarfile.open(PACKED / "old-versions.tar.xz") as archive:
        archive.extractall(tmp_path, filter="data")
    jobs = {}
    for original in sorted((tmp_path / version).glob("*.pkl")):
        written = tmp_path / f"{original.stem}_written.pkl"
        mgeconvert.save(load(original, faithful=True), written)
        jobs[original.stem] = job(original, written, original.with_suffix(".npz"))
    assert len(jobs) > 10
    assert differences(jobs, tmp_path) == {}


REAL = {
    "basecls_mbnetv2_x035": ["training"],
    "bert_one_input_cut2": ["training"],
    "dcgan_generator_cifar": ["training"],
    "pmrid": [],
    "q_shufflenet_v1_x1_0_g3_float": ["training"],
    "q_shufflenet_v1_x1_0_g3_int8": [],
    "q_shufflenet_v1_x1_0_g3_qat": ["training"],
    "resnet18": ["training"],
    "retinanet_res18_coco_3x_800size": ["training"],
    "shufflenet_v2_x0_5": ["training"],
}
"""The real networks, and what of them takes MegEngine minutes: going backward through convolutions at full size."""


@pytest.mark.reference
@pytest.mark.shared_models
@pytest.mark.parametrize("name", REAL)
def test_real_networks(name: str, shared_models: Path, tmp_path: Path) -> None:
    source, written = shared_models / f"{name}.pkl", tmp_path / f"{name}.pkl"
    mgeconvert.save(load(source, faithful=True), written)
    assert written.stat().st_size <= 1.02 * source.stat().st_size
    assert differences({name: job(source, written, source.with_suffix(".npz"), REAL[name])}, tmp_path) == {}
