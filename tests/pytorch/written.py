"""The written source of twenty networks, `tests/goldens/pytorch`: what a change of the writer changes is read.

``python -m tests.pytorch.written`` writes them anew.
"""

from __future__ import annotations

import ast
import tempfile
from pathlib import Path

from mgeconvert import registry
from mgeconvert.api import load_for
from tests.harness import goldens

FOLDER = Path(__file__).parents[1] / "goldens" / "pytorch"
NETWORKS = (
    "resnet-basic", "resnet-bottleneck", "regnet-y", "RepVGG", "HRNet", "MobileNetV2", "MobileNetV3", "EfficientNet",
    "ShuffleNet", "ViT", "Swin", "DeepLab", "UNet", "SuperResolution", "RetinaNet", "Fcos", "Bert", "Gpt",
    "LstmClassifier", "VqGan",
)  # fmt: skip


def golden(name: str) -> goldens.Golden:
    """The recorded network of this name."""
    return next(
        goldens.load(family, row)
        for family, rows in goldens.families().items()
        if family.startswith("networks")
        for row in rows
        if row.id == name
    )


def write(name: str, folder: Path) -> Path:
    """Write a network's source into a folder."""
    source, net = folder / f"{name}.pkl", folder / f"{name.replace('-', '_').lower()}.py"
    source.write_bytes(golden(name).model)
    backend = registry.backend("pytorch")
    backend.save(load_for(registry.frontend("tm"), source, backend, {}), net)
    return net


def unread(text: str) -> list[str]:
    """The functions and classes of a file that nothing in it reads, but for what its user calls."""
    tree = ast.parse(text)
    made = {node.name for node in tree.body if isinstance(node, ast.ClassDef | ast.FunctionDef)}
    return sorted(made - {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} - {"load", "_"})


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        for each in NETWORKS:
            made = write(each, Path(scratch))
            FOLDER.joinpath(made.name).write_text(made.read_text())
