"""A float network quantized by a recipe: ranges, scales, the quantized graph, and what it costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from mgeconvert.errors import BadInputError
from mgeconvert.ir import Graph, Node

from .bias import correct, with_biases
from .computing import Computing
from .data import Sample
from .dynamic import dynamic, weights_plan
from .equalization import equalize
from .insertion import Quantized, copied, insert
from .noise import Noise, OutputError, module_noise, output_errors
from .plan import Plan, path_of, plan
from .ranges import observed
from .recipe import Recipe
from .scales import activation_scales

QUANTIZED = ("QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear", "QLinearConv", "QLinearMatMul")
LOOKED_AT = 8
"""How many samples the noise of modules is measured on."""


@dataclass(slots=True)
class Result:
    """The quantized `graph`; its modules with their noise, the one that loses most first; each output's error on the
    samples; the module paths that were kept in floats for the sake of `max_error`; the first sample and what the
    quantized network makes of it."""

    graph: Graph
    sample: Mapping[str, np.ndarray] = field(default_factory=dict)
    computed: Mapping[str, np.ndarray] = field(default_factory=dict)
    modules: list[Noise] = field(default_factory=list)
    outputs: list[OutputError] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)

    @property
    def error(self) -> float:
        """The largest of an output."""
        return max((output.error for output in self.outputs), default=0.0)


def quantize(graph: Graph, samples: Sequence[Sample], recipe: Recipe) -> Result:
    """Quantize a float network, which is not changed.

    Raises BadInputError for one that is quantized already, in which nothing can be quantized, or whose values have no
    range on the samples.
    """
    found = next((node for node in graph.nodes if node.op in QUANTIZED), None)
    if found is not None:
        raise BadInputError(
            f"{found.origin or found.name}: the network is quantized already ({found.op})",
            hint="`mgeconvert convert MODEL OUT` keeps its own scales; `--strip-quantization` writes it in floats",
        )
    if recipe.equalize or recipe.correct_bias:
        graph = graph.copy()
    if recipe.equalize:
        equalize(graph)
    if recipe.correct_bias and recipe.observes:
        with_biases(graph)
    if recipe.recipe == "fp16":
        return _result(graph, copied(graph), Plan(), samples)
    made, planned = _quantized(graph, samples, recipe, ())
    if not planned.computing:
        raise BadInputError(
            f"{graph.name}: nothing in the network can be quantized by the recipe {recipe.recipe}"
            + (", or all of it is to stay in floats" if recipe.keep_float else "")
        )
    return _within(graph, samples, recipe, _result(graph, made, planned, samples))


def _result(graph: Graph, made: Quantized, planned: Plan, samples: Sequence[Sample], kept: Sequence[str] = ()) -> Result:
    compute = Computing(made.graph, list(made.graph.outputs.values()))
    computed = dict(zip(made.graph.outputs, compute(samples[0]), strict=True))
    noise = module_noise(graph, made, planned, samples[:LOOKED_AT])
    return Result(
        made.graph, samples[0], computed, noise, output_errors(graph, made.graph, samples), list(kept)
    )


def _quantized(
    graph: Graph, samples: Sequence[Sample], recipe: Recipe, kept: Sequence[Node]
) -> tuple[Quantized, Plan]:
    if not recipe.observes:
        planned = weights_plan(graph, recipe, kept)
        if recipe.recipe == "int8-dynamic":
            return dynamic(graph, planned, recipe), planned
        return insert(graph, planned, {}, recipe), planned
    planned = plan(graph, recipe, kept)
    scales = activation_scales(planned, observed(graph, planned.points, samples, recipe), recipe)
    made = insert(graph, planned, scales, recipe)
    if recipe.correct_bias:
        made = insert(correct(graph, made, planned, samples), planned, scales, recipe)
    return made, planned


def _within(graph: Graph, samples: Sequence[Sample], recipe: Recipe, result: Result) -> Result:
    """The result; with `max_error` as few modules as are enough are kept in floats, found by halving."""
    if recipe.max_error is None or result.error <= recipe.max_error:
        return result
    order = list(dict.fromkeys(each.path for each in result.modules))
    low, high = 0, len(order)
    best: Result | None = None
    while high - low > 1:
        middle = (low + high) // 2
        attempt = _attempt(graph, samples, recipe, order[:middle])
        if attempt is not None and attempt.error <= recipe.max_error:
            high, best = middle, attempt
        else:
            low = middle
    if best is None:
        raise BadInputError(
            f"{graph.name}: the error is {result.error:.3g}, and over {recipe.max_error:g} whatever stays in floats",
            hint="a larger --max-error, or another --calibration",
        )
    return best


def _attempt(graph: Graph, samples: Sequence[Sample], recipe: Recipe, paths: Sequence[str]) -> Result | None:
    """With the modules of these paths in floats; None where nothing is left to quantize."""
    wanted = set(paths)
    kept = [node for node in graph.nodes if path_of(node) in wanted]
    made, planned = _quantized(graph, samples, recipe, kept)
    return _result(graph, made, planned, samples, paths) if planned.computing else None
