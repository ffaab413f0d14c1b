"""A float network quantized by a recipe: ranges, scales, the quantized graph, and what it costs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from mgeconvert.errors import BadInputError
from mgeconvert.ir import Graph, Node, Value

from .bias import corrected, with_biases
from .computing import Computing
from .data import Sample
from .dynamic import dynamic, weights_plan
from .equalization import equalize
from .insertion import Quantized, copied, insert
from .noise import Noise, OutputError, OutputErrors, module_noise
from .plan import Plan, path_of, plan
from .ranges import observed
from .recipe import Recipe
from .scales import activation_scales

QUANTIZED = ("QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear", "QLinearConv", "QLinearMatMul")
LOOKED_AT = 8
"""How many samples the noise of modules is measured on."""
COMPARED = 4
"""How many samples modules are compared on, each alone in integers."""


@dataclass(slots=True)
class Result:
    """The quantized `graph`; its modules with their noise, the one that loses most first; each output's error on the
    samples; the module paths that were kept in floats for the sake of `max_error`; the first sample and what the
    quantized network makes of it; the floats of a weight, by what the DequantizeLinear of its integers gives."""

    graph: Graph
    sample: Mapping[str, np.ndarray] = field(default_factory=dict)
    computed: Mapping[str, np.ndarray] = field(default_factory=dict)
    modules: list[Noise] = field(default_factory=list)
    outputs: list[OutputError] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    weights: Mapping[Value, np.ndarray] = field(default_factory=dict)

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
            hint="`mgeconvert convert MODEL OUT` keeps its scales; with --strip-quantization OUT is in floats",
        )
    if recipe.equalize or recipe.correct_bias:
        graph = graph.copy()
    if recipe.equalize:
        equalize(graph)
    if recipe.correct_bias and recipe.observes:
        with_biases(graph)
    quantizing = _Quantizing(graph, samples, recipe, OutputErrors(graph, samples))
    if recipe.recipe == "fp16":
        return quantizing.result(copied(graph), Plan())
    made, planned = quantizing.quantized(())
    if not planned.computing:
        raise BadInputError(
            f"{graph.name}: nothing in the network can be quantized by the recipe {recipe.recipe}"
            + (", or all of it is to stay in floats" if recipe.keep_float else "")
        )
    result = quantizing.result(made, planned)
    if recipe.max_error is None or result.error <= recipe.max_error:
        return result
    return quantizing.within(recipe.max_error, result, planned)


@dataclass(slots=True)
class _Quantizing:
    """One network, its samples and its recipe; the range of a value is observed once."""

    graph: Graph
    samples: Sequence[Sample]
    recipe: Recipe
    errors: OutputErrors
    ranges: dict[Value, tuple[float, float]] = field(default_factory=dict)

    def quantized(self, kept: Collection[Node]) -> tuple[Quantized, Plan]:
        """The quantized graph with some nodes in floats, and its plan."""
        graph, recipe = self.graph, self.recipe
        if not recipe.observes:
            planned = weights_plan(graph, recipe, kept)
            if recipe.recipe == "int8-dynamic":
                return dynamic(graph, planned, recipe), planned
            return insert(graph, planned, {}, recipe), planned
        planned = plan(graph, recipe, kept)
        unknown = [value for value in planned.points if value not in self.ranges]
        if unknown:
            self.ranges |= observed(graph, unknown, self.samples, recipe)
        ranges = {value: self.ranges[value] for value in planned.points}
        scales = activation_scales(planned, ranges, recipe)
        made = insert(graph, planned, scales, recipe)
        if recipe.correct_bias:
            made = insert(graph, planned, scales, recipe, corrected(graph, made, planned, self.samples))
        return made, planned

    def result(self, made: Quantized, planned: Plan, kept: Sequence[str] = ()) -> Result:
        """With what it costs."""
        compute = Computing(made.graph, list(made.graph.outputs.values()))
        computed = dict(zip(made.graph.outputs, compute(self.samples[0]), strict=True))
        noise = module_noise(self.graph, made, planned, self.samples[:LOOKED_AT])
        errors = self.errors.of(made.graph)
        return Result(made.graph, self.samples[0], computed, noise, errors, list(kept), made.weights)

    def within(self, limit: float, result: Result, planned: Plan) -> Result:
        """The result that keeps as few modules in floats as are enough, found by halving the list of those that, alone
        in integers, make the largest error."""
        order = self._by_error(planned)
        low, high = 0, len(order)
        best: Result | None = None
        while high - low > 1:
            middle = (low + high) // 2
            made, fewer = self.quantized(self._nodes(order[:middle]))
            attempt = self.result(made, fewer, order[:middle]) if fewer.computing else None
            if attempt is not None and attempt.error <= limit:
                high, best = middle, attempt
            else:
                low = middle
        if best is None:
            raise BadInputError(
                f"{self.graph.name}: the error is {result.error:.3g}, and over {limit:g} whatever stays in floats",
                hint="a larger --max-error, or another --calibration",
            )
        return best

    def _nodes(self, paths: Sequence[str]) -> set[Node]:
        wanted = set(paths)
        return {node for node in self.graph.nodes if path_of(node) in wanted}

    def _by_error(self, planned: Plan) -> list[str]:
        """The module paths, the one whose own quantization disturbs an output most first."""
        errors: dict[str, float] = {}
        for path in dict.fromkeys(path_of(node) for node in planned.computing):
            others = {node for node in self.graph.nodes if path_of(node) != path}
            made, _ = self.quantized(others)
            errors[path] = max((each.error for each in self.errors.of(made.graph, COMPARED)), default=0.0)
        return sorted(errors, key=lambda path: -errors[path])
