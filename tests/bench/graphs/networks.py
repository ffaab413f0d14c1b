"""The networks that other optimizers look at: those of the goldens, and the shared models where they are here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.harness import Network, goldens

NETWORKS = (
    "resnet-bottleneck", "resnext", "regnet-y", "RepVGG", "HRNet", "MobileNetV2", "MobileNetV3", "EfficientNet",
    "ShuffleNet", "ViT", "Swin", "ResMLP", "Mixer", "DeepLab", "PspNet", "UNet", "SuperResolution", "NbNet", "Raft",
    "Crestereo", "FlowNet", "RetinaNet", "Fcos", "Yolox", "FasterRcnn", "MaskRcnnHead", "Bert", "Gpt", "Clip",
    "LstmClassifier", "VqGan", "DcGan", "StyleGan", "PointNet", "Atss", "Quantized",
)  # fmt: skip
SHARED = (
    "resnet18", "shufflenet_v2_x0_5", "basecls_mbnetv2_x035", "bert_one_input_cut2", "dcgan_generator_cifar", "pmrid",
    "q_shufflenet_v1_x1_0_g3_int8", "retinanet_res18_coco_3x_800size",
)  # fmt: skip


@dataclass(frozen=True)
class Given:
    """A network as TracedModule, and its inputs in the order of forward()."""

    name: str
    model: bytes
    inputs: Mapping[str, np.ndarray]


def given(names: tuple[str, ...], shared: Path) -> Iterator[Given]:
    """The networks of these names (all, where there are none), one after the other."""
    for family, rows in goldens.families().items():
        for row in rows:
            if isinstance(row, Network) and row.id in (names or NETWORKS):
                golden = goldens.load(family, row)
                yield Given(row.id, golden.model, {f"in_{i}": array for i, array in enumerate(golden.inputs)})
    for name in names or SHARED:
        path = shared / f"{name}.pkl"
        if name in SHARED and path.is_file():
            with np.load(path.with_suffix(".npz")) as recorded:
                inputs = {key: recorded[key] for key in recorded.files if key.startswith("in")}
            yield Given(name, path.read_bytes(), inputs)
