"""`verify(candidate)` and `verify(candidate, model)`: where the truth comes from, and the comparison with it.

In this order: recorded outputs that were given; recorded outputs beside the model (or the candidate); the model's own
run in its runtime. Without any of them the candidate is only run for sanity.
"""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from mgeconvert import registry
from mgeconvert.errors import BadInputError, MgeconvertError, MissingDependencyError, UsageError
from mgeconvert.files import missing
from mgeconvert.ir import Graph, Value
from mgeconvert.registry import Backend, Description

from .comparison import random_inputs, verify_written
from .own import OwnRuntime
from .recorded import Recorded, beside, read_recorded
from .report import VerificationReport
from .size_inputs import size_inputs
from .tolerance import Limit, limit_for

IR_RUNTIME = "onnx"
"""The target whose runtime computes a graph of ours."""
OWN_READING = "mgeconvert's own reading of the model in onnxruntime, on random inputs"
ONLY_IR = "without it only mgeconvert's own reading of the model can be compared"
CONVERT_AGAIN = "convert the model again, with numbers for sizes that cannot vary"
OTHER_TRUTHS = "--io gives recorded outputs, --through-ir takes mgeconvert's own reading"


def verify_files(
    candidate: Path,
    model: Path | None,
    io: Path | None,
    rtol: float | None,
    candidate_format: str | None = None,
    model_format: str | None = None,
    through_ir: bool = False,
) -> VerificationReport:
    """Judge the candidate.

    `through_ir` takes mgeconvert's own reading of the model for the truth, which shows what a target loses but not what
    the reading got wrong. Raises BadInputError, MissingDependencyError (the candidate's or the model's runtime).
    """
    backend = registry.backend(candidate_format) if candidate_format else registry.backend_for(candidate)
    if not candidate.is_file():
        raise missing(candidate)
    described = describe(candidate, backend.name)
    limit = limit_for(described.operators, rtol)
    path = io or (None if through_ir else beside(model or candidate))
    source = None if model is None else _source(model, model_format, is_asked=path is None)
    own = None if model is None or source is None or through_ir else OwnRuntime(model, source)
    if path is not None:
        recorded: Recorded | None = read_recorded(path, described.inputs, described.outputs)
        report = verify_written(candidate, backend, described.inputs, described.outputs, recorded, limit=limit, own=own)
    elif model is None or source is None:
        report = verify_written(candidate, backend, described.inputs, described.outputs, limit=limit)
    else:
        report = _verify_against(candidate, backend, described, model, source, limit, own)
    if report.sizes is not None:
        report = replace(report, sizes=replace(report.sizes, hint=CONVERT_AGAIN))
    if report.method == "none":
        raise MissingDependencyError(f"{candidate}: cannot be verified: {report.reason}", hint=report.hint)
    return report


def _source(model: Path, format: str | None, is_asked: bool) -> registry.Frontend | None:  # noqa: A002
    """The model's format; None where it is not known and recorded outputs are the truth. UsageError where the model
    itself is asked for the truth."""
    try:
        return registry.frontend(format) if format else registry.frontend_for(model)
    except UsageError:
        if is_asked:
            raise
        return None


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


def _verify_against(
    candidate: Path,
    backend: Backend,
    described: Description,
    model: Path,
    source: registry.Frontend,
    limit: Limit,
    own: OwnRuntime | None,
) -> VerificationReport:
    """Run the model and the candidate on the same random inputs; the model in `own`, else as mgeconvert reads it."""
    wanted = describe(model, source.name).inputs
    feeds = random_inputs(wanted)
    truth = _run_ir(model, source, feeds) if own is None else _run_model(model, source, feeds)
    inputs = _matched(feeds, described.inputs, f"{candidate}: input", model)
    outputs = _matched(truth, described.outputs, f"{candidate}: output", model)
    if own is None:
        said, run = f"mgeconvert's own reading of {model} (no independent truth)", None
    else:
        said = f"{model} run in {registry.ran_in(registry.backend(source.name), truth)}"
        run = functools.partial(run_in_own_runtime, model, source, wanted)
    recorded = Recorded(model, inputs, outputs, said, "ir" if own is None else "model")
    return verify_written(
        candidate, backend, described.inputs, described.outputs, recorded, limit=limit, source=run, own=own
    )


def run_in_own_runtime(
    model: Path, source: registry.Frontend, inputs: Mapping[str, Value], feeds: Mapping[str, np.ndarray]
) -> Mapping[str, np.ndarray]:
    """The model's outputs for feeds in the order of its inputs, under whatever names. Errors as of its runtime."""
    return _run_model(model, source, _matched(feeds, inputs, f"{model}: input", model))


def _run_model(model: Path, source: registry.Frontend, feeds: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The model's outputs in its own runtime; a TracedModule's is real MegEngine in the reference environment."""
    run = registry.backend(source.name).run if source.name in registry.backend_names() else None
    if run is None:
        raise MissingDependencyError(f"{model}: {source.title} has no runtime here; {ONLY_IR}", hint=OTHER_TRUTHS)
    try:
        return run(model, feeds)
    except MissingDependencyError as error:
        hint = f"{error.hint}; {OTHER_TRUTHS}" if error.hint else OTHER_TRUTHS
        raise MissingDependencyError(f"{model}: {error.message}; {ONLY_IR}", hint=hint) from error


def _run_ir(model: Path, source: registry.Frontend, feeds: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
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


def _matched(
    arrays: Mapping[str, np.ndarray], wanted: Mapping[str, object], place: str, model: Path
) -> dict[str, np.ndarray]:
    """The arrays under the wanted names: by name where all agree, else by position."""
    if len(arrays) != len(wanted):
        raise BadInputError(f"{place}s are {', '.join(wanted)}; {model} has {', '.join(arrays)}")
    if set(arrays) == set(wanted):
        return {name: arrays[name] for name in wanted}
    return dict(zip(wanted, arrays.values(), strict=True))
