"""What a model computes: in its own runtime, or as mgeconvert reads it, in onnxruntime."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from mgeconvert import registry
from mgeconvert.errors import BadInputError, MgeconvertError, MissingDependencyError
from mgeconvert.ir import Graph, Value
from mgeconvert.registry import Description

from .comparison import random_inputs
from .recorded import Recorded
from .size_inputs import size_inputs

IR_RUNTIME = "onnx"
"""The target whose runtime computes a graph of ours."""
OWN_READING = "mgeconvert's own reading of the model in onnxruntime, on random inputs"
ONLY_IR = "without it only mgeconvert's own reading of the model can be compared"
OTHER_TRUTHS = "--io gives recorded outputs, --through-ir takes mgeconvert's own reading"


def describe(path: Path, format: str) -> Description:  # noqa: A002
    """A file's inputs and outputs: what its format's record says, else what its graph says."""
    records = [registry.backend(format)] if format in registry.backend_names() else []
    sources = [registry.frontend(format)] if format in registry.frontend_names() else []
    for ask in [record.describe for record in records] + [record.describe for record in sources]:
        if ask is not None:
            return ask(path)
    if not sources:
        raise MissingDependencyError(f"{path}: nothing installed can say the inputs of a file of format {format}")
    graph = sources[0].load(path)
    return Description(graph.inputs, graph.outputs)


def run_in_own_runtime(
    model: Path, source: registry.Frontend, inputs: Mapping[str, Value], feeds: Mapping[str, np.ndarray]
) -> Mapping[str, np.ndarray]:
    """The model's outputs for feeds in the order of its inputs, under whatever names. Errors as of its runtime."""
    return run_model(model, source, matched(feeds, inputs, f"{model}: input", model))


def run_model(model: Path, source: registry.Frontend, feeds: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """What the model means in its own runtime; a TracedModule's is real MegEngine in the reference environment."""
    backend = registry.backend(source.name) if source.name in registry.backend_names() else None
    run = None if backend is None else backend.means or backend.run
    if run is None:
        raise MissingDependencyError(f"{model}: {source.title} has no runtime here; {ONLY_IR}", hint=OTHER_TRUTHS)
    try:
        return run(model, feeds)
    except MissingDependencyError as error:
        hint = f"{error.hint}; {OTHER_TRUTHS}" if error.hint else OTHER_TRUTHS
        raise MissingDependencyError(f"{model}: {error.message}; {ONLY_IR}", hint=hint) from error


def run_ir(model: Path, source: registry.Frontend, feeds: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    return run_graph(source.load(model), feeds)


def run_graph(graph: Graph, feeds: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """A graph's outputs as onnxruntime computes them."""
    target = registry.backend(IR_RUNTIME)
    assert target.run is not None
    with tempfile.TemporaryDirectory(prefix="mgeconvert-") as folder:
        files = target.save(graph, Path(folder) / f"model{target.suffixes[0]}")
        return target.run(files[0], feeds)


def computed(
    graph: Graph,
    path: Path,
    why: str = "no recorded outputs were given: --io",
    started: Mapping[str, Value] | None = None,
) -> Recorded | None:
    """In place of recorded data: random inputs and what onnxruntime makes of them; None where it cannot. `why` says why
    there is no better truth; `started` are the graph's inputs at sizes to begin with."""
    try:
        feeds = random_inputs(graph.inputs if started is None else started, size_inputs(graph))
        return Recorded(path, feeds, run_graph(graph, feeds), f"{OWN_READING} ({why})", "ir")
    except MgeconvertError:
        return None


def truths(
    found: Mapping[str, np.ndarray], wanted: Mapping[str, Value], place: str, model: Path
) -> dict[str, np.ndarray]:
    """What a model computes, under the wanted names; as its file holds it where that is of the type that is wanted.

    A blob of Caffe holds floats, of which a comment may say that they stand for booleans: a reading of the file gives
    the floats, the network that the file was written of the booleans.
    """
    arrays = matched(found, wanted, place, model)
    held = matched({**found, **found.held}, wanted, place, model) if isinstance(found, registry.Computed) else arrays
    return {name: held[name] if held[name].dtype == value.dtype else arrays[name] for name, value in wanted.items()}


def matched(
    arrays: Mapping[str, np.ndarray], wanted: Mapping[str, object], place: str, model: Path
) -> dict[str, np.ndarray]:
    """The arrays under the wanted names: by name where all agree, else by position."""
    if len(arrays) != len(wanted):
        raise BadInputError(f"{place}s are {', '.join(wanted)}; {model} has {', '.join(arrays)}")
    if set(arrays) == set(wanted):
        return {name: arrays[name] for name in wanted}
    return dict(zip(wanted, arrays.values(), strict=True))
