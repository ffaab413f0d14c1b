"""A failing part for a bug report: without the user's names and without the user's weights."""

from __future__ import annotations

import numpy as np

from mgeconvert.errors import ConversionError
from mgeconvert.ir import Graph, Value

from ..asking import run_graph
from ..comparison import random_inputs
from ..running import run_in
from .compare import Comparison
from .match import apart
from .reduce import Part

SMALL = 16
"""Arrays of whole numbers up to this size are sizes and axes, which belong to the structure."""
SEED = 7


def anonymous_part(found: Comparison) -> Part:
    """The part with numbered names and random weights and inputs.

    It shows a fault of the runtime: onnxruntime says what it should compute. ConversionError where it does not fail
    any more, because the fault is in the weights or attributes of the file: it cannot be shown without them.
    """
    assert found.part is not None
    graph = renamed(found.part.graph)
    generator = np.random.default_rng(SEED)
    for value in graph.constants():
        value.array = _other(value, generator)
    feeds = random_inputs(graph.inputs)
    right = run_graph(graph, feeds)
    error = max(apart(a, b) for a, b in zip(run_in(found.target, graph, feeds).values(), right.values(), strict=True))
    if error <= found.limit:
        raise ConversionError(
            f"the failing part computes the same in {found.candidate.runtime} and onnxruntime with other "
            "weights: the fault is in the file's own numbers, and cannot be shown without them",
            hint="--reduce FOLDER without --anonymize writes them",
        )
    return Part(graph, feeds, right)


def renamed(graph: Graph) -> Graph:
    """A copy with numbered names, and nothing that says where it comes from."""
    graph = graph.copy()
    values = list(graph.values())
    for number, value in enumerate(values):
        value.name = f"v{number}"
    for number, node in enumerate(graph.nodes):
        node.name, node.scope = f"n{number}", None
    return Graph(
        "part",
        {value.name: value for value in graph.inputs.values()},
        {value.name: value for value in graph.outputs.values()},
        graph.nodes,
        domains=graph.domains,
    )


def _other(value: Value, generator: np.random.Generator) -> np.ndarray:
    """Random numbers of the same spread; what is structure stays."""
    assert value.array is not None
    array = value.array
    if array.dtype.kind != "f" or array.size < 2:
        return array if array.size <= SMALL or array.dtype.kind not in "iu" else _shuffled(array, generator)
    spread = float(np.abs(array[np.isfinite(array)]).max(initial=0.0)) or 1.0
    positive = bool((array >= 0).all())
    return np.asarray(generator.uniform(0.1 if positive else -spread, spread + 0.1, array.shape), array.dtype)


def _shuffled(array: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    return np.asarray(generator.permutation(array.ravel()).reshape(array.shape), array.dtype)
