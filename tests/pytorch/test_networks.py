"""The real float networks in one process of real torch: MegEngine's recorded outputs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import mgeconvert
from mgeconvert.reference import torch
from tests.harness.check import difference

NAMES = (
    "basecls_mbnetv2_x035",
    "bert_one_input_cut2",
    "dcgan_generator_cifar",
    "pmrid",
    "q_shufflenet_v1_x1_0_g3_float",
    "resnet18",
    "retinanet_res18_coco_3x_800size",
    "shufflenet_v2_x0_5",
)


@pytest.mark.reference("torch")
@pytest.mark.shared_models
def test_real_networks(shared_models: Path, tmp_path: Path) -> None:
    jobs, expected = [], []
    for name in NAMES:
        path = tmp_path / f"{name}.py"
        mgeconvert.convert(shared_models / f"{name}.pkl", path, verify=False)
        with np.load(shared_models / f"{name}.npz") as recorded:
            jobs.append((path, [recorded[key] for key in recorded.files if key.startswith("in_")]))
            expected.append([recorded[key] for key in recorded.files if key.startswith("out_")])
    for name, result, wanted in zip(NAMES, torch.run_all(jobs), expected, strict=True):
        assert not isinstance(result, str), f"{name}: {result}"
        assert len(result) == len(wanted), name
        found = [difference(given, right, 1e-5) for given, right in zip(result, wanted, strict=True)]
        assert not any(found), f"{name}: {found}"
