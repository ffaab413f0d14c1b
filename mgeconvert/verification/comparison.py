"""Does a written file compute what it should? The judge is the format's own runtime, never our code.

A file is compared with recorded outputs or with another model's run; where neither is at hand it is run once on random
inputs for sanity, and the report says which of these was done.
"""

from __future__ import annotations

import functools
from collections.abc import Container, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import numpy as np

from mgeconvert.errors import ConversionError, MissingDependencyError, VerificationError
from mgeconvert.ir import TracedDim, Value
from mgeconvert.ir.values import admits
from mgeconvert.registry import Backend, Computed, ran_in

from .batches import Run, check_batches
from .conditioning import forgiven
from .opinions import settled
from .recorded import Recorded
from .report import OutputReport, VerificationReport
from .sizes import Sized, check_sizes
from .tolerance import Limit

SEED = 20
ROUNDED = 1e-2
"""A limit from which on results may be float16 for float32."""
KINDS = {"i": "integers", "u": "integers", "b": "booleans"}
RANDOM_BATCH = 2
RANDOM_SIZE = 64
"""Sizes given to symbolic dimensions of random inputs: the first dimension, all others."""


def verify_written(
    path: Path,
    backend: Backend,
    inputs: Mapping[str, Value],
    outputs: Mapping[str, Value],
    recorded: Recorded | None = None,
    *,
    limit: Limit = Limit(),  # noqa: B008 - it is frozen
    source: Run | None = None,
    own: Sized | None = None,
    started: Mapping[str, Value] | None = None,
    roundings: Mapping[str, float] = MappingProxyType({}),
) -> VerificationReport:
    """Run the file in its runtime and judge every output; `inputs` and `outputs` are its public ones. `source` runs
    the model that the file was made of, where it can be asked about other batches; `own` is that model, which is asked
    about other sizes; `started` are the inputs at sizes that random ones begin with."""
    runtime = backend.runtime or backend.title
    if backend.run is None:
        return VerificationReport(path, "none", "", runtime, limit, reason=f"{backend.title} has no runtime here")
    try:
        feeds = random_inputs(started or inputs) if recorded is None else recorded.inputs
    except ConversionError as error:
        return VerificationReport(path, "none", "", runtime, limit, reason=error.message, hint=error.hint)
    try:
        found = backend.run(path, feeds)
    except MissingDependencyError as error:
        return VerificationReport(path, "none", "", runtime, limit, reason=error.message, hint=error.hint)
    if len(found) != len(outputs):
        raise VerificationError(f"{path}: has {len(found)} outputs, expected {len(outputs)}: {', '.join(outputs)}")
    judge = functools.partial(
        _judged, outputs, recorded, limit, backend.narrows, symbol_sizes(inputs, feeds), roundings
    )
    opinions = found.opinions if isinstance(found, Computed) else ()
    runtime, reports, remarks = settled(ran_in(backend, found), judge(found), opinions, judge)
    run = functools.partial(backend.run, path)
    batches = check_batches(run, inputs, outputs, feeds, limit.rtol, source)
    sizes = None
    if own is not None and not any(report.problem for report in reports):
        sizes = check_sizes(
            run, inputs, feeds, own, functools.partial(_at, path, backend, inputs, outputs, limit, roundings)
        )
    report = VerificationReport(path, "sanity", "", runtime, limit, batches=batches, sizes=sizes, remarks=remarks)
    if recorded is None:
        return replace(report, truth=f"random inputs (seed {SEED})", outputs=reports)
    if not limit.is_given:
        reports = forgiven(reports, dict(zip(outputs, found.values(), strict=True)), run, feeds)
    said = recorded.said or f"the recorded outputs of {recorded.path}"
    return replace(report, method=recorded.method, truth=said, outputs=reports)


def _at(
    path: Path,
    backend: Backend,
    inputs: Mapping[str, Value],
    outputs: Mapping[str, Value],
    limit: Limit,
    roundings: Mapping[str, float],
    found: Mapping[str, np.ndarray],
    truth: Mapping[str, np.ndarray],
    feeds: Mapping[str, np.ndarray],
) -> tuple[OutputReport, ...]:
    """Each output for other feeds, whose true outputs are in the order of the model's."""
    assert backend.run is not None
    by_name = truth if set(truth) == set(outputs) else dict(zip(outputs, truth.values(), strict=True))
    recorded = Recorded(path, dict(feeds), {name: by_name[name] for name in outputs})
    judge = functools.partial(
        _judged, outputs, recorded, limit, backend.narrows, symbol_sizes(inputs, feeds), roundings
    )
    opinions = found.opinions if isinstance(found, Computed) else ()
    _, reports, _ = settled(ran_in(backend, found), judge(found), opinions, judge)
    named = dict(zip(outputs, found.values(), strict=True))
    return reports if limit.is_given else forgiven(reports, named, functools.partial(backend.run, path), feeds)


def _judged(
    outputs: Mapping[str, Value],
    recorded: Recorded | None,
    limit: Limit,
    narrows: Mapping[str, str],
    sizes: Mapping[str, int],
    roundings: Mapping[str, float],
    found: Mapping[str, np.ndarray],
) -> tuple[OutputReport, ...]:
    """Each output against what is recorded of it, or for sanity."""
    truths = {} if recorded is None else recorded.outputs
    pairs = zip(outputs.items(), found.values(), strict=True)
    return tuple(
        compare(name, array, truths[name], limit, narrows, roundings.get(name, 0.0))
        if name in truths
        else sane(name, array, value, sizes, narrows)
        for (name, value), array in pairs
    )


def _is_rounded(found: np.ndarray, truth: np.ndarray, limit: Limit) -> bool:
    """float16 for float32, where the limit is that of an option which rounds on purpose."""
    return found.dtype == np.float16 and truth.dtype == np.float32 and limit.rtol >= ROUNDED


def compare(
    name: str,
    found: np.ndarray,
    truth: np.ndarray,
    limit: Limit,
    narrows: Mapping[str, str] = MappingProxyType({}),
    rounding: float = 0.0,
) -> OutputReport:
    """Judge one output; NaN and infinities must stand in the same places. Empty arrays agree. A type that the format
    has in place of the truth's (`narrows`) is noted; float64 is a better truth for float32. An absolute error up to
    `rounding` is what a runtime may leave of the function that computes the output, and is noted."""
    dtype, shape, note = str(found.dtype), found.shape, _narrowed(found.dtype, truth.dtype, narrows)
    is_exacter = found.dtype == np.float32 and truth.dtype == np.float64
    same_type = found.dtype == truth.dtype or note or is_exacter or _is_rounded(found, truth, limit)
    if found.shape != truth.shape or not same_type:
        expected = Value(name, truth.dtype, truth.shape).type_text
        fact = f"is {Value(name, found.dtype, shape).type_text}, expected {expected}"
        return OutputReport(name, dtype, shape, problem=fact, fault="shape" if shape != truth.shape else "type")
    if found.size == 0:
        return OutputReport(name, dtype, shape, 0.0, 0.0, 1.0, note=note)
    a, b = (array.astype(np.float64).ravel() for array in (found, truth))
    finite = np.isfinite(b)
    misplaced = int(np.count_nonzero(~finite & ~((a == b) | (np.isnan(a) & np.isnan(b))) | (finite & ~np.isfinite(a))))
    if misplaced:
        fact = f"{misplaced} of {a.size} values: nan or inf on one side only"
        return OutputReport(name, dtype, shape, problem=fact, fault="place")
    a, b = a[finite], b[finite]
    max_abs = float(np.abs(a - b).max(initial=0.0))
    scale = float(np.abs(b).max(initial=0.0))
    max_rel = 0.0 if max_abs == 0 else max_abs / scale if scale else float("inf")
    cosine = _cosine(a, b)
    problem = ""
    if truth.dtype.kind in "iub" and limit.is_exact:
        wrong = int(np.count_nonzero(found != truth))
        problem = f"{wrong} of {a.size} {KINDS[truth.dtype.kind]} differ, by up to {max_abs:g}" if wrong else ""
    elif not max_rel <= limit.rtol or (limit.cosine is not None and cosine < limit.cosine):
        problem = f"max abs error {max_abs:.3g}, max rel error {max_rel:.3g} ({limit.text}), cosine {cosine:.6f}"
        if max_abs <= rounding and not limit.is_given:
            problem, note = "", f"max abs error {max_abs:.3g}: a function of 0 to 1 is computed to {rounding:.3g}"
    return OutputReport(name, dtype, shape, max_abs, max_rel, cosine, problem, note, "value" if problem else "")


def _narrowed(found: np.dtype, wanted: np.dtype, narrows: Mapping[str, str]) -> str:
    """That the format has no such type and this one stands for it; empty where that is not so."""
    return f"is {found}, the format has no {wanted} here" if narrows.get(str(wanted)) == str(found) else ""


def sane(
    name: str,
    found: np.ndarray,
    declared: Value,
    sizes: Mapping[str, int],
    narrows: Mapping[str, str] = MappingProxyType({}),
) -> OutputReport:
    """Judge one output without a truth: its dtype, its shape where declared, and that it is finite."""
    note = "" if declared.dtype is None else _narrowed(found.dtype, declared.dtype, narrows)
    report = OutputReport(name, str(found.dtype), found.shape, note=note)
    shape = (
        None
        if declared.shape is None
        else tuple(sizes.get(dim, dim) if isinstance(dim, str) else dim for dim in declared.shape)
    )
    if not admits(shape, found.shape) or not (declared.dtype is None or declared.dtype == found.dtype or note):
        actual = Value(name, found.dtype, found.shape).type_text
        problem = f"is {actual}, expected {Value(name, declared.dtype, shape).type_text}"
    elif found.dtype.kind in "fc" and not np.isfinite(found).all():
        problem = f"{int(np.count_nonzero(~np.isfinite(found)))} of {found.size} values are not finite"
    else:
        return report
    return OutputReport(name, report.dtype, report.shape, problem=problem)


def random_inputs(inputs: Mapping[str, Value], ones: Container[str] = ()) -> dict[str, np.ndarray]:
    """The same random arrays at each call: floats from [0, 1), integers and booleans 0 or 1; 1 in the inputs
    named in `ones`.

    A symbolic first dimension becomes 2, other symbolic ones 64, those of a trace what they were there; the same name
    always gets the same size. Raises ConversionError for an input of unknown shape.
    """
    generator = np.random.default_rng(SEED)
    sizes: dict[str, int] = {}
    arrays: dict[str, np.ndarray] = {}
    for name, value in inputs.items():
        if value.shape is None or value.dtype is None:
            raise ConversionError(
                f"input {name}: {value.type_text}: no random input can be made", hint="--io gives recorded inputs"
            )
        for axis, dim in enumerate(value.shape):
            if isinstance(dim, TracedDim):
                sizes.setdefault(dim, dim.size)
            elif isinstance(dim, str):
                sizes.setdefault(dim, RANDOM_SIZE if axis else RANDOM_BATCH)
        shape = tuple(sizes[dim] if isinstance(dim, str) else dim for dim in value.shape)
        if name in ones:
            arrays[name] = np.ones(shape, value.dtype)
        elif value.dtype.kind in "iub":
            arrays[name] = generator.integers(0, 2, shape).astype(value.dtype)
        else:
            arrays[name] = generator.random(shape).astype(value.dtype)
    return arrays


def symbol_sizes(values: Mapping[str, Value], arrays: Mapping[str, np.ndarray]) -> dict[str, int]:
    """What the symbolic dimensions of the values are in the arrays."""
    return {
        dim: size
        for name, value in values.items()
        for dim, size in zip(value.shape or (), arrays[name].shape, strict=False)
        if isinstance(dim, str)
    }


def _cosine(a: np.ndarray, b: np.ndarray) -> float:
    """The cosine of the angle between two vectors; 1 for two zero vectors, 0 where only one is zero."""
    lengths = float(np.linalg.norm(a)) * float(np.linalg.norm(b))
    if lengths == 0:
        return 1.0 if np.array_equal(a, b) else 0.0
    return float(np.dot(a, b)) / lengths
