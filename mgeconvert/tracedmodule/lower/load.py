"""Reads a TracedModule and lowers it: what the frontend's record calls."""

from __future__ import annotations

import json
from pathlib import Path

from mgeconvert.ir import Graph
from mgeconvert.registry import Source

from ..read.model import read
from ..read.unpickle import Progress
from .driver import Calls, lower_or_raise
from .dynamic_shapes import kept, requested

CALLS = {None: Calls.KEPT, True: Calls.WHOLE, False: Calls.NONE}
"""What `faithful` means for the calls."""


def load(
    source: Source,
    progress: Progress | None = None,
    dynamic_batch: bool = False,
    dynamic_shape: str | None = None,
    keep_constant: str | None = None,
    faithful: bool | None = None,
    varying: str = "all",
    trains: bool = False,
) -> Graph:
    """The graph of a TracedModule, with the traced input shapes or with named dimensions in their place.

    `faithful` says whether it is for a target that writes the source's own calls: then one that cannot be lowered is no
    problem; for another target they are not kept. None: they are kept, and all must be lowered. In a faithful graph
    all sizes of inputs vary, or, by `varying`, those that are "free", which no constant holds to one size, or the
    "batch" alone. With `trains`, what is computed from parameters is no constant. `keep_constant` lists numbers that
    are no sizes of inputs, though they equal one.

    Raises BadInputError, UnsafePickleError, UnsupportedError, and UsageError for shapes that the model has not.
    """
    model = read(source, progress=progress)
    traced = {info.name: info.shape or () for info in model.inputs}
    shapes = requested(traced, dynamic_batch, dynamic_shape)
    if faithful and varying == "batch":
        shapes = traced | requested(traced, dynamic_batch=True) | shapes
    calls, free = CALLS[faithful], bool(faithful) and varying == "free"
    graph = lower_or_raise(model, shapes, calls, kept(keep_constant), free=free, trains=trains)
    stem = Path(getattr(source, "name", "main")).name.partition(".")[0]
    graph.name = stem.encode("utf-8", "replace").decode() or "main"  # a file's name may be no text
    graph.metadata["megengine.version"] = model.version or "1.6"
    if model.graph.name:
        graph.metadata["megengine.name"] = model.graph.name
    if not isinstance(model.output_structure, int):
        graph.metadata["megengine.outputs"] = json.dumps(model.output_structure, separators=(",", ":"))
    return graph
