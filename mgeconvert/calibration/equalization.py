"""Cross-layer equalization: scales moved between two layers, so that the channels of a weight are alike.

Source: Nagel et al., Data-Free Quantization Through Weight Equalization and Bias Correction (2019), section 4.1:
s_i = sqrt(r1_i r2_i) / r2_i, with r1_i = max |W1[i]|, r2_i = max |W2[:, i]|.
"""

from __future__ import annotations

import numpy as np

from mgeconvert.ir import Graph, Node, Value

from .forms import bias_of

ROUNDS = 8
"""How often all pairs are gone through: a layer is in two of them."""
HOMOGENEOUS = frozenset(["Relu", "LeakyRelu", "PRelu"])
"""f(s x) = s f(x) for s > 0."""


def equalize(graph: Graph) -> None:
    """W1[i] / s_i, c1[i] / s_i and W2[:, i] s_i, in place, for each two convolutions with at most a ReLU between."""
    pairs = _pairs(graph)
    for _ in range(ROUNDS if len(pairs) > 1 else 1):
        for first, second in pairs:
            _equalize(first, second)


def _pairs(graph: Graph) -> list[tuple[Node, Node]]:
    users, outputs, counts = graph.users(), set(graph.outputs.values()), graph.use_counts()
    found = []
    for node in graph.nodes:
        if not _is_layer(node, counts):
            continue
        value = node.outputs[0]
        while True:
            readers = users.get(value, [])
            reader = readers[0] if len(readers) == 1 and value not in outputs else None
            if reader is None or reader.op not in HOMOGENEOUS or reader.domain or counts[value] != 1:
                break
            value = reader.outputs[0]
        if reader is not None and _is_layer(reader, counts) and reader.inputs[0] is value and counts[value] == 1:
            found.append((node, reader))
    return found


def _is_layer(node: Node, counts: dict[Value, int]) -> bool:
    """A convolution, plain or depthwise, whose constants are its own."""
    if node.op != "Conv" or node.domain:
        return False
    weight, bias = node.inputs[1], node.inputs[2] if len(node.inputs) > 2 else None
    if weight is None or weight.array is None or counts[weight] != 1:
        return False
    if bias is not None and (bias_of(node) is None or counts[bias] != 1):
        return False
    return node.attrs.get("group", 1) in (1, weight.array.shape[0])


def _equalize(first: Node, second: Node) -> None:
    one, other = first.inputs[1], second.inputs[1]
    assert one is not None
    assert other is not None
    assert one.array is not None
    assert other.array is not None
    axis = 1 if second.attrs.get("group", 1) == 1 else 0
    if other.array.shape[axis] != one.array.shape[0]:
        return
    r1 = np.abs(one.array).reshape(one.array.shape[0], -1).max(1).astype(np.float64)
    r2 = np.abs(np.moveaxis(other.array, axis, 0)).reshape(r1.size, -1).max(1).astype(np.float64)
    usable = (r1 > 0) & (r2 > 0)
    scale = np.where(usable, np.sqrt(r1 / np.where(usable, r2, 1)), 1.0)
    first.inputs[1] = Value(one.name, array=_scaled(one.array, 1 / scale, 0))
    second.inputs[1] = Value(other.name, array=_scaled(other.array, scale, axis))
    bias = bias_of(first)
    if bias is not None and bias.array is not None:
        first.inputs[2] = Value(bias.name, array=_scaled(bias.array, 1 / scale, 0))


def _scaled(array: np.ndarray, scale: np.ndarray, axis: int) -> np.ndarray:
    shape = [-1 if at == axis else 1 for at in range(array.ndim)]
    scaled: np.ndarray = (array * scale.reshape(shape)).astype(np.float32)
    return scaled
