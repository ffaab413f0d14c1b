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
from .halves import allowances
from .own import EditedModel, OwnRuntime
from .quantized_layers import check_layers
from .recorded import Recorded
from .report import OutputReport, VerificationReport
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
    not take the model itself. Where an output of a quantized graph differs by more than floats do, every layer is
    judged alone (`check_layers`), and the output by its steps (`allowances`). Where an output fails, the first value
    that onnxruntime computes differently is looked for."""
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
            hint = "--io gives inputs that the model takes"
            return VerificationReport(path, "none", "", target.runtime, limit, reason=reason, hint=hint)
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
    """The report with two verdicts, which decide on outputs that are off by more than floats are, whatever part of the
    largest number that is: every layer alone is right, and an output is off by no more than a step of its scale and
    what numbers beside halves make of it (`allowances`)."""
    doubtful = [output for output in report.outputs if (output.max_rel or 0.0) > RTOL]
    if not doubtful or any(output.fault not in ("", "value") for output in report.failed):
        return report
    try:
        layers = check_layers(graph, recorded.inputs, target, options)
        allowed = {} if layers.wrong or not layers.layers else allowances(graph, recorded.inputs)
    except MgeconvertError as error:
        return replace(report, remarks=(*report.remarks, f"layers were not looked at alone: {error.message}"))
    if not layers.layers:
        return report
    if layers.wrong:
        wrong = {output: output.problem or layers.text for output in doubtful}
        return replace(report, outputs=_with_problems(report.outputs, wrong))
    judged = {output: _off(output, allowed[output.name]) for output in doubtful}
    report = replace(report, outputs=_with_problems(report.outputs, judged))
    forgiven = [
        f"{output.name}: off by {output.max_abs:.3g}; numbers beside halves explain {allowed[output.name]:.3g}"
        for output in doubtful
        if output.problem and not judged[output]
    ]
    return report if report.failed else replace(report, remarks=(*report.remarks, layers.text, *forgiven))


def _off(output: OutputReport, allowed: float) -> str:
    """That an output is off by more than is allowed; empty where it is not."""
    scale = (output.max_abs or 0.0) / (output.max_rel or 1.0)
    if (output.max_abs or 0.0) <= allowed + RTOL * scale:
        return ""
    return (
        f"max abs error {output.max_abs:.3g}; a step of its scale and what numbers beside halves make of it are"
        f" {allowed:.3g}"
    )


def _with_problems(outputs: tuple[OutputReport, ...], problems: Mapping[OutputReport, str]) -> tuple[OutputReport, ...]:
    """The outputs with these problems, none where one is empty."""
    return tuple(
        replace(output, problem=problems[output], fault="value" if problems[output] else "")
        if output in problems
        else output
        for output in outputs
    )
