"""Computing a model: in its own runtime, in another one, or what mgeconvert reads in it."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from mgeconvert import registry
from mgeconvert.errors import BadInputError, MissingDependencyError, UsageError
from mgeconvert.files import missing
from mgeconvert.ir import Graph, Value
from mgeconvert.ir.values import admits
from mgeconvert.registry import Backend, Computed

from .asking import IR_RUNTIME, describe

Given: TypeAlias = "Mapping[str, Any] | Sequence[Any] | np.ndarray"
"""Arrays by input name, in the order of the inputs, or the one array of the one input."""

_LOGGER = logging.getLogger(__name__)


def run(
    model: Path | Graph,
    feeds: Given,
    format: str | None = None,  # noqa: A002
    runtime: str | None = None,
) -> dict[str, np.ndarray]:
    """The outputs of a file, or of a graph, by name.

    A file is computed in its own runtime, in another one what mgeconvert makes of it; so is what has no runtime of its
    own here. Raises UsageError for an unknown runtime and for feeds of other names than the inputs have, BadInputError
    for arrays that do not fit, MissingDependencyError for a runtime that is not installed.
    """
    wanted = None if runtime is None else runtime_named(runtime)
    if isinstance(model, Graph):
        return dict(run_in(wanted or registry.backend(IR_RUNTIME), model, matched(feeds, model.inputs)))
    if not model.is_file():
        raise missing(model)
    own = runtime_of(model, format)
    if own is not None and (wanted is None or wanted.runtime == own.runtime):
        assert own.run is not None
        given = matched(feeds, taken(own, describe(model, own.name).inputs))
        try:
            return dict(own.run(model, given))
        except MissingDependencyError as error:
            if wanted is not None or own.name not in registry.frontend_names():
                raise
            _LOGGER.info("%s; computing what mgeconvert reads in it", error.message)
    record = registry.frontend(format) if format else registry.frontend_for(model)
    graph = record.load(model)
    return dict(run_in(wanted or registry.backend(IR_RUNTIME), graph, matched(feeds, graph.inputs)))


def run_in(target: Backend, graph: Graph, feeds: Mapping[str, np.ndarray]) -> Computed:
    """Convert the graph in a folder of its own and run the file; outputs under the graph's names."""
    assert target.run is not None
    with tempfile.TemporaryDirectory(prefix="mgeconvert-") as folder:
        files = target.save(graph, Path(folder, f"model{target.suffixes[0]}"))
        found = target.run(files[0], feeds)
    return Computed(dict(zip(graph.outputs, found.values(), strict=True)), registry.ran_in(target, found))


def runtime_of(model: Path, format: str | None) -> Backend | None:  # noqa: A002
    """The record of a file's own format, if it has a runtime."""
    if format is not None:
        name = format
    else:
        endings = {name: registry.backend(name).suffixes for name in registry.backend_names()}
        name = next((name for name, suffixes in endings.items() if model.name.lower().endswith(suffixes)), "")
    found = registry.backend(name) if name in registry.backend_names() else None
    return found if found is not None and found.run is not None else None


def runtimes() -> list[Backend]:
    """The formats that have a runtime."""
    records = [registry.backend(name) for name in registry.backend_names()]
    return [record for record in records if record.run is not None]


def runtime_named(runtime: str) -> Backend:
    """By the runtime's name or the format's; UsageError lists those there are."""
    for record in runtimes():
        if runtime.lower() in (record.name, record.runtime.lower(), record.runtime.lower().split()[0]):
            return record
    known = ", ".join(f"{record.runtime} ({record.name})" for record in runtimes())
    raise UsageError(f"{runtime}: no such runtime; there are {known}")


def matched(feeds: Given, inputs: Mapping[str, Value]) -> dict[str, np.ndarray]:
    """An array for each input; UsageError for other inputs, BadInputError for an array that does not fit."""
    if isinstance(feeds, np.ndarray):
        feeds = [feeds]
    if not isinstance(feeds, Mapping):
        if len(feeds) != len(inputs):
            raise UsageError(f"{len(feeds)} arrays are given, the inputs are {', '.join(inputs)}")
        feeds = dict(zip(inputs, feeds, strict=True))
    if set(feeds) != set(inputs):
        raise UsageError(f"arrays are given for {', '.join(feeds) or 'nothing'}, the inputs are {', '.join(inputs)}")
    return {name: fitting(name, _array(feeds[name], value), value) for name, value in inputs.items()}


def taken(own: Backend, inputs: Mapping[str, Value]) -> dict[str, Value]:
    """The inputs that a file of this format is given. One whose sizes are only those of its trace is asked about any
    size: its runtime says which it takes."""
    options = registry.frontend(own.name).options if own.name in registry.frontend_names() else ()
    if all(option.name != "dynamic_shape" for option in options):
        return dict(inputs)
    return {
        name: Value(
            name,
            value.dtype,
            None if value.shape is None else tuple(f"{name}_{axis}" for axis in range(len(value.shape))),
        )
        for name, value in inputs.items()
    }


def _array(given: Any, value: Value) -> np.ndarray:
    """Numbers of Python become what the input is; an array stays what it is."""
    return np.asarray(given) if hasattr(given, "dtype") else np.asarray(given, value.dtype)


def fitting(name: str, array: np.ndarray, value: Value, model: str = "MODEL") -> np.ndarray:
    """The array, if it fits the input."""
    expected = (
        f"input {name}: the array is {Value(name, array.dtype, array.shape).type_text}, expected {value.type_text}"
    )
    shape = value.shape
    if shape is not None and len(shape) != array.ndim:
        raise BadInputError(expected)
    if not admits(shape, array.shape):
        sizes = ",".join(map(str, array.shape))
        raise BadInputError(expected, hint=f"mgeconvert edit {model} --shape {name}={sizes} -o OUT")
    if value.dtype is not None and value.dtype != array.dtype:
        raise BadInputError(expected, hint=f"array.astype({value.dtype.name!r}) in numpy")
    return np.asarray(array)
