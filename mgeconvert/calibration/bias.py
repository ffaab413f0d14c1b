"""Bias correction: the mean error of each channel that rounding of weights makes, taken out of the bias.

Source: Nagel et al., Data-Free Quantization Through Weight Equalization and Bias Correction (2019), section 4.2, with
the error measured on samples.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mgeconvert.ir import Graph, Node, Value

from .beside import beside
from .computing import Computing
from .data import Sample
from .forms import BIAS, bias_of, weight_axis
from .insertion import Quantized
from .plan import Plan


def with_biases(graph: Graph) -> None:
    """Give, in place, every convolution without a bias one of zeros: Conv(x, w) -> Conv(x, w, 0)."""
    for node in graph.nodes:
        if node.op not in ("Conv", "ConvTranspose") or node.domain or len(node.inputs) > BIAS[node.op]:
            continue
        shape = node.outputs[0].shape
        channels = shape[1] if shape is not None else None
        if isinstance(channels, int):
            zeros = Value(f"{node.outputs[0].name}/bias", array=np.zeros(channels, np.float32))
            node.inputs = [*node.inputs[:2], zeros]


def corrected(graph: Graph, quantized: Quantized, plan: Plan, samples: Sequence[Sample]) -> dict[Node, np.ndarray]:
    """c + mean(f - q) for each bias c of a layer that is quantized, by the layer; f is its result in the float network
    and q that of the quantized layer for the same input."""
    nodes = [node for node in plan.computing if bias_of(node) is not None and weight_axis(node) is not None]
    both = beside(graph, quantized, fed=True)
    more: list[Node] = []
    means: list[Value] = []
    for number, node in enumerate(nodes):
        real = node.outputs[0]
        rank = len(real.shape or ())
        axis = rank - 1 if node.op == "Gemm" else 1
        others = Value(f"mean/{number}/axes", array=np.array([at for at in range(rank) if at != axis], np.int64))
        off, mean = Value(f"mean/{number}/off", real.dtype, real.shape), Value(f"mean/{number}", real.dtype, None)
        more.append(Node("Sub", [real, both.cores[real]], [off], {}, off.name))
        more.append(Node("ReduceMean", [off, others], [mean], {"keepdims": 0}, mean.name))
        means.append(mean)
    compute = Computing(both.graph, means, more)
    total = [np.zeros(1)] * len(nodes)
    for sample in samples:
        total = [known + found for known, found in zip(total, compute(sample), strict=True)]
    return {
        node: (_bias(node) + one / max(len(samples), 1)).astype(np.float32)
        for node, one in zip(nodes, total, strict=True)
    }


def _bias(node: Node) -> np.ndarray:
    bias = bias_of(node)
    assert bias is not None
    assert bias.array is not None
    return bias.array.astype(np.float64)
