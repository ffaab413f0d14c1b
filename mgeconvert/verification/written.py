"""Judging a file that was just written: where its truth comes from, and where the first difference is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from mgeconvert import registry
from mgeconvert.errors import BadInputError, MgeconvertError, VerificationError
from mgeconvert.ir import Graph

from .asking import IR_RUNTIME, computed
from .bounded import roundings_of
from .comparison import verify_written
from .divergence import first_divergence
from .own import EditedModel, OwnRuntime
from .quantized_layers import check_layers
from .recorded import Recorded
from .report import VerificationReport
from .size_inputs import size_inputs
from .tolerance import RTOL, Limit


def judge_written(
    path: Path,
    target: registry.Backend,
    graph: Graph,
    recorded: Recorded | None,
    limit: Limit,
    options: Mapping[str, Any],
    own: OwnRuntime | EditedModel | None,
) -> VerificationReport:
    """Without recorded data the model's own runtime says what is right; where it cannot, a target other than ONNX is
    compared with the same graph in onnxruntime. A file that its runtime does not take is not run where the runtime does
    not take the model itself. Where an output of a quantized graph differs by more than floats do,
    every layer is judged alone (`check_layers`). Where an output fails, the first value that onnxruntime computes
    differently is looked for."""
    lacking = ""
    source, sized = None if own is None else own.run, own if isinstance(own, OwnRuntime) else None
    started = graph.inputs if sized is None or recorded is not None else sized.as_traced(graph.inputs)
    why = ["no recorded outputs were given: --io"]
    if recorded is None and isinstance(own, OwnRuntime):
        try:
            recorded = own.recorded(graph.inputs, graph.outputs, size_inputs(graph))
        except MgeconvertError as error:
            why.append(error.message)
            lacking = error.message if own.source.name == target.name else ""
    if target.name == IR_RUNTIME or IR_RUNTIME not in registry.backend_names():
        judge = None
    else:
        judge = registry.backend(IR_RUNTIME)
        recorded = recorded or computed(graph, path, "; ".join(why), started)
    try:
        report = verify_written(
            path,
            target,
            graph.inputs,
            graph.outputs,
            recorded,
            limit=limit,
            source=source,
            own=sized,
            started=started,
            roundings=roundings_of(graph),
        )
    except BadInputError as error:  # the file is ours: its runtime's refusal is no bad input
        if lacking:
            reason = f"its source is not run either: {lacking}"
            return VerificationReport(path, "none", "", target.runtime, limit, reason=reason)
        raise VerificationError(error.message, hint=error.hint) from error
    if recorded is not None and limit.cosine is not None and not limit.is_given and _keeps_grids(target, options):
        report = _by_layers(report, graph, recorded, target, options)
    if judge is None or recorded is None or not report.failed:
        return report
    found = first_divergence(graph, recorded.inputs, backend=target, judge=judge, tolerance=limit.rtol, options=options)
    return report if found is None else replace(report, divergence=f"against onnxruntime, {found}")


def _keeps_grids(target: registry.Backend, options: Mapping[str, Any]) -> bool:
    """Whether the file's quantized values are those of the graph: no option rounds on purpose."""
    return target.on_grids and not any(option.rtol and options.get(option.name) for option in target.options)


def _by_layers(
    report: VerificationReport,
    graph: Graph,
    recorded: Recorded,
    target: registry.Backend,
    options: Mapping[str, Any],
) -> VerificationReport:
    """The report with the verdict on every layer alone, which decides where outputs pass that are off by more than what
    floats are: one that is close although a layer is wrong fails."""
    if report.failed or not any((output.max_rel or 0.0) > RTOL for output in report.outputs):
        return report
    try:
        layers = check_layers(graph, recorded.inputs, target, options)
    except MgeconvertError as error:
        return replace(report, remarks=(*report.remarks, f"layers were not looked at alone: {error.message}"))
    if not layers.layers:
        return report
    if not layers.wrong:
        return replace(report, remarks=(*report.remarks, layers.text))
    outputs = (
        replace(output, problem=layers.text) if (output.max_rel or 0.0) > RTOL else output for output in report.outputs
    )
    return replace(report, outputs=tuple(outputs))
