"""The inner values of a model, as its real runtime computes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mgeconvert import registry
from mgeconvert.errors import MgeconvertError
from mgeconvert.ir import Graph, Value

from ..asking import IR_RUNTIME
from ..running import run_in


@dataclass(frozen=True, slots=True)
class Observed:
    """A model's graph and what its values are in a run; `runtime` computed them. `note` says why it is another runtime
    than the one of the model's format, empty where it is not."""

    graph: Graph
    arrays: Mapping[Value, np.ndarray]
    runtime: str
    note: str = ""


def observe(path: Path, format: str, graph: Graph, feeds: Mapping[str, np.ndarray]) -> Observed:  # noqa: A002
    """Run the file with its values watched; where the format cannot watch a file, what the graph read from it becomes
    in that format, with every value an output; where that runtime is not here, in onnxruntime.

    `feeds` are by the names of the graph's inputs. Raises what the runtime does about the file.
    """
    backend = registry.backend(format) if format in registry.backend_names() else None
    if backend is not None and backend.watch is not None:
        found = backend.watch(path, feeds)
        arrays = {value: found[value.name] for value in _computed(graph) if value.name in found}
        arrays |= {value: found[name] for name, value in graph.outputs.items() if name in found}
        return Observed(graph, arrays, backend.runtime)
    return observe_graph(graph, feeds, backend)


def observe_graph(graph: Graph, feeds: Mapping[str, np.ndarray], backend: registry.Backend | None = None) -> Observed:
    """The values of a graph, written in a format and run there; in onnxruntime where that cannot be done."""
    values = _computed(graph)
    watched = Graph(
        graph.name,
        dict(graph.inputs),
        {f"value_{number}": value for number, value in enumerate(values)},
        list(graph.nodes),
        domains=graph.domains,
    )
    note = ""
    if backend is not None and backend.run is not None and backend.name != IR_RUNTIME:
        try:
            found = run_in(backend, watched.copy(), feeds)
            return Observed(graph, dict(zip(values, found.values(), strict=True)), found.runtime)
        except MgeconvertError as error:
            first = error.message.splitlines()[0]
            note = f"{backend.runtime or backend.title} cannot be watched ({first}); onnxruntime computed the values"
    found = run_in(registry.backend(IR_RUNTIME), watched, feeds)
    return Observed(graph, dict(zip(values, found.values(), strict=True)), found.runtime, note)


def _computed(graph: Graph) -> list[Value]:
    """The values of nodes that are tensors."""
    return [
        value for node in graph.nodes for value in node.outputs if value.container is None and value.dtype is not None
    ]
