"""Reads a static graph and lowers it: what the frontend's record calls."""

from __future__ import annotations

from pathlib import Path

from mgeconvert.ir import Graph
from mgeconvert.registry import Source
from mgeconvert.tracedmodule.lower.dynamic_shapes import kept, requested

from ..read.model import read
from .driver import inputs_of, lower_or_raise


def load(
    source: Source, dynamic_batch: bool = False, dynamic_shape: str | None = None, keep_constant: str | None = None
) -> Graph:
    """The graph of a static graph, with the shapes of the traced run or with named dimensions in their place.

    `keep_constant` lists numbers that are no sizes of inputs, though they equal one.

    Raises BadInputError, UnsupportedError, and UsageError for shapes that the model has not.
    """
    model = read(source)
    traced = {tensor.name: tensor.shape for tensor in inputs_of(model)}
    graph = lower_or_raise(model, requested(traced, dynamic_batch, dynamic_shape), kept(keep_constant))
    graph.name = Path(getattr(source, "name", "main")).name.partition(".")[0] or "main"
    graph.metadata["megengine.version"] = model.version
    return graph
