"""What the TracedModule frontend's record calls: load, describe and list."""

from __future__ import annotations

import collections
import json
from collections.abc import Sequence
from pathlib import Path

from mgeconvert.ir import Graph, Value
from mgeconvert.registry import Description, OpSupport, Source

from ..read.model import InputInfo, OutputInfo, read
from ..read.unpickle import Progress
from .driver import load_table, lower_or_raise, storage
from .dynamic import requested
from .table import lowered, refused
from .walk import Call, walk

_PREFIX = "megengine."


def load(
    source: Source,
    progress: Progress | None = None,
    dynamic_batch: bool = False,
    dynamic_shape: str | None = None,
) -> Graph:
    """The graph of a TracedModule, with the traced input shapes or with named dimensions in their place.

    Raises BadInputError, UnsafePickleError, UnsupportedError, and UsageError for shapes that the model has not.
    """
    model = read(source, progress=progress)
    traced = {info.name: info.shape or () for info in model.inputs}
    graph = lower_or_raise(model, requested(traced, dynamic_batch, dynamic_shape))
    graph.name = Path(getattr(source, "name", "main")).name.partition(".")[0] or "main"
    graph.metadata["megengine.version"] = model.version or "1.6"
    if model.graph.name:
        graph.metadata["megengine.name"] = model.graph.name
    if not isinstance(model.output_structure, int):
        graph.metadata["megengine.outputs"] = json.dumps(model.output_structure, separators=(",", ":"))
    return graph


def describe(path: Path) -> Description:
    """What the file says of itself, also when it cannot be lowered."""
    model = read(path)
    counter = _Counter()
    walk(model, [None] * len(model.inputs), counter)
    return Description(
        inputs=_tensors(model.inputs),
        outputs=_tensors(model.outputs),
        writer=f"MegEngine {model.version or '1.6'}",
        operators=dict(sorted(counter.calls.items())),
    )


def ops() -> Sequence[OpSupport]:
    """The lowering table and the refusals, by MegEngine's names."""
    load_table()
    rows = [OpSupport(key.removeprefix(_PREFIX)) for key in lowered()]
    rows += [OpSupport(key.removeprefix(_PREFIX), refused=reason) for key, reason in refused()]
    return sorted(rows, key=lambda row: row.op)


def _tensors(infos: Sequence[InputInfo | OutputInfo]) -> dict[str, Value]:
    return {info.name: Value(info.name, storage(info.dtype), info.shape) for info in infos}


class _Counter:
    """Counts the calls of a walk by name, computing nothing."""

    def __init__(self) -> None:
        self.calls: collections.Counter[str] = collections.Counter()

    def call(self, call: Call) -> Sequence[None]:
        self.calls[call.key.removeprefix(_PREFIX)] += 1
        return [None] * len(call.names)

    def tensor(self, record: object, path: str) -> None:  # noqa: ARG002 (the walk's protocol)
        return None
