"""`verify(candidate)` and `verify(candidate, model)`: where the truth comes from, and the comparison with it.

In this order: recorded outputs that were given; recorded outputs beside the model (or the candidate); the model's own
run in its runtime. Without any of them the candidate is only run for sanity.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from mgeconvert import registry
from mgeconvert.errors import MissingDependencyError, UsageError
from mgeconvert.files import missing
from mgeconvert.registry import Backend, Description

from .asking import describe, matched, run_in_own_runtime, run_ir, run_model, truths
from .comparison import random_inputs, verify_written
from .own import OwnRuntime
from .recorded import Recorded, beside, read_recorded
from .report import VerificationReport
from .tolerance import Limit, limit_for

_INTEGERS = ("bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64")
IN_FLOATS: Mapping[str, str] = MappingProxyType(dict.fromkeys((*_INTEGERS, "float16", "float64"), "float32"))
"""What a format whose files are floats throughout has in place of each type."""
CONVERT_AGAIN = "convert the model again, with numbers for sizes that cannot vary"


def verify_files(
    candidate: Path,
    model: Path | None,
    io: Path | None,
    rtol: float | None = None,
    candidate_format: str | None = None,
    model_format: str | None = None,
    through_ir: bool = False,
    limit: Limit | None = None,
) -> VerificationReport:
    """Judge the candidate, by `limit` or else by `rtol` or the default of its kind.

    `through_ir` takes mgeconvert's own reading of the model for the truth, which shows what a target loses but not what
    the reading got wrong. Raises BadInputError, MissingDependencyError (the candidate's or the model's runtime).
    """
    backend = registry.backend(candidate_format) if candidate_format else registry.backend_for(candidate)
    if not candidate.is_file():
        raise missing(candidate)
    described = describe(candidate, backend.name)
    limit = limit or limit_for(described.operators, rtol)
    path = io or (None if through_ir else beside(model or candidate))
    source = None if model is None else _source(model, model_format, is_asked=path is None)
    own = None if model is None or source is None or through_ir else OwnRuntime(model, source)
    if path is not None:
        takes = backend.narrows if backend.on_grids else IN_FLOATS
        recorded: Recorded | None = read_recorded(path, described.inputs, described.outputs, takes)
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
    truth = run_ir(model, source, feeds) if own is None else run_model(model, source, feeds)
    inputs = matched(feeds, described.inputs, f"{candidate}: input", model)
    outputs = truths(truth, described.outputs, f"{candidate}: output", model)
    if own is None:
        said, run = f"mgeconvert's own reading of {model} (no independent truth)", None
    else:
        said = f"{model} run in {registry.ran_in(registry.backend(source.name), truth)}"
        run = functools.partial(run_in_own_runtime, model, source, wanted)
    recorded = Recorded(model, inputs, outputs, said, "ir" if own is None else "model")
    return verify_written(
        candidate, backend, described.inputs, described.outputs, recorded, limit=limit, source=run, own=own
    )
