"""What quantization costs: the signal-to-noise ratio of each module, the error of each output."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mgeconvert.ir import Graph

from .beside import beside, sums_of_squares
from .computing import Computing
from .data import Sample
from .insertion import Quantized
from .plan import Plan, path_of


@dataclass(frozen=True, slots=True)
class Noise:
    """Of one module: `own` is the signal-to-noise ratio in dB of its result where its input is that of the float
    network, `total` where it is that of the quantized one. Infinite where nothing differs."""

    path: str
    op: str
    own: float
    total: float


@dataclass(frozen=True, slots=True)
class OutputError:
    """Of one output over all samples: sqrt(sum (q - f)^2 / sum f^2), the cosine of q and f; `same_label` of `rows` rows
    (along the last axis) have their largest number at the same place."""

    name: str
    error: float
    cosine: float
    same_label: int
    rows: int


def module_noise(graph: Graph, quantized: Quantized, plan: Plan, samples: Sequence[Sample]) -> list[Noise]:
    """Every module that computes with integers, the one that adds most noise first."""
    nodes = list(plan.computing)
    if not nodes:
        return []
    ratios = []
    for fed in (True, False):
        both = beside(graph, quantized, fed)
        ends = [plan.ends.get(node, node.outputs[0]) for node in nodes]
        sums = sums_of_squares(both, [(end, both.values[end]) for end in ends], samples)
        ratios.append([decibels(signal, noise) for signal, noise in sums[:, :2].tolist()])
    found = [Noise(path_of(node), node.op, ratios[0][at], ratios[1][at]) for at, node in enumerate(nodes)]
    return sorted(found, key=lambda noise: noise.own)


def decibels(signal: float, noise: float) -> float:
    """10 log10(signal / noise)."""
    if noise <= 0:
        return math.inf
    return 10 * math.log10(signal / noise) if signal > 0 else -math.inf


class OutputErrors:
    """Compares quantized networks with one float network, which is computed once on each sample."""

    def __init__(self, graph: Graph, samples: Sequence[Sample]) -> None:
        self.names = [name for name, value in graph.outputs.items() if value.dtype and value.dtype.kind == "f"]
        compute = Computing(graph, [graph.outputs[name] for name in self.names])
        self.samples = samples
        self.truth = [compute(sample) for sample in samples]

    def of(self, quantized: Graph, most: int | None = None) -> list[OutputError]:
        """Each output over all samples, or the first `most`."""
        compute = Computing(quantized, [quantized.outputs[name] for name in self.names])
        sums = np.zeros((len(self.names), 4))
        labels = np.zeros((len(self.names), 2), int)
        for sample, truth in zip(self.samples[:most], self.truth[:most], strict=True):
            for at, (real, whole) in enumerate(zip(truth, compute(sample), strict=True)):
                f, q = real.astype(np.float64), whole.astype(np.float64)
                sums[at] += [float(each.sum()) for each in (f * f, (q - f) ** 2, q * q, f * q)]
                if f.ndim and f.shape[-1] > 1 and f.size:
                    same = f.argmax(-1) == q.argmax(-1)
                    labels[at] += [int(same.sum()), int(same.size)]
        return [
            OutputError(name, *_error_and_cosine(*sums[at].tolist()), int(labels[at][0]), int(labels[at][1]))
            for at, name in enumerate(self.names)
        ]


def _error_and_cosine(real: float, difference: float, whole: float, product: float) -> tuple[float, float]:
    error = math.sqrt(difference / real) if real > 0 else (0.0 if difference == 0 else math.inf)
    lengths = math.sqrt(real * whole)
    return error, product / lengths if lengths else float(real == whole)
