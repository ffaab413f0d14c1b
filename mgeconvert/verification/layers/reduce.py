"""The smallest part of a written model that still computes something else than the source, with its inputs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from mgeconvert import registry
from mgeconvert.errors import MgeconvertError
from mgeconvert.ir import Graph, Value, captured

from ..recorded import write_arrays
from .culprit import Culprit
from .match import SAME, Layer, apart
from .observe import Observed

NODES = 5
"""A part of more nodes is no small one; it is said."""


@dataclass(frozen=True, slots=True)
class Part:
    """A cut of a graph with the arrays it is given and the one it should compute, by input and output name."""

    graph: Graph
    feeds: Mapping[str, np.ndarray]
    truth: Mapping[str, np.ndarray]


@dataclass(frozen=True, slots=True)
class Reduced:
    """The files of the part, how many nodes it has, and whether it still differs in its runtime, by how much."""

    files: tuple[Path, ...]
    nodes: int
    fails: bool
    error: float
    notes: tuple[str, ...] = field(default=())


def failing_part(
    source: Observed,
    candidate: Observed,
    found: Sequence[Layer],
    culprit: Culprit,
    feeds: Mapping[str, np.ndarray],
) -> Part:
    """The nodes of the candidate between values that are right and the bad one. It is given the source's own numbers,
    in the layout of the candidate; what is no value of the source, as the candidate computes it. A value that was not
    watched keeps the nodes that compute it."""
    twins = {each.value: each for each in found if each.twin is not None and each.state == SAME}
    ends = dict(zip(candidate.graph.inputs.values(), feeds.values(), strict=True))
    nodes = list(culprit.region)
    starts: dict[Value, np.ndarray] = {}
    makers = candidate.graph.producers()
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        for value in (*node.inputs, *captured(node)):
            if value is None or value.is_constant or value in starts or makers.get(value) in nodes:
                continue
            array = ends.get(value) if value in ends else _given(value, twins, source, candidate)
            if array is not None:
                starts[value] = array
            elif value in makers:
                nodes.append(makers[value])
                waiting.append(makers[value])
    ordered = [node for node in candidate.graph.nodes if node in set(nodes)]
    bad = culprit.bad
    graph = Graph(
        "part",
        {value.name: value for value in starts},
        {bad.name: bad},
        ordered,
        domains=candidate.graph.domains,
    ).copy()
    for name, value in graph.inputs.items():
        value.shape = next(array.shape for start, array in starts.items() if start.name == name)
    truth = source.arrays[culprit.twin]
    if math.isfinite(culprit.error):  # else no layout makes one of the other
        truth = _declared(truth, bad)
    return Part(graph, {value.name: array for value, array in starts.items()}, {bad.name: truth})


def write_part(
    part: Part, folder: Path, backend: registry.Backend, limit: float, options: Mapping[str, Any] | None = None
) -> Reduced:
    """Write ``part.SUFFIX`` and ``part.npz`` into the folder, and run the file. The .npz holds the right outputs, so
    `mgeconvert verify part.SUFFIX` fails as the whole model does."""
    folder.mkdir(parents=True, exist_ok=True)
    files = backend.save(part.graph, folder / f"part{backend.suffixes[0]}", **(options or {}))
    arrays = folder / "part.npz"
    write_arrays(arrays, recorded_names(part.feeds, part.truth))
    error, notes = part_error(part, files[0], backend)
    return Reduced((*files, arrays), len(part.graph.nodes), not error <= limit, error, notes)


def part_error(part: Part, path: Path, backend: registry.Backend) -> tuple[float, tuple[str, ...]]:
    """How far the part's outputs are from the truth in the runtime; infinite, with a note, where it does not run."""
    assert backend.run is not None
    try:
        found = backend.run(path, part.feeds)
    except MgeconvertError as error:
        return float("inf"), (error.message,)
    pairs = zip(found.values(), part.truth.values(), strict=True)
    return max(apart(array, truth) for array, truth in pairs), ()


def recorded_names(feeds: Mapping[str, np.ndarray], truth: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Arrays as an .npz beside a model names them."""
    inputs = {f"in_{number}": array for number, array in enumerate(feeds.values())}
    return inputs | {f"out_{number}": array for number, array in enumerate(truth.values())}


def _given(value: Value, twins: Mapping[Value, Layer], source: Observed, candidate: Observed) -> np.ndarray | None:
    """What the part is given for a value: the source's array in the candidate's layout."""
    layer = twins.get(value)
    if layer is not None and layer.twin is not None:
        return _declared(source.arrays[layer.twin], value)
    return _declared(candidate.arrays[value], value) if value in candidate.arrays else None


def _declared(array: np.ndarray, value: Value) -> np.ndarray:
    """The array in the layout and type that the candidate's graph declares for the value; as it is where it has other
    sizes."""
    shape = value.static_shape
    if shape is not None and shape != array.shape and array.size == math.prod(shape):
        first, last = (0, array.ndim - 1, *range(1, array.ndim - 1)), (0, *range(2, array.ndim), 1)
        turned = (np.transpose(array, axes) for axes in (first, last) if array.ndim > 2)
        array = next((each for each in turned if each.shape == shape), array).reshape(shape)
    return np.ascontiguousarray(array, value.dtype)
