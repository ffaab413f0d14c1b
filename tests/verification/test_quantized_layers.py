"""A quantized graph layer by layer: right although outputs differ, wrong although they are close."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mgeconvert import registry
from mgeconvert.ir import Graph, Node, Value
from mgeconvert.ir.builder import Builder
from mgeconvert.ir.quantization import HALVES_AWAY, ROUNDING
from mgeconvert.verification.halves import allowances
from mgeconvert.verification.quantized_layers import check_layers, layers_of
from mgeconvert.verification.recorded import Recorded
from mgeconvert.verification.tolerance import kinds_of, limit_for
from mgeconvert.verification.written import judge_written

ONNX = registry.backend("onnx")
SCALES = (0.05, 0.07, 0.09, 0.11)


def quantized(b: Builder, x: Value, scale: float) -> Value:
    grid = np.float32(scale), np.int8(0)
    return b.op("DequantizeLinear", b.op("QuantizeLinear", x, *grid, **{ROUNDING: HALVES_AWAY}), *grid)


def network() -> Graph:
    """Three convolutions with biases that are on no grid."""
    random = np.random.default_rng(5)
    b = Builder()
    x = quantized(b, b.input("x", np.float32, (1, 4, 8, 8)), SCALES[0])
    for scale in SCALES[1:]:
        whole = random.integers(-128, 128, (4, 4, 3, 3)).astype(np.int8)
        weight = b.op("DequantizeLinear", b.constant(whole), np.float32(0.004), np.int8(0))
        bias = random.uniform(-1, 1, 4).astype(np.float32)
        x = quantized(b, b.op("Relu", b.op("Conv", x, weight, bias, pads=[1, 1, 1, 1])), scale)
    b.output("y", x)
    return b.graph


def feeds() -> dict[str, np.ndarray]:
    return {"x": np.random.default_rng(6).normal(size=(1, 4, 8, 8)).astype(np.float32)}


def shifted(shift: float) -> registry.Backend:
    """onnxruntime with a second bias that is off, in steps of its output."""

    def save(graph: Graph, path: Path, **options: Any) -> Sequence[Path]:
        wrong = graph.copy()
        bias = [node.inputs[2] for node in wrong.nodes if node.op == "Conv"][1]
        assert bias is not None
        assert bias.array is not None
        bias.array = bias.array + np.float32(shift * SCALES[2])
        return ONNX.save(wrong, path, **options)

    return replace(ONNX, save=save)


def test_a_layer_ends_at_each_quantize() -> None:
    layers = layers_of(network())
    assert [float(layer.scale) for layer in layers] == [pytest.approx(scale) for scale in SCALES]


def test_kernels_that_round_a_bias_are_right() -> None:
    report = check_layers(network(), feeds(), ONNX, {})
    assert (report.layers, report.integers, report.wrong) == (4, 4 * 256, "")


def test_a_layer_that_is_a_step_off_is_named() -> None:
    report = check_layers(network(), feeds(), shifted(0.6), {})
    assert report.wrong.startswith("QuantizeLinear_2: ")
    assert report.wrong.endswith("integers are no rounding of the source's numbers, up to 1.1 steps off")
    assert report.layers == 3


def test_tflite_is_judged_likewise() -> None:
    assert check_layers(network(), feeds(), registry.backend("tflite"), {}).wrong == ""


def verdict(
    tmp_path: Path, truth: dict[str, np.ndarray], target: registry.Backend = ONNX, graph: Graph | None = None
) -> Any:
    graph = graph or network()
    path = target.save(graph, tmp_path / "model.onnx")[0]
    recorded = Recorded(tmp_path / "model.npz", feeds(), truth)
    return judge_written(path, target, graph, recorded, limit_for(kinds_of(graph), None), {}, None)


def test_a_step_of_the_output_is_no_fault_where_each_layer_is_right(tmp_path: Path) -> None:
    ONNX.save(network(), tmp_path / "exact.onnx", exact_rounding=True)
    assert ONNX.run is not None
    truth = dict(ONNX.run(tmp_path / "exact.onnx", feeds()))
    truth["y"] = truth["y"].copy()
    truth["y"][0, 0, 0, 0] += np.float32(SCALES[3])
    report = verdict(tmp_path, truth)
    assert report.passed
    assert report.remarks[0].startswith("each of 4 quantized layers is right for the source's own input (")


def exact(graph: Graph, folder: Path) -> dict[str, np.ndarray]:
    """What the graph gives with every rounding as it says."""
    ONNX.save(graph, folder / "exact.onnx", exact_rounding=True)
    assert ONNX.run is not None
    return {name: array.copy() for name, array in ONNX.run(folder / "exact.onnx", feeds()).items()}


def test_several_steps_fail_although_they_are_a_small_part_of_the_largest_number(tmp_path: Path) -> None:
    truth = exact(network(), tmp_path)
    limit = allowances(network(), feeds())["y"]
    assert SCALES[3] < limit < 6 * SCALES[3] < 0.1 * np.abs(truth["y"]).max()
    truth["y"][0, 0, 0, 0] += np.float32(6 * SCALES[3])
    report = verdict(tmp_path, truth)
    assert report.refuted
    assert report.failed[0].problem == (
        f"max abs error 0.66; a step of its scale and what numbers beside halves make of it are {limit:.3g}"
    )


def test_a_step_is_no_fault_where_outputs_have_few(tmp_path: Path) -> None:
    graph = network()
    coarse = np.float32(4.0)
    for node in graph.nodes[-2:]:
        node.inputs[1] = Value("coarse", array=np.asarray(coarse))
    truth = exact(graph, tmp_path)
    truth["y"].flat[np.argmax(truth["y"])] -= coarse
    report = verdict(tmp_path, truth, graph=graph)
    assert coarse > 0.1 * np.abs(truth["y"]).max()
    assert report.passed
    assert report.remarks[1] == f"y: off by 4; numbers beside halves explain {allowances(graph, feeds())['y']:.3g}"


def test_a_float_output_behind_the_layers_has_no_step(tmp_path: Path) -> None:
    graph = network()
    b_y = graph.outputs["y"]
    doubled = Value("doubled", b_y.dtype, b_y.shape)
    graph.nodes.append(
        Node("Mul", [b_y, Value("two", array=np.float32(2) * np.ones((), np.float32))], [doubled], {}, "m")
    )
    graph.outputs = {"y": doubled}
    assert 0 <= allowances(graph, feeds())["y"] < 16 * SCALES[3]


def test_a_close_output_fails_where_a_layer_is_wrong(tmp_path: Path) -> None:
    ONNX.save(network(), tmp_path / "exact.onnx", exact_rounding=True)
    assert ONNX.run is not None
    report = verdict(tmp_path, dict(ONNX.run(tmp_path / "exact.onnx", feeds())), shifted(0.6))
    assert report.refuted
    assert report.failed[0].problem.startswith("layer by layer: QuantizeLinear_2: ")


@pytest.mark.parametrize(
    ("target", "options"), [(replace(shifted(0.6), on_grids=False), {}), (shifted(0.6), {"fp16": True})]
)
def test_layers_of_files_without_the_grids_are_not_judged(
    target: registry.Backend, options: dict[str, Any], tmp_path: Path
) -> None:
    ONNX.save(network(), tmp_path / "exact.onnx", exact_rounding=True)
    assert ONNX.run is not None
    graph = network()
    path = target.save(graph, tmp_path / "model.onnx", **options)[0]
    recorded = Recorded(tmp_path / "model.npz", feeds(), dict(ONNX.run(tmp_path / "exact.onnx", feeds())))
    limit = limit_for(kinds_of(graph), None, target, options)
    assert judge_written(path, target, graph, recorded, limit, options, None).passed
