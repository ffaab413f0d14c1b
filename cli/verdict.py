"""A verification report as text and as JSON."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .session import Session
from .table import Table

if TYPE_CHECKING:
    from mgeconvert.verification import VerificationReport

COMPARED = {"recorded": "recorded outputs", "model": "the model's own run"}


def say_report(session: Session, report: VerificationReport, say: Callable[[str], None]) -> None:
    """Which check was done, and what it found. Failures are said by VerificationError."""
    if report.method == "none":
        say(f"not verified: {report.reason}")
        if report.hint:
            say(f"hint: {report.hint}")
        return
    if report.failed:
        return
    if report.method == "sanity":
        say(
            f"sanity checked in {report.runtime}: finite outputs of the traced shapes and dtypes on {report.truth}; "
            "nothing was compared"
        )
        return
    worst = max(output.max_rel or 0.0 for output in report.outputs) if report.outputs else 0.0
    count = len(report.outputs)
    say(
        f"verified in {report.runtime} against {report.truth} ({COMPARED[report.method]}): "
        f"{count} output{'s' if count != 1 else ''}, max rel error {worst:.3g} (limit {report.rtol:g})"
    )


def report_table(report: VerificationReport) -> Table:
    """One row an output."""
    return Table(
        "",
        ("output", "type", "max abs", "max rel", "cosine", "verdict"),
        [
            (
                output.name,
                f"{output.dtype}[{','.join(map(str, output.shape))}]",
                _figure(output.max_abs),
                _figure(output.max_rel),
                "-" if output.cosine is None else f"{output.cosine:.6f}",
                output.problem or "ok",
            )
            for output in report.outputs
        ],
        frozenset({2, 3, 4}),
    )


def report_document(report: VerificationReport) -> dict[str, Any]:
    """JSON has no infinity: an infinite error is null, the problem says it."""
    return {
        "candidate": str(report.candidate),
        "method": report.method,
        "truth": report.truth or None,
        "runtime": report.runtime,
        "rtol": report.rtol,
        "passed": report.passed,
        "reason": report.reason or None,
        "hint": report.hint,
        "outputs": [
            {
                "name": output.name,
                "dtype": output.dtype,
                "shape": list(output.shape),
                "max_abs": _finite(output.max_abs),
                "max_rel": _finite(output.max_rel),
                "cosine": _finite(output.cosine),
                "problem": output.problem or None,
            }
            for output in report.outputs
        ],
    }


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
