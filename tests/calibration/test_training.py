"""Quantized networks for quantization-aware training: what a TracedModule gets."""

from __future__ import annotations

import numpy as np
import pytest

from mgeconvert import registry
from mgeconvert.calibration.driver import quantize
from mgeconvert.calibration.recipe import Recipe
from mgeconvert.calibration.targets import checked_recipe, finish
from mgeconvert.calibration.training import with_float_weights
from mgeconvert.errors import UsageError
from mgeconvert.ir import Graph
from mgeconvert.ir.builder import Builder
from mgeconvert.verification.quantized_layers import layers_of

from .networks import residual, samples


def whole_weights(graph: Graph) -> int:
    """How many constants of int8 a DequantizeLinear reads."""
    constants = [node.inputs[0] for node in graph.nodes if node.op == "DequantizeLinear" and node.inputs[0] is not None]
    return sum(value.array is not None and value.dtype == np.int8 for value in constants)


def test_the_recipe_of_a_target() -> None:
    tm, onnx = registry.backend("tm"), registry.backend("onnx")
    assert checked_recipe(Recipe(), tm) == (
        Recipe(symmetric=True, per_channel=False),
        ["for quantization-aware training: one scale for each weight"],
    )
    assert checked_recipe(Recipe(), onnx) == (Recipe(symmetric=False, per_channel=True), [])
    assert checked_recipe(Recipe(symmetric=False), tm)[0].symmetric is False
    with pytest.raises(UsageError, match="no form in MegEngine TracedModule with --per-channel: a type there"):
        checked_recipe(Recipe(per_channel=True), tm)


def test_weights_are_the_floats_of_the_network() -> None:
    graph = residual()
    result = quantize(graph, samples(graph), Recipe(symmetric=True, per_channel=False))
    assert whole_weights(result.graph) == 4
    finish(result, registry.backend("tm"))
    result.graph.check()
    assert whole_weights(result.graph) == 0
    kept = [node.inputs[0] for node in result.graph.nodes if node.op == "QuantizeLinear"]
    floats = [value.array for value in kept if value is not None and value.array is not None]
    own = [node.inputs[1].array for node in graph.nodes if node.op in ("Conv", "Gemm") and node.inputs[1] is not None]
    assert all(np.array_equal(one, other) for one, other in zip(floats, own, strict=True))


def test_a_weight_between_two_integers_becomes_the_chosen_one() -> None:
    b = Builder()
    scale = b.constant(np.float32(0.5))
    whole = b.constant(np.int8([2, 1, -2, 3]))
    real = b.op("DequantizeLinear", whole, scale, b.constant(np.int8(0)))
    b.output("y", b.op("Add", b.input("x", "float32", (4,)), real))
    floats = np.float32([1.25, 0.6, -0.75, 1.75])  # 2.5, 1.2, -1.5 and 3.5 steps; to even they are 2, 1, -2 and 4
    with_float_weights(b.graph, {real: floats})
    (quantized,) = (node for node in b.graph.nodes if node.op == "QuantizeLinear")
    assert quantized.inputs[0] is not None
    assert np.array_equal(quantized.inputs[0].array, np.float32([1.0, 0.6, -0.75, 1.5]))


def test_a_bias_behind_a_pool_is_one_of_integers() -> None:
    b = Builder()
    numbers = np.random.default_rng(5)
    x = b.op("Relu", b.input("x", "float32", (1, 3, 8, 8)))
    y = b.op("MaxPool", b.op("Add", x, np.float32(1)), kernel_shape=(2, 2), strides=(2, 2))
    weight, bias = (b.constant(numbers.normal(0, 1, shape).astype(np.float32)) for shape in ((4, 3, 1, 1), (4,)))
    b.output("y", b.op("Conv", y, weight, bias))
    made = quantize(b.graph, samples(b.graph), Recipe()).graph
    (conv,) = (node for node in made.nodes if node.op == "Conv")
    maker = made.producers()[conv.inputs[2]]
    assert maker.op == "DequantizeLinear"
    assert maker.inputs[0] is not None
    assert maker.inputs[0].dtype == np.int32
    assert layers_of(made)
