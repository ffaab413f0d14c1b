"""Images of other sizes than the traced one: one file of ONNX, and of TFLite, computes at each what MegEngine does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mgeconvert
from mgeconvert import registry
from mgeconvert.errors import UnsupportedError
from mgeconvert.reference import client
from tests.harness import Code, X, goldens
from tests.harness.rows import Row

pytestmark = pytest.mark.reference
NETWORKS = {
    "networks_images": (
        "RepVGG HRNet MobileNetV1 MobileNetV2 MobileNetV3 EfficientNet "
        "ShuffleNet DeepLab PspNet UNet SuperResolution NbNet FlowNet"
    ),
    "networks_detection": "RetinaNet Fcos Yolox-raw",
    "networks_others": "VqGan Quantized Trained",
}
"""Fully convolutional, or with a head behind a global pool."""
IMAGE = X(1, 4, 16, 24)
FORMS = [
    Code("F.vision.interpolate(x, scale_factor=2, mode='bilinear', align_corners=True)", IMAGE, id="align-corners"),
    Code("F.vision.interpolate(x, scale_factor=2, mode='bilinear')", IMAGE, id="half-pixel"),
    Code("F.split(x, 2, axis=2)", IMAGE, id="split-height"),
    Code("F.nn.pad(x, ((0, 0), (0, 0), (1, 2), (3, 1)), mode='reflect')", IMAGE, id="reflect"),
    Code("F.nn.pad(x, ((0, 0), (0, 0), (1, 2), (3, 1)), mode='replicate')", IMAGE, id="replicate"),
    Code("F.avg_pool2d(x, 3, 2, 1, mode='average_count_exclude_padding')", IMAGE, id="padded-average"),
    Code("F.avg_pool2d(x, 3, 2, 1)", IMAGE, id="padded-average-counted"),
    Code(
        "h, w = x.shape[2], x.shape[3]\n"
        "gx, gy = F.broadcast_to(F.arange(w), (h, w)), F.broadcast_to(F.expand_dims(F.arange(h), 1), (h, w))\n"
        "grid = F.expand_dims(F.stack([gx + 0.3, gy - 0.4], -1), 0)\n"
        "return F.vision.remap(x, grid, border_mode='constant')",
        IMAGE,
        id="remap",
    ),
    Code(
        "a = self.a(x)\nb = F.max_pool2d(x, 2, 2)\nreturn F.concat([a, b], 1) + self.b(a + b)",
        IMAGE,
        init="self.a, self.b = M.Conv2d(4, 4, 3, 2, 1), M.Conv2d(4, 8, 1)",
        id="two-names",
    ),
    Code("F.adaptive_avg_pool2d(x, (3, 5))", IMAGE, id="adaptive-average"),
    Code("F.adaptive_max_pool2d(x, (2, 3))", IMAGE, id="adaptive-maximum"),
    Code("F.adaptive_avg_pool2d(x, 1) * x", IMAGE, id="squeeze-excite"),
    Code("self.n(x)", IMAGE, init="self.n = M.GroupNorm(2, 4)", id="group-norm"),
    Code("self.n(x)", IMAGE, init="self.n = M.InstanceNorm(4)", id="instance-norm"),
    Code("F.pixel_shuffle(x, 2)", IMAGE, id="pixel-shuffle"),
    Code("F.vision.interpolate(self.c(x), x.shape[2:])", IMAGE, init="self.c = M.Conv2d(4, 4, 3, 2, 1)", id="to-size"),
    Code(
        "n, c, h, w = x.shape\ny = x.reshape(n, c, h * w)\nz = F.softmax(F.matmul(y.transpose(0, 2, 1), y), -1)\n"
        "return F.matmul(y, z).reshape(n, c, h, w)",
        IMAGE,
        id="non-local",
    ),
    Code("x.mean(axis=(2, 3))", IMAGE, id="mean"),
    Code("F.sliding_window(x, 3, 1, 1)", IMAGE, id="sliding-window"),
    Code("x[:, :, ::2, 1:-1]", IMAGE, id="slices"),
    Code("x[:, :, :, ::-1]", IMAGE, id="flip"),
    Code("F.nn.local_response_norm(x)", IMAGE, id="lrn"),
    Code("F.cumsum(x, 2)", IMAGE, id="cumsum"),
    Code("F.argmax(x, 1)", IMAGE, id="argmax"),
    Code("F.vision.interpolate(x, scale_factor=2, mode='nearest')", IMAGE, id="nearest"),
    Code("F.roll(x, 2, 3)", IMAGE, id="roll"),
    Code("F.repeat(x, 2, 2)", IMAGE, id="repeat"),
    Code("F.tile(x, (1, 1, 2, 1))", IMAGE, id="tile"),
]

REFUSED = {
    ("remap", "tflite"): "model (remap): GridSample: GridSample with [1, 'H', 'W', 2]: TFLite wants these sizes known",
    ("SuperResolution", "tflite"): (
        "model (interpolate): Resize: a resize (cubic, half_pixel) to a size that is known only at run time"
    ),
}
"""What cannot vary in a target, and why."""


def other_sizes(size: int) -> list[int]:
    step = min(size & -size, 32)
    return [size + step, size + 2 * step, size, size + 3 * step]


class Shown:
    """What MegEngine computes of each model at four other sizes, made once."""

    def __init__(self, folder: Path) -> None:
        self.models: dict[str, tuple[Row, bytes, list[list[np.ndarray]]]] = {}
        goldens.make("sizes", FORMS, folder)
        found: list[tuple[Row, Any]] = [(row, goldens.load("sizes", row, folder)) for row in FORMS]
        for family, names in NETWORKS.items():
            rows = {row.id: row for row in goldens.families()[family]}
            found += [(rows[name], goldens.load(family, rows[name])) for name in names.split()]
        for row, golden in found:
            (image,) = golden.inputs
            heights, widths = other_sizes(image.shape[2]), other_sizes(image.shape[3])[::-1]
            feeds = [
                [np.resize(image, (*image.shape[:2], height, width))]
                for height, width in zip(heights, widths, strict=True)
            ]
            self.models[row.id] = (row, golden.model, feeds)
        jobs = []
        for name, (_, model, feeds) in self.models.items():
            path = folder / f"{name}.pkl"
            path.write_bytes(model)
            jobs += [(path, arrays) for arrays in feeds]
        self.truths = client.run_all(jobs)


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Shown:
    return Shown(tmp_path_factory.mktemp("sizes"))


NAMES = [row.id for row in FORMS] + [name for names in NETWORKS.values() for name in names.split()]


@pytest.mark.parametrize("target", ["onnx", "tflite"])
@pytest.mark.parametrize("name", NAMES)
def test_other_sizes(shown: Shown, name: str, target: str, tmp_path: Path) -> None:
    if target == "tflite":
        pytest.importorskip("ai_edge_litert")
    row, model, feeds = shown.models[name]
    first = 4 * list(shown.models).index(name)
    path = tmp_path / "model.pkl"
    path.write_bytes(model)
    (given,) = registry.frontend("tm").describe(path).inputs.items()  # type: ignore[misc]
    text = f"{given[0]}={','.join(map(str, given[1].shape[:2]))},H,W"
    written = tmp_path / f"out{registry.backend(target).suffixes[0]}"
    if (name, target) in REFUSED:
        with pytest.raises(UnsupportedError) as refusal:
            write(path, text, written, target)
        assert [str(problem) for problem in refusal.value.problems] == [REFUSED[name, target]]
        return
    write(path, text, written, target)
    for arrays, truths in zip(feeds, shown.truths[first : first + 4], strict=True):
        found = mgeconvert.run(written, arrays)
        for ours, theirs in zip(found.values(), truths, strict=True):
            assert ours.shape == theirs.shape, arrays[0].shape
            scale = np.abs(theirs).max(initial=1e-6)
            assert np.abs(ours.astype("f8") - theirs).max(initial=0) <= 10 * row.rtol * scale, arrays[0].shape


def write(model: Path, shape: str, written: Path, target: str) -> None:
    graph = mgeconvert.load(model, dynamic_shape=shape)
    mgeconvert.optimize(graph, target=target)
    mgeconvert.save(graph, written)
