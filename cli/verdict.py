"""A verification report as text and as JSON.

A file was compared, or only ran, or was not run; in JSON `passed` is null unless it was compared or failed to run well.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from .colours import BAD, GOOD, OPEN, coloured
from .session import plural
from .table import Table

if TYPE_CHECKING:
    from mgeconvert.verification.batches import BatchReport
    from mgeconvert.verification.report import SizesReport, VerificationReport


def verdict(report: VerificationReport) -> str:
    """Which check was done in one line, and what it found unless it failed (VerificationError says that)."""
    if report.state == "not run":
        hint = f"\nhint: {report.hint}" if report.hint else ""
        return f"{coloured('not verified', OPEN)}, not run: {report.reason}{hint}"
    if report.state == "ran":
        found = coloured("FAILED", BAD) if report.failed else "outputs are finite"
        return (
            f"{coloured('ran', OPEN)} in {report.runtime} on {report.truth}: {found}; "
            "nothing was compared: no recorded outputs were given (--io)"
        ) + _after(report)
    if report.refuted:
        count = f"{len(report.failed)} of {len(report.outputs)} " if report.failed else ""
        found = f"{count}{coloured('FAILED', BAD)}"
    else:
        found = f"{_compared(report)}, {_worst(report)} ({report.limit.text})"
    word = "verified" if report.refuted else coloured("verified", GOOD)
    return f"{word} in {report.runtime} against {report.truth}: {found}{_after(report)}"


def _compared(report: VerificationReport) -> str:
    """``2 outputs``, or that some have no truth."""
    known = sum(output.max_rel is not None for output in report.outputs)
    every = plural(len(report.outputs), "output")
    return every if known == len(report.outputs) else f"{known} of {every} (nothing is recorded of the others)"


def _worst(report: VerificationReport) -> str:
    """The largest error, and the smallest cosine where it is looked at."""
    text = f"max rel error {max((output.max_rel or 0.0 for output in report.outputs), default=0.0):.3g}"
    if report.limit.cosine is None:
        return text
    cosines = [output.cosine for output in report.outputs if output.cosine is not None]
    return f"{text}, cosine {min(cosines, default=1.0):.4f}"


def _after(report: VerificationReport) -> str:
    """What other batches and sizes gave, and what is to be known of the file, in lines of their own."""
    lines = [each.text for each in (report.batches, report.sizes) if each]
    return "".join(f"\n{line}" for line in [*lines, *(f"note: {note}" for note in report.notes)])


def report_table(report: VerificationReport) -> Table:
    """One row per output."""
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
                output.problem or ("ok" if output.max_rel is not None else "not compared"),
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
        "rtol": report.limit.rtol,
        "min_cosine": report.limit.cosine,
        "state": report.state,
        "passed": report.passed if report.state == "compared" or report.refuted else None,
        "batches": None if report.batches is None else _batch_document(report.batches),
        "sizes": None if report.sizes is None else _sizes_document(report.sizes),
        "reason": report.reason or None,
        "hint": report.hint,
        "divergence": report.divergence or None,
        "notes": list(report.notes),
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


def _batch_document(report: BatchReport) -> dict[str, Any]:
    return {
        "dimension": report.symbol,
        "sizes": list(report.batches),
        "max_rel": _finite(report.max_rel),
        "first_row_only": list(report.first_only),
        "uncompared": list(report.uncompared),
        "problem": report.problem or None,
    }


def _sizes_document(report: SizesReport) -> dict[str, Any]:
    return {
        "dimensions": report.names.split(", "),
        "compared": list(report.compared),
        "max_rel": _finite(report.max_rel),
        "problem": report.problem or None,
    }


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
