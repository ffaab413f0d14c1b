"""Pictures of numbers as SVG: the error of each layer, and how the worst values are distributed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mgeconvert.verification.layers.compare import Comparison

WIDTH, HEIGHT, MARGIN = 720, 180, 28
SMALLEST = 1e-9
"""Errors below are drawn there: a logarithm has no zero."""
BINS, WORST = 32, 4


@dataclass(frozen=True, slots=True)
class Dot:
    """A layer's place in the plot, and what is said of it."""

    x: float
    y: float
    text: str
    is_bad: bool


@dataclass(frozen=True, slots=True)
class ErrorPlot:
    """The errors in the order of the file on a logarithmic scale; `limit` is the height of the limit, `grid` the
    heights of powers of ten with their texts."""

    dots: tuple[Dot, ...]
    limit: float
    grid: tuple[tuple[float, str], ...]


@dataclass(frozen=True, slots=True)
class Histogram:
    """How many numbers of a value lie where, in the written file (`found`) and the source (`truth`), as polygons."""

    title: str
    low: str
    high: str
    found: str
    truth: str


def error_plot(comparison: Comparison) -> ErrorPlot | None:
    """None where no value has a match."""
    known = [layer for layer in comparison.layers if layer.error is not None]
    if not known:
        return None
    errors = [max(min(layer.error or 0.0, 1e3), SMALLEST) for layer in known]
    low, high = math.floor(math.log10(min(errors))), math.ceil(math.log10(max(*errors, comparison.limit * 10)))

    def height(error: float) -> float:
        return round(HEIGHT - MARGIN - (math.log10(error) - low) / max(high - low, 1) * (HEIGHT - 2 * MARGIN), 1)

    step = (WIDTH - 2 * MARGIN) / max(len(known) - 1, 1)
    dots = tuple(
        Dot(
            round(MARGIN + number * step, 1),
            height(error),
            f"{layer.value.name} ({layer.op}): {layer.error:.3g}",
            layer.state != "same",
        )
        for number, (layer, error) in enumerate(zip(known, errors, strict=True))
    )
    grid = tuple((height(10.0**power), f"1e{power}") for power in range(low, high + 1, max((high - low) // 5, 1)))
    return ErrorPlot(dots, height(comparison.limit), grid)


def histograms(comparison: Comparison) -> list[Histogram]:
    """Of the values with the largest errors; the culprit's comes first."""
    known = [layer for layer in comparison.layers if layer.twin is not None and layer.error]
    bad = comparison.culprit.bad if comparison.culprit else None
    ordered = sorted(known, key=lambda layer: (layer.value is not bad, -(layer.error or 0.0)))
    made = []
    for layer in ordered[:WORST]:
        assert layer.twin is not None
        found, truth = comparison.candidate.arrays[layer.value], comparison.source.arrays[layer.twin]
        title = f"{layer.value.name}: {layer.error:.3g}"
        histogram = _histogram(title, _numbers(found), _numbers(truth))
        if histogram is not None:
            made.append(histogram)
    return made


def _numbers(array: np.ndarray) -> np.ndarray:
    numbers = array.astype(np.float64).ravel()
    return numbers[np.isfinite(numbers)]


def _histogram(title: str, found: np.ndarray, truth: np.ndarray) -> Histogram | None:
    if not found.size or not truth.size:
        return None
    low, high = float(min(found.min(), truth.min())), float(max(found.max(), truth.max()))
    if not low < high:
        return None
    counts = [np.histogram(each, BINS, (low, high))[0] / each.size for each in (found, truth)]
    top = max(float(each.max()) for each in counts)
    return Histogram(title, f"{low:.3g}", f"{high:.3g}", *(_polygon(each / top) for each in counts))


def _polygon(heights: Sequence[float] | np.ndarray) -> str:
    """Bars of these heights (0 to 1) as the points of one polygon, 320 wide and 90 high."""
    width = 320 / len(heights)
    points = [(0.0, 90.0)]
    for number, height in enumerate(heights):
        top = round(90 - 86 * float(height), 1)
        points += [(round(number * width, 1), top), (round((number + 1) * width, 1), top)]
    return " ".join(f"{x:g},{y:g}" for x, y in [*points, (320.0, 90.0)])
