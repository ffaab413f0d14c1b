"""The range of each value that is quantized, from what it was on the samples."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from mgeconvert.errors import BadInputError
from mgeconvert.ir import Graph, Node, Value

from .computing import Computing
from .data import Sample
from .recipe import Recipe

BINS, ENTROPY_BINS, QUANTIZED_BINS = 2048, 512, 128
"""Of a histogram; of one that is compared with what 128 levels make of it."""
NARROWER = np.linspace(0.3, 1.0, 71)
"""Parts of the whole range that are tried for the smallest squared error."""


def observed(
    graph: Graph, values: Iterable[Value], samples: Sequence[Sample], recipe: Recipe
) -> dict[Value, tuple[float, float]]:
    """The range of each value by the recipe's calibration; BadInputError where one is NaN or infinite."""
    computed = [value for value in values if value.array is None]
    ends = _ends(graph, computed, samples)
    for value, (low, high) in ends.items():
        if not (np.isfinite(low) and np.isfinite(high)):
            raise BadInputError(f"{_place(graph, value)}: is NaN or infinite on the data, and has no range")
    if recipe.calibration != "minmax":
        ends = _by_histogram(graph, ends, samples, recipe)
    for value in values:
        if value.array is not None:
            ends[value] = (float(value.array.min()), float(value.array.max()))
    return ends


def _place(graph: Graph, value: Value) -> str:
    maker = graph.producers().get(value)
    return value.name if maker is None else maker.origin or maker.name or value.name


def _ends(graph: Graph, values: Sequence[Value], samples: Sequence[Sample]) -> dict[Value, tuple[float, float]]:
    """The smallest and the largest number."""
    more: list[Node] = []
    for number, value in enumerate(values):
        for op in ("ReduceMin", "ReduceMax"):
            end = Value(f"end_{op}_{number}", value.dtype, ())
            more.append(Node(op, [value], [end], {"keepdims": 0}, end.name))
    compute = Computing(graph, [node.output for node in more], more)
    low = np.full(len(values), np.inf)
    high = np.full(len(values), -np.inf)
    for sample in samples:
        found = np.array(compute(sample), np.float64).reshape(-1, 2)
        low, high = np.minimum(low, found[:, 0]), np.maximum(high, found[:, 1])
    return {value: (float(low[at]), float(high[at])) for at, value in enumerate(values)}


def _by_histogram(
    graph: Graph, ends: Mapping[Value, tuple[float, float]], samples: Sequence[Sample], recipe: Recipe
) -> dict[Value, tuple[float, float]]:
    """What onnxruntime's collector makes of histograms, or the range of the smallest squared error."""
    from onnxruntime.quantization.calibrate import HistogramCollector

    values = list(ends)
    is_entropy = recipe.calibration == "entropy"
    collector: Any = HistogramCollector(
        method="entropy" if is_entropy else "percentile",
        symmetric=recipe.symmetric,
        num_bins=ENTROPY_BINS if is_entropy else BINS,
        num_quantized_bins=QUANTIZED_BINS,
        percentile=recipe.percentile,
        scenario="same",
    )
    with contextlib.redirect_stdout(io.StringIO()):
        compute = Computing(graph, values)
        for sample in samples:
            arrays = compute(sample)
            named = {str(number): array for number, array in enumerate(arrays) if array.size}
            if recipe.calibration == "percentile":
                collector.collect(named)
            else:
                collector.collect_value(named)
        if recipe.calibration == "mse":
            chosen = {name: _least_error(found, recipe) for name, found in collector.histogram_dict.items()}
        else:
            chosen = collector.compute_collection_result()
    result = dict(ends)
    for number, value in enumerate(values):
        found = chosen.get(str(number))
        if found is not None and float(found[1]) > float(found[0]):
            result[value] = (float(found[0]), float(found[1]))
    return result


def _least_error(histogram: Any, recipe: Recipe) -> tuple[float, float]:
    """The part of the whole range for which the sum over bins of count (center - quantized center)^2 is smallest."""
    counts, edges, low, high = histogram[0], histogram[1], float(histogram[2]), float(histogram[3])
    centers = (edges[:-1] + edges[1:]) / 2
    is_there = counts > 0
    counts, centers = counts[is_there], centers[is_there]
    low, high = min(low, 0.0), max(high, 0.0)
    if recipe.symmetric:
        low, high = -max(-low, high), max(-low, high)
    levels = 2**recipe.bits - 1
    best, least = (low, high), np.inf
    for below in NARROWER if low < 0 else (1.0,):
        for above in (below,) if recipe.symmetric else NARROWER if high > 0 else (1.0,):
            scale = (high * above - low * below) / levels
            if scale <= 0:
                continue
            clipped = np.clip(centers, low * below, high * above)
            error = float((counts * (centers - np.rint(clipped / scale) * scale) ** 2).sum())
            if error < least:
                best, least = (low * below, high * above), error
    return best
