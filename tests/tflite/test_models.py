"""The real networks in LiteRT: MegEngine's own outputs, no stray transposes, time and memory."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import mgeconvert
from mgeconvert_converters.tflite import BACKEND as TFLITE
from mgeconvert_converters.tflite.emit.build import build
from mgeconvert_converters.tflite.run import run
from mgeconvert_converters.tflite.write.save import report

pytestmark = pytest.mark.shared_models

CLEAN = "transposes: 0 (border), 0 (interior)"
MODELS = {
    "resnet18": CLEAN,
    "shufflenet_v2_x0_5": f"{CLEAN}, 13 (the model's own)",  # its channel shuffles
    "basecls_mbnetv2_x035": CLEAN,
    "pmrid": CLEAN,
    "dcgan_generator_cifar": CLEAN,
    "retinanet_res18_coco_3x_800size": CLEAN,
    "q_shufflenet_v1_x1_0_g3_float": f"{CLEAN}, 16 (the model's own)",  # its channel shuffles
    "bert_one_input_cut2": f"{CLEAN}, 8 (the model's own)",  # the heads of its attention
}


@pytest.mark.parametrize("name", MODELS)
def test_model(name: str, shared_models: Path, tmp_path: Path) -> None:
    graph = mgeconvert.load(shared_models / f"{name}.pkl")
    mgeconvert.optimize(graph)
    assert report(build(graph)) == MODELS[name]
    TFLITE.save(graph, tmp_path / "m.tflite")
    recorded = np.load(shared_models / f"{name}.npz")
    inputs = {key: recorded[f"in_{index}"] for index, key in enumerate(graph.inputs)}
    for kernels in ("xnnpack", "builtin"):
        for index, found in enumerate(run(tmp_path / "m.tflite", inputs, kernels).values()):
            truth = recorded[f"out_{index}"]
            assert (found.shape, found.dtype) == (truth.shape, truth.dtype)
            assert np.abs(found - truth).max() <= 1e-4 * np.abs(truth).max()


MEASURE = """
import os, sys
_, status, usage = os.wait4(os.spawnv(os.P_NOWAIT, sys.argv[1], sys.argv[1:]), 0)
print(status, usage.ru_utime + usage.ru_stime, usage.ru_maxrss)
"""


@pytest.mark.skipif(not hasattr(os, "wait4"), reason="os.wait4 tells a child's memory and time")
def test_time_and_memory(shared_models: Path, tmp_path: Path) -> None:
    """resnet18: at most 1.5 s of CPU and weights x 2 + 100 MB at the peak, for the whole process, its
    bytecode cached."""
    source = shared_models / "resnet18.pkl"
    command = [sys.executable, "-m", "mgeconvert", "tm-to-tflite", str(source), "--no-verify"]
    command += ["-o", str(tmp_path / "m.tflite")]
    # a small process in between: a child starts with the peak of the process that forked it
    cached = {**os.environ, "PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(tmp_path / "bytecode")}
    for _ in range(2):  # the first run compiles our files
        answer = subprocess.run(
            [sys.executable, "-c", MEASURE, *command], capture_output=True, text=True, check=True, env=cached
        )
    status, seconds, peak = map(float, answer.stdout.split())
    assert status == 0, answer.stderr
    assert seconds <= 1.5
    assert peak * (1024 if sys.platform != "darwin" else 1) <= 2 * source.stat().st_size + 100e6
