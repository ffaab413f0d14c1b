"""The runtime of a model's own format: what it computes is the one truth about an unrecorded model that is not
mgeconvert's own reading of it."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mgeconvert import registry
from mgeconvert.errors import BadInputError, MissingDependencyError
from mgeconvert.ir import Dim, Graph, TracedDim, Value

from .asking import describe, run_graph, run_in_own_runtime, truths
from .recorded import Recorded

SIZES = ("dynamic_batch", "dynamic_shape", "keep_constant", "input_shape")
"""Options of reading that say which sizes a model is for; it computes the same at them."""


SHAPES = ("dynamic_shape", "input_shape")
"""Those of them that give shapes."""


@dataclass(frozen=True, slots=True)
class OwnRuntime:
    """A model and the format whose runtime computes it. `asked` says that it was read with sizes that vary though they
    do not in the model."""

    model: Path
    source: registry.Frontend
    asked: bool = False

    @property
    def keeps(self) -> bool:
        """Whether reading it takes numbers for sizes that vary, unless they are to be kept."""
        return any(option.name == "keep_constant" for option in self.source.options)

    def run(self, feeds: Mapping[str, np.ndarray]) -> Mapping[str, np.ndarray]:
        """The model's outputs for feeds in the order of its inputs, under whatever names."""
        return run_in_own_runtime(self.model, self.source, describe(self.model, self.source.name).inputs, feeds)

    def at(self, feeds: Mapping[str, np.ndarray]) -> Mapping[str, np.ndarray]:
        """`run`; where the runtime is not installed, what onnxruntime makes of the model read at the feeds' sizes."""
        try:
            return self.run(feeds)
        except MissingDependencyError:
            graph = self.reread(feeds)
            return run_graph(graph, dict(zip(graph.inputs, feeds.values(), strict=True)))

    def reread(self, feeds: Mapping[str, np.ndarray]) -> Graph:
        """The model's graph for the sizes of the feeds. Errors as of reading: UnsupportedError names the operators
        that do not take these sizes."""
        names = describe(self.model, self.source.name).inputs
        shapes = (",".join(map(str, array.shape)) for array in feeds.values())
        text = ";".join(f"{name}={shape}" for name, shape in zip(names, shapes, strict=True))
        option = next((option.name for option in self.source.options if option.name in SHAPES), None)
        return self.source.load(self.model, **({} if option is None else {option: text}))

    def as_traced(self, inputs: Mapping[str, Value]) -> dict[str, Value]:
        """The inputs with sizes that shall vary as what they were in the model's own trace, where a first comparison
        asks whether numbers are right; other sizes are asked about after it. The batch stays open."""
        if not self.asked:
            return dict(inputs)
        traced = describe(self.model, self.source.name).inputs.values()
        return {name: _as_traced(value, of) for (name, value), of in zip(inputs.items(), traced, strict=True)}

    def recorded(
        self, inputs: Mapping[str, Value], outputs: Mapping[str, Value], sizes: Container[str] = ()
    ) -> Recorded:
        """In place of recorded data: random inputs of these types (`sizes` are those that are sizes), and what the
        model makes of them. MgeconvertError where the runtime is not installed or does not take them."""
        from .comparison import random_inputs

        feeds = random_inputs(self.as_traced(inputs), sizes)
        found = self.run(feeds)
        runtime = registry.ran_in(registry.backend(self.source.name), found)
        if len(found) != len(outputs):
            raise BadInputError(f"{self.model}: gives {len(found)} outputs in {runtime}, expected {len(outputs)}")
        arrays = truths(found, outputs, f"{self.model}: output", self.model)
        return Recorded(self.model, feeds, arrays, f"{self.model} run in {runtime} on random inputs", "model")


def _as_traced(value: Value, traced: Value) -> Value:
    if not value.shape or not traced.shape:
        return value
    first, *others = value.shape
    pairs = zip(others, traced.shape[1:], strict=True)
    return Value(value.name, value.dtype, (first, *(_at(dim, size) for dim, size in pairs)))


def _at(dim: Dim, size: Dim) -> Dim:
    """A named size that knows what it was in the trace."""
    number = size.size if isinstance(size, TracedDim) else size
    return TracedDim(dim, number) if isinstance(dim, str) and isinstance(number, int) else dim


@dataclass(frozen=True, slots=True)
class EditedModel:
    """A graph that was edited so that its rows are no longer all treated alike: ``y[0] = 1`` changes the first one.

    No runtime of the source says what it computes; onnxruntime says what the graph makes of several rows.
    """

    graph: Graph

    def run(self, feeds: Mapping[str, np.ndarray]) -> Mapping[str, np.ndarray]:
        """The graph's outputs for feeds in the order of its inputs."""
        return run_graph(self.graph, dict(zip(self.graph.inputs, feeds.values(), strict=True)))


def own_runtime(model: Path, source: registry.Frontend, options: Mapping[str, Any]) -> OwnRuntime | None:
    """What to ask where nothing is recorded; None for a format that has no runtime, and where the model was read with
    options that make another model of it."""
    defaults = {option.name: option.default for option in source.options}
    changing = [name for name, value in options.items() if name not in SIZES and value != defaults.get(name)]
    runs = source.name in registry.backend_names() and registry.backend(source.name).run is not None
    return OwnRuntime(model, source, bool(options.get("dynamic_shape"))) if runs and not changing else None
