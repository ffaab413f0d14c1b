"""The driver: scales that are the same in every target, noise, what stays in floats."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import mgeconvert
from mgeconvert import registry
from mgeconvert.calibration.driver import Result, quantize
from mgeconvert.calibration.recipe import CALIBRATIONS, RECIPES, Recipe
from mgeconvert.calibration.targets import TARGETS
from mgeconvert.errors import BadInputError
from mgeconvert.ir import Graph
from mgeconvert.ir.builder import Builder
from mgeconvert.quant_params import quantized_values

from .networks import residual, samples


def run(graph: Graph, path: Path, feeds: dict[str, np.ndarray], **options: object) -> np.ndarray:
    """The one output of the written file in its runtime."""
    files = mgeconvert.save(graph, path, overwrite=True, **options)
    target = registry.backend_for(path)
    assert target.run is not None
    (found,) = target.run(files[0], feeds).values()
    return found


@pytest.mark.parametrize("calibration", CALIBRATIONS)
def test_each_calibration(calibration: str) -> None:
    graph = residual()
    result = quantize(graph, samples(graph), Recipe(calibration=calibration))
    result.graph.check()
    assert result.error < (0.15 if calibration == "entropy" else 0.05)  # which cuts off what is rare in few numbers
    assert [output.name for output in result.outputs] == ["y"]


@pytest.mark.parametrize(
    ("recipe", "suffix"),
    [(recipe, f".{target}") for recipe in RECIPES for target in ("onnx", "tflite") if target in TARGETS[recipe]],
)
def test_each_recipe_in_each_format(recipe: str, suffix: str, tmp_path: Path) -> None:
    graph = residual(24)
    given = samples(graph)
    result = quantize(graph, given, Recipe(recipe))
    result.graph.check()
    (truth,) = result.computed.values()
    found = run(result.graph, tmp_path / f"m{suffix}", given[0])
    assert np.abs(found - truth).max() <= (2 / 256 if recipe == "int8" else 1e-4)


def test_the_scales_of_onnx_and_tflite_are_equal(tmp_path: Path) -> None:
    graph = residual()
    made = quantize(graph, samples(graph), Recipe()).graph
    scales = []
    for suffix in (".onnx", ".tflite"):
        mgeconvert.save(made, tmp_path / f"m{suffix}")
        again = mgeconvert.load(tmp_path / f"m{suffix}")
        scales.append({one.scales.scale.tobytes() for one in quantized_values(again) if one.source is not None})
    assert len(scales[0]) > 6
    assert scales[0] == scales[1]


def test_no_float_operator_between_the_borders_of_tflite(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    graph = residual()
    made = quantize(graph, samples(graph), Recipe()).graph
    with caplog.at_level("INFO", "mgeconvert.tflite"):
        mgeconvert.save(made, tmp_path / "m.tflite")
    assert "computed in floats between integers" not in caplog.text


def test_modules_are_named_and_the_worst_is_first() -> None:
    graph = residual()
    result = quantize(graph, samples(graph), Recipe())
    assert {each.path for each in result.modules} >= {"stem", "body.conv", "body", "branch", "fc"}
    own = [each.own for each in result.modules]
    assert own == sorted(own)
    assert 20 < own[0] < 60


def test_keep_float() -> None:
    graph = residual()
    result = quantize(graph, samples(graph), Recipe(keep_float=("body", "fc")))
    assert {each.path for each in result.modules} == {"stem", "branch", "join", "pool", "probability"}


def test_max_error_keeps_what_is_needed_and_no_more() -> None:
    graph = residual()
    given = samples(graph)
    plain = quantize(graph, given, Recipe())
    limit = plain.error / 2
    kept = quantize(graph, given, Recipe(max_error=limit))
    assert kept.error <= limit < plain.error
    assert 0 < len(kept.kept) < len({each.path for each in plain.modules})


def test_a_limit_that_nothing_reaches() -> None:
    graph = residual()
    with pytest.raises(BadInputError, match=r"main: the error is .*, and over 1e-12 whatever stays in floats"):
        quantize(graph, samples(graph), Recipe(max_error=1e-12))


def uneven() -> Graph:
    """Two convolutions, the channels of the first a hundred times as large as one another."""
    numbers = np.random.default_rng(1)
    b = Builder()
    x = b.input("x", "float32", (1, 4, 8, 8))
    factors = np.logspace(-2, 2, 8).astype(np.float32)
    first = (numbers.normal(0, 1, (8, 4, 1, 1)) * factors.reshape(-1, 1, 1, 1)).astype(np.float32)
    second = (numbers.normal(0, 1, (4, 8, 1, 1)) / factors.reshape(1, -1, 1, 1)).astype(np.float32)
    y = b.op("Relu", b.op("Conv", x, b.constant(first, name="w1")))
    b.output("y", b.op("Conv", y, b.constant(second, name="w2")))
    return b.graph


def test_equalization_helps_where_channels_differ() -> None:
    graph = uneven()
    given = samples(graph)
    recipe = Recipe(per_channel=False)
    plain, equal = (quantize(graph, given, recipe.changed(equalize=wanted)) for wanted in (False, True))
    assert equal.error < plain.error / 10


def test_bias_correction_takes_the_mean_error_away() -> None:
    graph = residual()
    given = samples(graph, 8)
    recipe = Recipe(per_channel=False)
    plain, better = (quantize(graph, given, recipe.changed(correct_bias=wanted)) for wanted in (False, True))

    def off(result: Result) -> float:
        return float(np.mean([each.total for each in result.modules]))

    assert off(better) > off(plain)
    assert graph.nodes[0].inputs[2].array is not None  # the float network is what it was


def test_a_quantized_network_is_refused() -> None:
    graph = residual()
    given = samples(graph)
    made = quantize(graph, given, Recipe()).graph
    with pytest.raises(BadInputError, match="the network is quantized already") as caught:
        quantize(made, given, Recipe())
    assert caught.value.hint is not None
    assert "--strip-quantization" in caught.value.hint


def test_nothing_to_quantize() -> None:
    b = Builder()
    b.output("y", b.op("Exp", b.input("x", "float32", (2, 3))))
    with pytest.raises(BadInputError, match="nothing in the network can be quantized by the recipe int8"):
        quantize(b.graph, samples(b.graph), Recipe())


def test_a_value_that_is_infinite_has_no_range() -> None:
    b = Builder()
    b.enter(None)
    y = b.op("Exp", b.op("Mul", b.input("x", "float32", (1, 4)), np.float32(1e4)))
    b.output("y", b.op("MatMul", y, b.constant(np.eye(4, dtype=np.float32), name="w")))
    with pytest.raises(BadInputError, match="is NaN or infinite on the data, and has no range"):
        quantize(b.graph, samples(b.graph), Recipe())


@pytest.mark.parametrize("factor", [0.0, 1e-38, 1e-44, 1e38], ids=str)
def test_weights_of_no_size(factor: float) -> None:
    """Zeros and denormal numbers have a scale that is a normal number; so have biases."""
    b = Builder()
    weight = np.full((4, 3, 1, 1), factor, np.float32)
    weight[0] = 1
    x = b.input("x", "float32", (1, 3, 4, 4))
    y = b.op("Conv", x, b.constant(weight, name="w"), b.constant(np.ones(4, np.float32), name="c"))
    b.output("y", y)
    given = samples(b.graph)
    if factor > 1:
        given = [{"x": sample["x"] * np.float32(1e-3)} for sample in given]
    result = quantize(b.graph, given, Recipe())
    for one in quantized_values(result.graph):
        assert (one.scales.scale >= np.finfo(np.float32).tiny).all()
        assert np.isfinite(one.scales.scale).all()
    assert result.error < 0.05


def test_a_value_that_is_always_zero() -> None:
    b = Builder()
    y = b.op("Mul", b.input("x", "float32", (1, 4)), np.zeros(4, np.float32))
    b.output("y", b.op("MatMul", y, b.constant(np.eye(4, dtype=np.float32), name="w")))
    result = quantize(b.graph, samples(b.graph), Recipe())
    assert result.error == 0
