"""Judging a file that was just written: where its truth comes from, and where the first difference is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from mgeconvert import registry
from mgeconvert.errors import BadInputError, MgeconvertError, VerificationError
from mgeconvert.ir import Graph

from .comparison import verify_written
from .divergence import first_divergence
from .expected import IR_RUNTIME, computed
from .own import OwnRuntime
from .recorded import Recorded
from .report import VerificationReport
from .tolerance import Limit


def judge_written(
    path: Path,
    target: registry.Backend,
    graph: Graph,
    recorded: Recorded | None,
    limit: Limit,
    options: Mapping[str, Any],
    own: OwnRuntime | None,
) -> VerificationReport:
    """Without recorded data the model's own runtime says what is right; where it cannot, a target other than ONNX is
    compared with the same graph in onnxruntime. Where an output fails, the first value that onnxruntime computes
    differently is looked for."""
    why = ["no recorded outputs were given: --io"]
    if recorded is None and own is not None:
        try:
            recorded = own.recorded(graph.inputs, graph.outputs)
        except MgeconvertError as error:
            why.append(error.message)
    if target.name == IR_RUNTIME or IR_RUNTIME not in registry.backend_names():
        judge = None
    else:
        judge = registry.backend(IR_RUNTIME)
        recorded = recorded or computed(graph, path, "; ".join(why))
    source = None if own is None else own.run
    try:
        report = verify_written(path, target, graph.inputs, graph.outputs, recorded, limit=limit, source=source)
    except BadInputError as error:  # the file is ours: its runtime's refusal is no bad input
        raise VerificationError(error.message, hint=error.hint) from error
    if judge is None or recorded is None or not report.failed:
        return report
    found = first_divergence(graph, recorded.inputs, backend=target, judge=judge, tolerance=limit.rtol, options=options)
    return report if found is None else replace(report, divergence=f"against onnxruntime, {found}")
