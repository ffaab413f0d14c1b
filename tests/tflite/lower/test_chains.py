"""Operators that need others around them: the Fourier transform, sparse and half weights, boxes, MediaPipe's own."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tflite
from flatbuffers import flexbuffers

from mgeconvert.errors import MissingDependencyError, UnsupportedError
from mgeconvert.ir import Graph, Value
from mgeconvert_converters.onnx import BACKEND as ONNX
from mgeconvert_converters.tflite import FRONTEND, run
from mgeconvert_converters.tflite.layout.wants import ANY
from mgeconvert_converters.tflite.lower import LOWERINGS, plugins
from mgeconvert_converters.tflite.lower.table import lower
from mgeconvert_converters.tflite.lower.translation import Translation
from tests.tflite.files import Array, G, O, T, constant, file_of
from tests.tflite.judge import compare

RNG = np.random.default_rng(5)


def read(folder: Path, *graphs: G, **options: Any) -> Graph:
    path = folder / "m.tflite"
    path.write_bytes(file_of(*graphs, key="serving_default"))
    return FRONTEND.load(path, **options)


def computed(graph: Graph, folder: Path, feeds: dict[str, Array]) -> dict[str, Array]:
    ONNX.save(graph, folder / "m.onnx")
    assert ONNX.run is not None
    return ONNX.run(folder / "m.onnx", feeds)


def judged(folder: Path, graph: G, feeds: dict[str, Array], rtol: float = 1e-5) -> Graph:
    """Compare with LiteRT on the file; returns the graph."""
    made = read(folder, graph)
    found = computed(made, folder, feeds)
    for name, expected in run.run(folder / "m.tflite", feeds, "builtin").items():
        compare(found[name], expected, rtol, name)
    return made


@pytest.mark.parametrize("part", ["COMPLEX_ABS", "REAL", "IMAG"])
@pytest.mark.parametrize(("given", "size"), [((3, 1, 16), (1, 16)), ((2, 4, 8), (4, 8)), ((2, 4, 12), (2, 8))])
def test_fourier_transform(part: str, given: tuple[int, ...], size: tuple[int, int], tmp_path: Path) -> None:
    """Fixed sizes, cut where the data has more: matrices."""
    tensors = [T("x", given), constant("size", size, "int32"), T("spectrum", (), "COMPLEX64"), T("y")]
    operators = [O("RFFT2D", ["x", "size"], ["spectrum"], "Rfft2dOptions"), O(part, ["spectrum"], ["y"])]
    x = RNG.uniform(-1, 1, given).astype(np.float32)
    graph = judged(tmp_path, G(tensors, ["x"], ["y"], operators), {"x": x})
    assert "MatMul" in {node.op for node in graph.nodes}


def test_half_weights_are_float_constants(tmp_path: Path) -> None:
    weights = RNG.uniform(-1, 1, (4, 3, 3, 2)).astype(np.float16)
    tensors = [T("x", (1, 6, 6, 2)), constant("w16", weights, "float16"), T("w", (4, 3, 3, 2)), T("y", (1, 4, 4, 4))]
    options = {"Padding": 1, "StrideH": 1, "StrideW": 1}
    tensors.append(constant("b", np.zeros(4)))
    operators = [O("DEQUANTIZE", ["w16"], ["w"]), O("CONV_2D", ["x", "w", "b"], ["y"], "Conv2DOptions", options)]
    x = RNG.uniform(-1, 1, (1, 6, 6, 2)).astype(np.float32)
    graph = judged(tmp_path, G(tensors, ["x"], ["y"], operators), {"x": x})
    assert [node.op for node in graph.nodes] == ["Transpose", "Conv", "Transpose"]


def _row_sparse(rows: list[list[int]]) -> Any:
    """SparsityParameters of a matrix whose rows list the columns that are stored."""

    def write(writer: Any) -> int:
        segments = np.cumsum([0, *map(len, rows)]).astype(np.int32)
        indices = np.concatenate([np.array(row, np.int32) for row in rows])
        vectors = [writer.end("Int32Vector", Values=writer.numbers(values, np.int32)) for values in (segments, indices)]
        dense = writer.end("DimensionMetadata", Format=0, DenseSize=len(rows))
        compressed = writer.end(
            "DimensionMetadata",
            Format=1,
            ArraySegmentsType=tflite.SparseIndexVector.Int32Vector,
            ArraySegments=vectors[0],
            ArrayIndicesType=tflite.SparseIndexVector.Int32Vector,
            ArrayIndices=vectors[1],
        )
        order = writer.numbers([0, 1], np.int32)
        return int(
            writer.end("SparsityParameters", TraversalOrder=order, DimMetadata=writer.offsets([dense, compressed]))
        )

    return write


def test_sparse_weights_are_dense_ones(tmp_path: Path) -> None:
    stored = np.array([1.5, -2, 3, 0.5], np.float32)
    sparse = T("s", (3, 4), "FLOAT32", data=stored.tobytes(), sparsity=_row_sparse([[1, 3], [], [0, 2]]))
    tensors = [T("x", (2, 4)), sparse, T("w", (3, 4)), T("y", (2, 3))]
    operators = [O("DENSIFY", ["s"], ["w"]), O("FULLY_CONNECTED", ["x", "w", ""], ["y"], "FullyConnectedOptions")]
    x = RNG.uniform(-1, 1, (2, 4)).astype(np.float32)
    found = computed(read(tmp_path, G(tensors, ["x"], ["y"], operators)), tmp_path, {"x": x})
    dense = np.array([[0, 1.5, 0, -2], [0, 0, 0, 0], [3, 0, 0.5, 0]], np.float32)
    compare(found["y"], x @ dense.T, 1e-6, "y")


def test_a_flattened_image_is_not_transposed(tmp_path: Path) -> None:
    """The columns of the weights follow the order there is."""
    tensors = [T("x", (2, 3, 4, 5)), T("r", (2, 3, 4, 5)), constant("shape", [2, 60], "int32"), T("f", (2, 60)),
               constant("w", RNG.uniform(-1, 1, (7, 60))), T("y", (2, 7)), T("pool", (2, 3, 4, 5))]  # fmt: skip
    pool = {"Padding": 0, "StrideH": 1, "StrideW": 1, "FilterHeight": 2, "FilterWidth": 2}
    operators = [
        O("MAX_POOL_2D", ["x"], ["pool"], "Pool2DOptions", pool),
        O("RELU", ["pool"], ["r"]),
        O("RESHAPE", ["r", "shape"], ["f"]),
        O("FULLY_CONNECTED", ["f", "w", ""], ["y"], "FullyConnectedOptions"),
    ]
    x = RNG.uniform(-1, 1, (2, 3, 4, 5)).astype(np.float32)
    graph = judged(tmp_path, G(tensors, ["x"], ["y"], operators), {"x": x})
    assert [node.op for node in graph.nodes] == ["Transpose", "MaxPool", "Relu", "Reshape", "Gemm"]


@pytest.mark.parametrize("regular", [False, True])
def test_detection_postprocess(regular: bool, tmp_path: Path) -> None:
    options = {
        "max_detections": 5, "max_classes_per_detection": 1, "detections_per_class": 4, "use_regular_nms": regular,
        "nms_score_threshold": 0.2, "nms_iou_threshold": 0.5, "num_classes": 3, "y_scale": 10.0, "x_scale": 10.0,
        "h_scale": 5.0, "w_scale": 5.0,
    }  # fmt: skip
    anchors = np.concatenate([RNG.uniform(0.2, 0.8, (12, 2)), RNG.uniform(0.1, 0.4, (12, 2))], 1).astype(np.float32)
    outputs = ["boxes", "classes", "scores", "count"]
    tensors = [T("e", (1, 12, 4)), T("p", (1, 12, 4)), constant("a", anchors), *(T(name) for name in outputs)]
    custom = ("TFLite_Detection_PostProcess", bytes(flexbuffers.Dumps(options)))
    graph = G(tensors, ["e", "p"], outputs, [O("CUSTOM", ["e", "p", "a"], outputs, custom=custom)])
    feeds = {
        "e": RNG.uniform(-1, 1, (1, 12, 4)).astype(np.float32),
        "p": RNG.uniform(0, 1, (1, 12, 4)).astype(np.float32),
    }
    found = computed(read(tmp_path, graph), tmp_path, feeds)
    truth = run.run(tmp_path / "m.tflite", feeds, "builtin")
    count = int(truth["count"].item())
    assert count > 1
    assert found["count"].item() == count
    for name in ("boxes", "classes", "scores"):
        compare(found[name][:, :count], truth[name][:, :count], 1e-5, name)


MATRIX = np.array([[[0.8, -0.3, 0, 1.2], [0.25, 0.9, 0, -0.4], [0, 0, 1, 0], [0, 0, 0, 1]]], np.float32)


def test_transform_landmarks(tmp_path: Path) -> None:
    custom = ("TransformLandmarks", bytes(flexbuffers.Dumps({"dimensions": 3})))
    tensors = [T("p", (1, 7, 3)), T("m", (1, 4, 4)), T("y", (1, 7, 3))]
    points = RNG.uniform(-5, 5, (1, 7, 3)).astype(np.float32)
    graph = read(tmp_path, G(tensors, ["p", "m"], ["y"], [O("CUSTOM", ["p", "m"], ["y"], custom=custom)]))
    expected = points.copy()
    expected[..., :2] = points[..., :2] @ MATRIX[0, :2, :2].T + MATRIX[0, :2, 3]
    compare(computed(graph, tmp_path, {"p": points, "m": MATRIX})["y"], expected, 1e-6, "y")


def test_transform_tensor_bilinear(tmp_path: Path) -> None:
    custom = ("TransformTensorBilinear", bytes(flexbuffers.Dumps({"output_size": {"h": 5, "w": 6}})))
    tensors = [T("x", (1, 8, 9, 2)), T("m", (1, 4, 4)), T("y", (1, 5, 6, 2))]
    image = RNG.uniform(-1, 1, (1, 8, 9, 2)).astype(np.float32)
    graph = read(tmp_path, G(tensors, ["x", "m"], ["y"], [O("CUSTOM", ["x", "m"], ["y"], custom=custom)]))
    expected = np.zeros((1, 5, 6, 2), np.float32)
    for row, column in np.ndindex(5, 6):
        x, y = MATRIX[0, :2, :2] @ (column + 0.5, row + 0.5) + MATRIX[0, :2, 3] - 0.5
        if not (0 <= x <= 8 and 0 <= y <= 7):
            continue
        left, top = int(x), int(y)
        for dy, dx in np.ndindex(2, 2):
            if top + dy < 8 and left + dx < 9:
                weight = (1 - abs(y - top - dy)) * (1 - abs(x - left - dx))
                expected[0, row, column] += weight * image[0, top + dy, left + dx]
    compare(computed(graph, tmp_path, {"x": image, "m": MATRIX})["y"], expected, 1e-5, "y")


def test_landmarks_to_transform_matrix(tmp_path: Path) -> None:
    """The crop's corners in the image: (0, 0) of the crop is the corner of the turned box around the subset."""
    options = {"left_rotation_idx": 1, "right_rotation_idx": 4, "subset_idxs": [[0, 2], [3, 5]], "output_width": 20,
               "output_height": 10, "scale_x": 1.5, "scale_y": 2.0, "target_rotation_radians": 0.2}  # fmt: skip
    custom = ("Landmarks2TransformMatrix", bytes(flexbuffers.Dumps(options)))
    points = RNG.uniform(0, 50, (1, 6, 3)).astype(np.float32)
    tensors = [T("p", (1, 6, 3)), T("y", (1, 4, 4))]
    graph = read(tmp_path, G(tensors, ["p"], ["y"], [O("CUSTOM", ["p"], ["y"], custom=custom)]))
    found = computed(graph, tmp_path, {"p": points})["y"][0]
    plane = points[0, :, :2].astype(float)
    dx, dy = plane[4] - plane[1]
    angle = 0.2 - np.arctan2(dy, dx)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    turned = plane[[0, 2, 3, 5]] @ turn.T
    low, high = turned.min(0), turned.max(0)
    scale = (high - low) * (1.5, 2.0) / (20, 10)
    expected = np.eye(4)
    expected[:2, :2] = turn.T @ np.diag(scale)
    expected[:2, 3] = turn.T @ ((low + high) / 2) - expected[:2, :2] @ (10, 5)
    compare(found, expected.astype(np.float32), 1e-5, "matrix")


def test_pool_with_positions_and_back(tmp_path: Path) -> None:
    """MediaPipe's pair: maxima go back to where they were."""
    params = struct.pack("<6i", 2, 2, 2, 2, 2, 0)
    shape, small = (1, 4, 6, 3), (1, 2, 3, 3)
    tensors = [T("x", shape), T("v", small), T("i", small), T("y", shape)]
    operators = [
        O("CUSTOM", ["x"], ["v", "i"], custom=("MaxPoolingWithArgmax2D", params)),
        O("CUSTOM", ["v", "i"], ["y"], custom=("MaxUnpooling2D", params)),
    ]
    x = RNG.uniform(-1, 1, shape).astype(np.float32)
    found = computed(read(tmp_path, G(tensors, ["x"], ["v", "i", "y"], operators)), tmp_path, {"x": x})
    windows = x.reshape(1, 2, 2, 3, 2, 3).transpose(0, 1, 3, 5, 2, 4).reshape(1, 2, 3, 3, 4)
    compare(found["v"], windows.max(-1), 0, "v")
    compare(found["i"], (windows.argmax(-1) + np.float32(0.1)).astype(np.float32), 1e-6, "i")
    kept = np.where(np.arange(4) == windows.argmax(-1)[..., None], windows, 0)
    back = kept.reshape(1, 2, 3, 3, 2, 2).transpose(0, 1, 4, 2, 5, 3).reshape(shape)
    compare(found["y"], back, 0, "y")


def test_transposed_convolution_with_bias(tmp_path: Path) -> None:
    """MediaPipe's operator is TRANSPOSE_CONV, whose kernel LiteRT has."""
    weights, bias = RNG.uniform(-1, 1, (3, 2, 2, 4)), RNG.uniform(-1, 1, 3)
    x = RNG.uniform(-1, 1, (1, 4, 5, 4)).astype(np.float32)
    common = [T("x", (1, 4, 5, 4)), constant("w", weights), constant("b", bias), T("y", (1, 8, 10, 3))]
    custom = ("Convolution2DTransposeBias", struct.pack("<3i", 1, 2, 2))
    found = computed(
        read(tmp_path, G(common, ["x"], ["y"], [O("CUSTOM", ["x", "w", "b"], ["y"], custom=custom)])),
        tmp_path,
        {"x": x},
    )
    options = {"Padding": 0, "StrideH": 2, "StrideW": 2}
    plain = O("TRANSPOSE_CONV", ["s", "w", "x", "b"], ["y"], "TransposeConvOptions", options, version=3)
    read(tmp_path, G([*common, constant("s", [1, 8, 10, 3], "int32")], ["x"], ["y"], [plain]))
    compare(found["y"], run.run(tmp_path / "m.tflite", {"x": x})["y"], 1e-5, "y")


def test_an_operator_of_another_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The entry-point group names modules; what they claim is lowered."""

    class Entry:
        name, value = "mine", "mine:lowerings"

        def load(self) -> None:
            @lower("MyScale", wants=ANY)
            def my_scale(t: Translation, x: Value) -> Value:
                return t.b.op("Mul", x, 2.0)

    monkeypatch.setattr(plugins, "entry_points", lambda group: {"mine": Entry()} if group == plugins.GROUP else {})
    plugins.load_plugins.cache_clear()
    tensors = [T("x", (1, 4)), T("y", (1, 4))]
    try:
        graph = read(tmp_path, G(tensors, ["x"], ["y"], [O("CUSTOM", ["x"], ["y"], custom=("MyScale", b""))]))
    finally:
        LOWERINGS.pop("MyScale", None)
        plugins.load_plugins.cache_clear()
    assert [node.op for node in graph.nodes] == ["Mul"]


def test_a_package_that_cannot_be_loaded_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Entry:
        name, value = "mine", "mine:lowerings"

        def load(self) -> None:
            raise ImportError("no such thing")

    monkeypatch.setattr(plugins, "entry_points", lambda group: {"mine": Entry()} if group == plugins.GROUP else {})
    plugins.load_plugins.cache_clear()
    with pytest.raises(MissingDependencyError, match="mine: mine:lowerings cannot be loaded: no such thing"):
        read(tmp_path, G([T("x", (1,))], ["x"], ["x"], []))


@pytest.mark.parametrize("integers", [False, True])
def test_weights_of_four_bits(integers: bool, tmp_path: Path) -> None:
    """Two to a byte, the lower half first; LiteRT's own kernel is exact for integers, and rounds float activations."""
    weights = RNG.integers(-8, 8, (5, 8))
    pairs = (weights & 15).reshape(-1, 2)
    packed = (pairs[:, 0] | pairs[:, 1] << 4).astype(np.uint8).tobytes()
    scaled = {"scale": [0.05], "zero": [3]} if integers else {}
    kind = "INT8" if integers else "FLOAT32"
    bias = (
        T("b", (5,), "INT32", np.arange(5, dtype=np.int32), scale=[0.005] * 5)
        if integers
        else constant("b", np.zeros(5))
    )
    tensors = [
        T("x", (3, 8), kind, **scaled),
        T("w", (5, 8), "INT4", data=packed, scale=[0.1] * 5),
        bias,
        T("y", (3, 5), kind, **({"scale": [0.1], "zero": [0]} if integers else {})),
    ]
    product = O("FULLY_CONNECTED", ["x", "w", "b"], ["y"], "FullyConnectedOptions", version=10)
    x = RNG.integers(-100, 100, (3, 8)).astype(np.int8) if integers else RNG.uniform(-1, 1, (3, 8)).astype(np.float32)
    graph = judged(tmp_path, G(tensors, ["x"], ["y"], [product]), {"x": x}, rtol=0 if integers else 1e-2)
    held = next(node.inputs[0] for node in graph.nodes if node.op == "DequantizeLinear" and node.inputs[0].is_constant)
    np.testing.assert_array_equal(held.array.astype(int), weights)


def test_an_unknown_custom_operator_is_named(tmp_path: Path) -> None:
    tensors = [T("x", (1, 4)), T("y", (1, 4))]
    graph = G(tensors, ["x"], ["y"], [O("CUSTOM", ["x"], ["y"], custom=("Mine", b""))])
    with pytest.raises(UnsupportedError) as caught:
        read(tmp_path, graph)
    assert [str(problem) for problem in caught.value.problems] == ["y: Mine: a custom operator that is not known"]
