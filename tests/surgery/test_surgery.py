"""Graph surgery: what each edit makes of a graph, that the result computes what it should, exact error texts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from mgeconvert import surgery
from mgeconvert.ir import Graph, Value
from mgeconvert.ir.builder import Builder
from mgeconvert_converters.onnx.run import run
from mgeconvert_converters.onnx.write.save import save
from tests.surgery.networks import IMAGE, RANDOM, network


def compute(graph: Graph, folder: Path, **inputs: np.ndarray) -> dict[str, np.ndarray]:
    graph.check()
    (path,) = save(graph, folder / "m.onnx")
    return run(path, inputs)


def ends(graph: Graph) -> tuple[list[str], list[str], list[str]]:
    graph.check()
    return list(graph.inputs), list(graph.outputs), [node.op for node in graph.nodes]


CUTS: dict[str, tuple[list[str] | None, list[str] | None, tuple[list[str], list[str], list[str]]]] = {
    "outputs by public name": (None, ["features"], (["x"], ["features"], ["Conv", "Relu", "Sigmoid", "Tanh", "Add"])),
    "outputs by module": (None, ["stem"], (["x"], ["stem.relu_out"], ["Conv", "Relu"])),
    "outputs by node": (None, ["stem.conv/Conv"], (["x"], ["stem.conv_out"], ["Conv"])),
    "several, in the order said": (
        None,
        ["scores", "stem.conv_out"],
        (["x"], ["scores", "stem.conv_out"], ["Conv", "Relu", "Sigmoid", "Tanh", "Add", "Reshape", "Gemm"]),
    ),
    "inputs by value": (
        ["stem.relu_out"],
        ["features"],
        (["stem.relu_out"], ["features"], ["Sigmoid", "Tanh", "Add"]),
    ),
    "inputs by module": (["head"], ["scores"], (["features"], ["scores"], ["Reshape", "Gemm"])),
    "a module with two ends": (
        ["body.sum"],
        ["features"],
        (["body.left_out", "body.right_out"], ["features"], ["Add"]),
    ),
    "both": (["body"], ["body"], (["stem.relu_out"], ["features"], ["Sigmoid", "Tanh", "Add"])),
}


@pytest.mark.parametrize("case", CUTS)
def test_cut(case: str) -> None:
    inputs, outputs, expected = CUTS[case]
    found = ends(surgery.cut(network(), inputs, outputs))
    if case == "inputs by module":
        expected = (["body.sum_out"], *expected[1:])
    assert found == expected


def test_both_halves_together_are_the_whole(tmp_path: Path) -> None:
    first = compute(surgery.cut(network(), None, ["body"]), tmp_path, x=IMAGE)
    (middle,) = first.values()
    whole = compute(network(), tmp_path, x=IMAGE)
    second = compute(surgery.cut(network(), ["head"], ["scores"]), tmp_path, **{"body.sum_out": middle})
    np.testing.assert_allclose(second["scores"], whole["scores"], rtol=1e-5, atol=1e-6)


def test_the_graph_that_is_edited_stays_as_it_is() -> None:
    graph = network()
    before = str(graph)
    surgery.cut(graph, ["body"], ["body"])
    surgery.preprocess(graph, mean=[1, 2, 3], uint8=True, nhwc=True)
    surgery.to_float16(graph, ["Conv"])
    surgery.set_shapes(graph, {"x": (2, 3, 6, 6)})
    surgery.replace_pattern(graph, "Relu(x)", "Abs(x)")
    surgery.rename(graph, {"x": "image"})
    assert str(graph) == before
    graph.check()


def test_end_points_dropped_outputs_and_names(tmp_path: Path) -> None:
    graph = surgery.add_outputs(network(), ["stem", "features"])
    assert list(graph.outputs) == ["features", "scores", "stem.relu_out"]
    graph = surgery.drop_outputs(graph, ["scores"])
    assert ends(graph)[2] == ["Conv", "Relu", "Sigmoid", "Tanh", "Add"]
    graph = surgery.rename(graph, {"x": "image", "stem.relu_out": "early"})
    assert ends(graph)[:2] == (["image"], ["features", "early"])
    assert list(compute(graph, tmp_path, image=IMAGE)) == ["features", "early"]


def test_names_can_be_exchanged() -> None:
    assert list(surgery.rename(network(), {"features": "scores", "scores": "features"}).outputs) == [
        "scores",
        "features",
    ]


@pytest.mark.parametrize("pads", [(1, 1, 1, 1), (0, 0, 0, 0)])
@pytest.mark.parametrize("group", [1, 3])
@pytest.mark.parametrize("swap", [False, True])
def test_preprocessing(tmp_path: Path, pads: Sequence[int], group: int, swap: bool) -> None:
    mean, std, scale = [0.4, 0.5, 0.6], [0.2, 0.3, 0.25], 1 / 255
    image = RANDOM.integers(0, 256, (1, 6, 6, 3)).astype(np.uint8)
    normal = ((image[..., ::-1] if swap else image) * scale - np.array(mean)) / np.array(std)
    truth = compute(network(pads, group), tmp_path, x=normal.transpose(0, 3, 1, 2).astype(np.float32))
    graph = surgery.preprocess(
        network(pads, group), mean=mean, std=std, scale=scale, uint8=True, nhwc=True, swap_channels=swap
    )
    assert graph.inputs["x"].type_text == "uint8[1,6,6,3]"
    found = compute(graph, tmp_path, x=image)
    for name, array in truth.items():
        np.testing.assert_allclose(found[name], array, rtol=1e-4, atol=1e-5)
    more = [node.op for node in graph.nodes[: graph.nodes.index(next(n for n in graph.nodes if n.op == "Conv"))]]
    folds = group == 1 or not swap
    assert more == ["Transpose", "Cast"] + (
        [] if folds and not any(pads) else ["Sub"] if folds else ["Gather", "Sub", "Mul"]
    )


def test_a_swap_alone_costs_nothing(tmp_path: Path) -> None:
    graph = surgery.preprocess(network(), swap_channels=True)
    assert len(graph.nodes) == len(network().nodes)
    found = compute(graph, tmp_path, x=np.ascontiguousarray(IMAGE[:, ::-1]))
    np.testing.assert_allclose(found["scores"], compute(network(), tmp_path, x=IMAGE)["scores"], rtol=1e-5, atol=1e-6)


def test_one_mean_for_all_is_one_number() -> None:
    graph = surgery.preprocess(network(), mean=[128], std=[128])
    assert str(graph.nodes[0]) == "preprocess/Sub: float32[1,3,6,6] = Sub(x, float32(128.0))"


@pytest.mark.parametrize("kind", ["softmax", "sigmoid", "argmax"])
def test_postprocessing(tmp_path: Path, kind: str) -> None:
    scores = compute(network(), tmp_path, x=IMAGE)["scores"].astype(np.float64)
    truths: dict[str, Callable[[], np.ndarray]] = {
        "softmax": lambda: np.exp(scores) / np.exp(scores).sum(1, keepdims=True),
        "sigmoid": lambda: 1 / (1 + np.exp(-scores)),
        "argmax": lambda: scores.argmax(1),
    }
    found = compute(surgery.postprocess(network(), "scores", kind), tmp_path, x=IMAGE)
    assert list(found) == ["features", "scores"]
    np.testing.assert_allclose(found["scores"], truths[kind](), rtol=1e-4, atol=1e-6)


def test_half_precision_casts_at_the_borders_only(tmp_path: Path) -> None:
    graph = surgery.to_float16(network(), ["stem", "Sigmoid"])
    assert [node.op for node in graph.nodes] == [
        "Cast", "Conv", "Relu", "Sigmoid", "Cast", "Tanh", "Cast", "Add", "Reshape", "Gemm",
    ]  # fmt: skip
    assert {name: value.type_text for name, value in graph.outputs.items()} == {
        "features": "float32[1,4,6,6]",
        "scores": "float32[1,5]",
    }
    found = compute(graph, tmp_path, x=IMAGE)["scores"]
    truth = compute(network(), tmp_path, x=IMAGE)["scores"]
    assert np.abs(found - truth).max() < 1e-2 * np.abs(truth).max()
    outputs = surgery.to_float16(network(), ["body.sum", "head"]).outputs
    assert {value.dtype for value in outputs.values()} == {np.dtype(np.float32)}


@pytest.mark.parametrize(
    ("shape", "scores"), [((4, 3, 6, 6), (4, 5)), (("N", 3, 6, 6), ("N", 5)), ((2, 3, 6, 6), (2, 5))]
)
def test_shapes_follow(tmp_path: Path, shape: tuple[int | str, ...], scores: tuple[int | str, ...]) -> None:
    graph = surgery.set_shapes(network(), {"x": shape})
    assert graph.outputs["scores"].shape == scores
    images = np.concatenate([IMAGE, IMAGE * 2, IMAGE * 3, -IMAGE])[: shape[0] if isinstance(shape[0], int) else 3]
    found = compute(graph, tmp_path, x=images)["scores"]
    for row, image in zip(found, images, strict=True):
        truth = compute(network(), tmp_path, x=image[None])["scores"]
        np.testing.assert_allclose(row, truth[0], rtol=1e-4, atol=1e-5)


def test_baked_expand_and_resize_follow(tmp_path: Path) -> None:
    b = Builder()
    x = b.input("x", "float32", (1, 2, 4, 4))
    y = b.op("Resize", b.op("Expand", x, [1, 2, 4, 4]), None, None, [1, 2, 8, 8], mode="nearest")
    b.output("y", b.op("Reshape", y, [1, 128]))
    assert surgery.set_shapes(b.graph, {"x": (3, 2, 5, 4)}).outputs["y"].shape == (3, 160)
    graph = surgery.set_shapes(b.graph, {"x": ("N", 2, 4, 4)})
    array = RANDOM.standard_normal((5, 2, 4, 4)).astype(np.float32)
    found = compute(graph, tmp_path, x=array)["y"]
    np.testing.assert_array_equal(found.reshape(5, 2, 8, 8), array.repeat(2, 2).repeat(2, 3))


def test_shape_arithmetic_is_computed_again() -> None:
    b = Builder()
    x = b.input("x", "float32", ("N", 3, 4))
    rows = b.op("Gather", b.op("Shape", x), np.array([0], np.int64), axis=0)
    b.output("y", b.op("Reshape", x, b.op("Concat", rows, np.array([12], np.int64), axis=0)))
    graph = surgery.set_shapes(b.graph, {"x": (7, 3, 4)})
    assert graph.outputs["y"].type_text == "float32[7,12]"
    assert [node.op for node in graph.nodes] == ["Reshape"]


def swish() -> Graph:
    b = Builder()
    x = b.input("x", "float32", (2, 3))
    b.output("y", b.op("Mul", b.op("Sigmoid", x), b.op("Add", x, 0.0)))
    b.output("z", b.op("Mul", x, b.op("Sigmoid", x)))
    return b.graph


PATTERNS = {
    "the same value twice": ("Mul(x, Sigmoid(x))", "HardSwish(x)", ["Sigmoid", "Add", "Mul", "HardSwish"]),
    "different names": ("Mul(a, Sigmoid(b))", "Add(a, b)", ["Add", "Add", "Add"]),
    "numbers": ("Add(x, 0)", "Identity(x)", ["Sigmoid", "Identity", "Mul", "Sigmoid", "Mul"]),
    "anything": ("Mul(_, Sigmoid(x))", "Neg(x)", ["Neg", "Neg"]),
    "nested": ("Mul(Sigmoid(x), Add(x, 0))", "Mul(x, Sigmoid(x))", ["Sigmoid", "Mul", "Sigmoid", "Mul"]),
}


@pytest.mark.parametrize("case", PATTERNS)
def test_patterns(case: str) -> None:
    pattern, replacement, ops = PATTERNS[case]
    graph = surgery.replace_pattern(swish(), pattern, replacement)
    graph.check()
    assert [node.op for node in graph.nodes] == ops


def test_a_function_may_build_the_replacement() -> None:
    def without_relu(b: Builder, x: Value, w: Value) -> Value:
        return b.op("Conv", x, w, pads=(1, 1, 1, 1))

    graph = surgery.replace_pattern(network(), "Relu(Conv(x, w, group=1))", without_relu)
    assert "Relu" not in [node.op for node in graph.nodes]
    assert graph.nodes[0].origin == "stem.relu (Relu)"


def test_what_an_operator_reads() -> None:
    assert [(feed.node, feed.input, feed.made_by) for feed in surgery.inputs_of(network(), "Add")] == [
        ("body.sum (Add)", "body.left_out", "body.left (Sigmoid)"),
        ("body.sum (Add)", "body.right_out", "body.right (Tanh)"),
    ]
    assert [feed.made_by for feed in surgery.inputs_of(network(), "stem.conv")] == ["input", "constant"]
    assert surgery.inputs_of(network(), "scores")[0].node == "head.fc (Gemm)"
