"""Is an output ill-conditioned? Then two right runtimes differ by more than the limit of everything else.

The runtime that computed the file is asked again with every float of the inputs moved by one unit in its last place, up
or down at random. What the outputs move by then is what the arithmetic leaves open: `exp(80 * x)` moves by eighty times
as much as `x`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from mgeconvert.errors import MgeconvertError

if TYPE_CHECKING:
    from .report import OutputReport

DRAWS = 2
"""How often the inputs are disturbed; the largest movement counts."""
ROUNDINGS = 64.0
"""A network rounds at every operator, a disturbed input only once: an error of this many movements is rounding."""
WORST = 5e-2
"""No error beyond this is put down to rounding."""

Arrays = Mapping[str, np.ndarray]


def forgiven(
    reports: tuple[OutputReport, ...], found: Arrays, run: Callable[[Arrays], Arrays], feeds: Arrays
) -> tuple[OutputReport, ...]:
    """The reports, without the problem of outputs whose error is no more than `ROUNDINGS` movements; their note says
    so. `found` are the outputs by name, `run` computes them for other feeds, in the same order."""
    doubtful = [report for report in reports if report.problem and report.max_rel is not None]
    doubtful = [report for report in doubtful if report.max_rel <= WORST]  # type: ignore[operator]
    if not doubtful or not any(array.dtype.kind == "f" for array in feeds.values()):
        return reports
    moved = _movements(found, run, feeds)
    return tuple(_judged(report, moved[report.name]) if report in doubtful else report for report in reports)


def _judged(report: OutputReport, movement: float) -> OutputReport:
    assert report.max_rel is not None
    if report.max_rel > ROUNDINGS * movement:
        return report
    note = (
        f"ill-conditioned: max rel error {report.max_rel:.3g}, and one unit in the last place of the inputs moves it "
        f"by {movement:.3g}"
    )
    return replace(report, problem="", note=note)


def _movements(found: Arrays, run: Callable[[Arrays], Arrays], feeds: Arrays) -> dict[str, float]:
    """How far each output moves, relative to its largest number; 0 where the runtime does not take the inputs."""
    generator = np.random.default_rng(0)
    largest = dict.fromkeys(found, 0.0)
    for _ in range(DRAWS):
        disturbed = {name: _disturbed(array, generator) for name, array in feeds.items()}
        try:
            again = run(disturbed)
        except MgeconvertError:
            break
        for (name, before), after in zip(found.items(), again.values(), strict=True):
            largest[name] = max(largest[name], _moved(before, after))
    return largest


def _disturbed(array: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    if array.dtype.kind != "f":
        return array
    towards = np.where(generator.integers(0, 2, array.shape) == 0, -np.inf, np.inf).astype(array.dtype)
    moved: np.ndarray = np.nextafter(array, towards)
    return moved


def _moved(before: np.ndarray, after: np.ndarray) -> float:
    if before.shape != after.shape or before.size == 0:
        return 0.0
    a, b = after.astype(np.float64), before.astype(np.float64)
    both = np.isfinite(a) & np.isfinite(b)
    scale = np.abs(b[both]).max(initial=0.0)
    return float(np.abs(a[both] - b[both]).max(initial=0.0) / scale) if scale else 0.0
