"""What a TracedModule file says of itself, also when it cannot be lowered."""

from __future__ import annotations

import collections
from collections.abc import Sequence
from pathlib import Path

from mgeconvert.ir import Value
from mgeconvert.registry import Description

from .lower.driver import storage
from .lower.walk import TracedCall, walk
from .read.model import InputInfo, Model, OutputInfo, read

_PREFIX = "megengine."


def describe(path: Path) -> Description:
    """Its inputs and outputs by name, the MegEngine that wrote it, and its calls by name. BadInputError for a file
    that is no TracedModule, UnsafePickleError for one that names other things."""
    model = read(path)
    counter = _Counter()
    walk(model, [None] * len(model.inputs), counter)
    return Description(
        inputs=_tensors(model.inputs),
        outputs=_tensors(model.outputs),
        writer=_writer(model),
        operators=dict(sorted(counter.calls.items())),
    )


def _writer(model: Model) -> str:
    """MegEngine, or mgeconvert, which says so beside the version of MegEngine that it writes for."""
    said = model.module.dump_info.get("writer")
    version = f"MegEngine {model.version or '1.6'}"
    return f"{said}, for {version}" if isinstance(said, str) else version


def _tensors(infos: Sequence[InputInfo | OutputInfo]) -> dict[str, Value]:
    return {info.name: Value(info.name, storage(info.dtype), info.shape) for info in infos}


class _Counter:
    """Counts the calls of a walk by name, computing nothing."""

    def __init__(self) -> None:
        self.calls: collections.Counter[str] = collections.Counter()

    def call(self, call: TracedCall) -> Sequence[None]:
        self.calls[call.key.removeprefix(_PREFIX)] += 1
        return [None] * len(call.names)

    def tensor(self, record: object, path: str) -> None:  # noqa: ARG002 (the walk's protocol)
        return None
