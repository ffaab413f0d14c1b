"""The float network and the quantized one computed side by side, and sums over what they give."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from mgeconvert.ir import Graph, Node, Value
from mgeconvert.quantization.grids import DEQUANTIZE, QUANTIZE

from .computing import Computing
from .data import Sample
from .insertion import Quantized, copied


@dataclass(slots=True)
class Beside:
    """One graph with both networks; of the quantized one, by the values of the float one: `cores` as operators compute
    them, `values` on their grids."""

    graph: Graph
    values: dict[Value, Value]
    cores: dict[Value, Value]


def beside(graph: Graph, quantized: Quantized, fed: bool) -> Beside:
    """Both networks in one graph, on the same inputs.

    `fed`: each layer of the quantized one reads what the float network has there, put on the grid, so that a layer's
    error is its own.
    """
    other = copied(quantized.graph)
    for value in other.graph.values():
        value.name = f"quantized/{value.name}"
    for node in other.graph.nodes:
        node.name = f"quantized/{node.name}"
    given = {other.graph.inputs[name]: value for name, value in graph.inputs.items()}
    pairs = {value: other.values[pair] for value, pair in quantized.pairs.items()}
    more: list[Node] = []
    if fed:
        makers = other.graph.producers()
        for value, pair in pairs.items():
            if value.array is None:
                more += _pair_of(value, makers[pair], given)
    for node in other.graph.nodes:
        node.inputs = [None if value is None else given.get(value, value) for value in node.inputs]
    both = replace(graph, nodes=[*graph.nodes, *more, *other.graph.nodes], outputs={}, calls=[])
    cores = {value: given.get(twin, twin) for value, twin in _through(quantized.values, other.values).items()}
    return Beside(both, {**cores, **pairs}, cores)


def _through(first: dict[Value, Value], second: dict[Value, Value]) -> dict[Value, Value]:
    """What the second makes of what the first gives; what is no longer in the graph is left out."""
    return {value: second[twin] for value, twin in first.items() if twin in second}


def _pair_of(value: Value, dequantize: Node, given: dict[Value, Value]) -> list[Node]:
    """A pair for what the float network has, which the readers of the quantized one's pair are given."""
    whole = dequantize.inputs[0]
    assert whole is not None
    stored = Value(f"fed/{value.name}/{QUANTIZE}", whole.dtype, value.shape)
    real = Value(f"fed/{value.name}/{DEQUANTIZE}", value.dtype, value.shape)
    given[dequantize.outputs[0]] = real
    grid = dequantize.inputs[1:]
    return [
        Node(QUANTIZE, [value, *grid], [stored], {}, stored.name),
        Node(DEQUANTIZE, [stored, *grid], [real], {}, real.name),
    ]


def sums_of_squares(both: Beside, pairs: Sequence[tuple[Value, Value]], samples: Iterable[Sample]) -> np.ndarray:
    """Of each pair (f, q): sum f^2, sum (q - f)^2, sum q^2, sum f q over all samples; an array (pairs, 4)."""
    more: list[Node] = []
    ends: list[Value] = []

    def node(op: str, *inputs: Value, **attrs: int) -> Value:
        first = inputs[0]
        value = Value(f"sum/{len(more)}", first.dtype, () if op.startswith("Reduce") else first.shape)
        more.append(Node(op, list(inputs), [value], dict(attrs), value.name))
        return value

    for real, whole in pairs:
        squared = (real, node("Sub", whole, real), whole)
        ends += [node("ReduceSumSquare", each, keepdims=0) for each in squared]
        ends.append(node("ReduceSum", node("Mul", whole, real), keepdims=0))
    compute = Computing(both.graph, ends, more)
    total = np.zeros((len(pairs), 4))
    for sample in samples:
        total += np.array(compute(sample), np.float64).reshape(-1, 4)
    return total
