"""What the values of a written model should be where the source has none of their names: by writing the source anew.

In a file that is written now every value is right, where its outputs are, so that each is found in the source by its
numbers. A value of the candidate that is computed by the same operator from values of the same names is the same value.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

import numpy as np

from mgeconvert import registry
from mgeconvert.api import Selection, level_for, run_passes
from mgeconvert.errors import MgeconvertError
from mgeconvert.ir import Graph, Node, Value

from .match import DIFFERS, SAME, layers
from .observe import Observed, observe

Twins: TypeAlias = Mapping[Value, Value]
"""Values of a candidate with those that they should be."""


def written_anew(source: Observed, target: registry.Backend, feeds: Mapping[str, np.ndarray]) -> Observed | None:
    """A file of the source as it is written now; None where none can be written or run. `feeds` are in the order of
    the inputs."""
    with tempfile.TemporaryDirectory(prefix="mgeconvert-") as folder:
        try:
            graph = source.graph.copy()
            run_passes(graph, Selection(level_for(target)), target, {})
            files = target.save(graph, Path(folder, f"anew{target.suffixes[0]}"))
            written = registry.frontend(target.name).load(files[0])
            return observe(files[0], target.name, written, dict(zip(written.inputs, feeds.values(), strict=True)))
        except (MgeconvertError, ValueError):
            return None


def twins_in_source(source: Observed, anew: Observed, candidate: Graph, limit: float) -> Twins:
    """The values of a candidate that the new file has too, with those of the source."""
    return _shared(candidate, anew.graph, {
        layer.value: layer.twin for layer in layers(source, anew, limit) if layer.state == SAME and layer.twin
    })  # fmt: skip


def twins_in(anew: Observed, candidate: Graph) -> Twins:
    """The values of a candidate that the new file has too, with those of the new file."""
    return _shared(candidate, anew.graph, {value: value for value in anew.arrays})


def is_right(source: Observed, anew: Observed, limit: float) -> bool:
    """Whether no output of the new file differs from the source."""
    outputs = set(anew.graph.outputs.values())
    return all(layer.state != DIFFERS for layer in layers(source, anew, limit) if layer.value in outputs)


def _shared(candidate: Graph, anew: Graph, wanted: Twins) -> Twins:
    keys = {_key(n, at): wanted[v] for n in anew.nodes for at, v in enumerate(n.outputs) if v in wanted}
    places = ((value, _key(node, at)) for node in candidate.nodes for at, value in enumerate(node.outputs))
    return {value: keys[key] for value, key in places if key in keys}


def _key(node: Node, number: int) -> tuple[str, int, str, tuple[str, ...]]:
    """What two files of one source have in common: the operator, the name, and the names it is computed from."""
    reads = tuple(value.name for value in node.inputs if value is not None and not value.is_constant)
    return node.op, number, node.outputs[number].name, reads
