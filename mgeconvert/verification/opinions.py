"""Where runtimes disagree about one file, what it should compute decides which of them is right.

A file is right where one runtime computes the truth; the others are then at fault, which the report says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from mgeconvert.errors import MgeconvertError
from mgeconvert.registry import Opinion

if TYPE_CHECKING:
    from .report import OutputReport

Judge: TypeAlias = "Callable[[Mapping[str, np.ndarray]], tuple[OutputReport, ...]]"


def settled(
    runtime: str, first: tuple[OutputReport, ...], opinions: Sequence[Opinion], judge: Judge
) -> tuple[str, tuple[OutputReport, ...], tuple[str, ...]]:
    """The runtime whose numbers count, its reports, and what is to be said of the others.

    Others are asked where the first runtime's outputs fail, or are known to differ. The first counts unless it fails
    and another does not.
    """
    notes: list[str] = []
    reports = first
    for opinion in opinions:
        failing = _failure(reports)
        if not failing and not opinion.differs:
            continue
        try:
            theirs = judge(opinion.compute())
        except MgeconvertError as error:
            notes.append(f"{opinion.runtime} cannot be asked: {error.message}")
            continue
        other = _failure(theirs)
        if failing and not other:
            notes.append(f"wrong in {runtime}: {failing}")
            runtime, reports = opinion.runtime, theirs
        elif other and not failing:
            notes.append(f"wrong in {opinion.runtime}: {other}")
        elif opinion.differs and all(report.max_rel is None for report in theirs):
            notes.append(f"{opinion.runtime} and {runtime} differ, and nothing says which of them is right")
    return runtime, reports, tuple(notes)


def _failure(reports: Sequence[OutputReport]) -> str:
    """What is wrong with the first output that fails; empty where none does."""
    return next((f"{report.name}: {report.problem}" for report in reports if report.problem), "")
