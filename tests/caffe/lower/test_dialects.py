"""Layers of Caffe forks, which real BVLC Caffe lacks: judged by OpenCV, where it has them, else by their definition."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import mgeconvert
from mgeconvert import registry
from mgeconvert_converters.caffe.write.caffemodel import LayerBlobs, write_weights
from tests.caffe.lower.layer_rows import LayerRow, one
from tests.harness.check import difference
from tests.harness.rows import X

cv2 = pytest.importorskip("cv2", reason="OpenCV judges the layers of forks")


def write(row: LayerRow, folder: Path, blobs: dict[str, list[np.ndarray]]) -> Path:
    path = folder / "net.prototxt"
    path.write_text(row.prototxt)
    with path.with_suffix(".caffemodel").open("wb") as file:
        write_weights(file, "net", [LayerBlobs({"name": name}, arrays) for name, arrays in blobs.items()])
    return path


def ours(path: Path, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The net through the IR and ONNX."""
    backend = registry.backend("onnx")
    assert backend.run is not None
    written = path.with_suffix(".onnx")
    mgeconvert.save(mgeconvert.load(path), written)
    return backend.run(written, inputs)


def theirs(path: Path, inputs: dict[str, np.ndarray], layer: str) -> np.ndarray:
    net = cv2.dnn.readNetFromCaffe(str(path), str(path.with_suffix(".caffemodel")))
    for name, array in inputs.items():
        net.setInput(cv2.Mat(array), name)
    return np.asarray(net.forward(layer))


IMAGE = X(1, 4, 6, 8)
IN_OPENCV = (
    (one("depthwise", "ConvolutionDepthwise", "num_output: 4 kernel_size: 3 group: 4", IMAGE), ((4, 1, 3, 3), (4,))),
    (one("relu6", "ReLU6", "", IMAGE), ()),
    (one("normalize", "Normalize", "across_spatial: false channel_shared: false", IMAGE), ((4,),)),
    (one("normalize-across", "Normalize", "across_spatial: true channel_shared: true", IMAGE), ((1,),)),
    (one("mish", "Mish", "", IMAGE), ()),
    (
        one(
            "prior-box",
            "PriorBox",
            "min_size: 10 max_size: 20 aspect_ratio: 2 aspect_ratio: 3 flip: true clip: false "
            "variance: 0.1 variance: 0.1 variance: 0.2 variance: 0.2",
            X(1, 4, 3, 5),
            X(1, 3, 60, 100),
        ),
        (),
    ),
    (
        one("prior-box-step", "PriorBox", "min_size: 8 step: 16 clip: true variance: 0.1",
            X(1, 4, 3, 5), X(1, 3, 9, 9)),
        (),
    ),
)  # fmt: skip


@pytest.mark.parametrize(("row", "shapes"), IN_OPENCV, ids=[row.id for row, _ in IN_OPENCV])
def test_layer_as_in_opencv(row: LayerRow, shapes: tuple[tuple[int, ...], ...], tmp_path: Path) -> None:
    random = np.random.RandomState(3)
    weights = [random.uniform(0.5, 1.5, shape).astype(np.float32) for shape in shapes]
    path = write(row, tmp_path, {"l": weights} if weights else {})
    inputs = row.arrays()
    (found,) = ours(path, inputs).values()
    assert not difference(found, theirs(path, inputs, "l"), 1e-5)


def test_roi_pooling(tmp_path: Path) -> None:
    row = one("roi", "ROIPooling", "pooled_h: 2 pooled_w: 3 spatial_scale: 0.5", X(1, 4, 12, 16), X(3, 5))
    regions = np.array([[0, 0, 0, 31, 23], [0, 3, 5, 18, 9], [0, 10, 1, 11, 22]], np.float32)
    inputs = row.arrays() | {"x1": regions}
    path = write(row, tmp_path, {})
    (found,) = ours(path, inputs).values()
    assert not difference(found, theirs(path, inputs, "l"), 1e-6)


def test_axpy(tmp_path: Path) -> None:
    """a * x + y, as the SENet fork defines it; OpenCV reads the bottoms in another order."""
    row = one("axpy", "Axpy", "", X(2, 4), X(2, 4, 3, 5), X(2, 4, 3, 5))
    a, x, y = row.arrays().values()
    (found,) = ours(write(row, tmp_path, {}), row.arrays()).values()
    np.testing.assert_allclose(found, a[:, :, None, None] * x + y, rtol=1e-6)


def test_batch_norm_by_the_statistics_of_the_batch(tmp_path: Path) -> None:
    """OpenCV takes those of each image, and adds epsilon to the root."""
    row = one("batch-statistics", "BatchNorm", "use_global_stats: false eps: 0.01", X(2, 4, 3, 5))
    (x,) = row.arrays().values()
    (found,) = ours(write(row, tmp_path, {}), row.arrays()).values()
    mean, variance = x.mean((0, 2, 3), keepdims=True), x.var((0, 2, 3), keepdims=True)
    np.testing.assert_allclose(found, (x - mean) / np.sqrt(variance + 0.01), rtol=1e-5, atol=1e-6)


def test_shuffle_channel(tmp_path: Path) -> None:
    row = one("shuffle", "ShuffleChannel", "group: 2", IMAGE)
    (found,) = ours(write(row, tmp_path, {}), row.arrays()).values()
    np.testing.assert_array_equal(found, row.arrays()["x0"][:, [0, 2, 1, 3]])


def test_upsample(tmp_path: Path) -> None:
    row = one("upsample", "Upsample", "scale: 2", IMAGE)
    (found,) = ours(write(row, tmp_path, {}), row.arrays()).values()
    np.testing.assert_array_equal(found, row.arrays()["x0"].repeat(2, 2).repeat(2, 3))


@pytest.mark.parametrize(
    ("params", "shape"),
    [
        ("height: 11 width: 5", (1, 4, 11, 5)),
        ("zoom_factor: 2", (1, 4, 11, 15)),
        ("shrink_factor: 2", (1, 4, 3, 4)),
        ("zoom_factor: 2 pad_beg: -1 pad_end: -1", (1, 4, 7, 11)),
    ],
)
def test_interp_keeps_the_corners(params: str, shape: tuple[int, ...], tmp_path: Path) -> None:
    row = one("interp", "Interp", params, IMAGE)
    (found,) = ours(write(row, tmp_path, {}), row.arrays()).values()
    inner = slice(1, -1) if "pad" in params else slice(None)
    image = row.arrays()["x0"][:, :, inner, inner]
    assert found.shape == shape
    np.testing.assert_allclose(found[..., [0, -1], :][..., [0, -1]], image[..., [0, -1], :][..., [0, -1]], rtol=1e-6)
    rows, columns = (np.linspace(0, old - 1, new) for old, new in zip(image.shape[2:], shape[2:], strict=True))
    down = np.stack(
        [image[:, :, int(r)] * (1 - r % 1) + image[:, :, -(-r // 1).astype(int)] * (r % 1) for r in rows], 2
    )
    both = np.stack([down[..., int(c)] * (1 - c % 1) + down[..., -(-c // 1).astype(int)] * (c % 1) for c in columns], 3)
    assert not difference(found, both.astype(np.float32), 1e-5)


BOXES, CLASSES = 40, 5


@pytest.mark.parametrize(
    "params",
    [
        "nms_param { nms_threshold: 0.45 top_k: 40 } keep_top_k: 40 confidence_threshold: 0.3 code_type: CENTER_SIZE",
        "nms_param { nms_threshold: 0.3 top_k: 10 } keep_top_k: 12 confidence_threshold: 0.1 code_type: CENTER_SIZE",
        "nms_param { nms_threshold: 0.5 top_k: 99 } keep_top_k: 5 confidence_threshold: 0.2 code_type: CORNER",
        "nms_param { nms_threshold: 0.5 top_k: 40 } keep_top_k: 50 code_type: CORNER variance_encoded_in_target: true",
    ],
)
@pytest.mark.parametrize("background", [0, 2])
def test_detection_output(params: str, background: int, tmp_path: Path) -> None:
    text = f"num_classes: {CLASSES} share_location: true background_label_id: {background} {params}"
    kinds, reach = (1, 0.04) if "encoded" in params else (2, 0.5)
    row = one("detect", "DetectionOutput", text, X(1, 4 * BOXES), X(1, CLASSES * BOXES), X(1, kinds, 4 * BOXES))
    random = np.random.RandomState(5)
    low = random.uniform(0, 0.7, (BOXES, 2))
    corners = np.concatenate([low, low + random.uniform(0.1, 0.4, (BOXES, 2))], 1)
    priors = np.stack([corners.reshape(-1), np.tile([0.1, 0.1, 0.2, 0.2], BOXES)])[None].astype(np.float32)
    scores = random.dirichlet(np.ones(CLASSES) * 0.5, BOXES).astype(np.float32)
    inputs = {
        "x0": random.uniform(-reach, reach, (1, 4 * BOXES)).astype(np.float32),
        "x1": scores.reshape(1, -1),
        "x2": priors[:, :kinds],
    }
    path = write(row, tmp_path, {})
    (found,) = ours(path, inputs).values()
    expected = theirs(path, inputs, "l")
    assert found.shape[2] > 3
    assert sorted(found[0, 0, :, 1]) == list(found[0, 0, :, 1])
    np.testing.assert_allclose(by_score(found), by_score(expected), atol=1e-5)


def by_score(detections: np.ndarray) -> np.ndarray:
    """Caffe lists by label, OpenCV by score and with empty rows behind."""
    rows = detections[0, 0][detections[0, 0, :, 2] > 0]
    return rows[np.argsort(-rows[:, 2])]
