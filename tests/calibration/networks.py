"""Small networks of floats with fixed weights, and samples of them."""

from __future__ import annotations

import numpy as np

from mgeconvert.ir import Graph
from mgeconvert.ir.builder import Builder
from mgeconvert.ir.scopes import Scope


def samples(graph: Graph, count: int = 4) -> list[dict[str, np.ndarray]]:
    """Normal numbers for every input."""
    numbers = np.random.default_rng(7)
    return [
        {name: numbers.normal(0, 1, value.shape).astype(np.float32) for name, value in graph.inputs.items()}
        for _ in range(count)
    ]


def residual(channels: int = 8) -> Graph:
    """x -> conv -> relu -> conv -> add -> pool -> fc -> softmax, and a Concat of two branches."""
    numbers = np.random.default_rng(3)
    b = Builder()

    def weight(name: str, *shape: int) -> object:
        return b.constant(numbers.normal(0, 0.3, shape).astype(np.float32), name=name)

    def at(path: str, kind: str) -> None:
        b.enter(Scope(path, kind))

    x = b.input("x", "float32", (1, 3, 16, 16))
    at("stem", "Conv2d")
    y = b.op("Relu", b.op("Conv", x, weight("w0", channels, 3, 3, 3), weight("b0", channels), pads=(1, 1, 1, 1)))
    at("body.conv", "Conv2d")
    z = b.op("Conv", y, weight("w1", channels, channels, 3, 3), weight("b1", channels), pads=(1, 1, 1, 1))
    at("body", "Block")
    z = b.op("Relu", b.op("Add", y, z))
    at("branch", "Conv2d")
    w = b.op("Conv", z, weight("w2", channels, channels, 1, 1), weight("b2", channels))
    at("join", "Concat")
    z = b.op("Concat", z, w, axis=1)
    at("pool", "Pool")
    z = b.op("Flatten", b.op("GlobalAveragePool", b.op("MaxPool", z, kernel_shape=(2, 2), strides=(2, 2))))
    at("fc", "Linear")
    z = b.op("Gemm", z, weight("w3", 5, 2 * channels), weight("b3", 5), transB=1)
    at("probability", "Softmax")
    b.output("y", b.op("Softmax", z, axis=1))
    return b.graph
