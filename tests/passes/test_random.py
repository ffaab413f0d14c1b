"""Random graphs of the operators the passes know: optimized and not, they compute the same in onnxruntime."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mgeconvert.ir import Graph, Value
from mgeconvert.ir.builder import Builder
from mgeconvert.passes import optimize
from tests.passes.harness import compare

SEEDS = 60
STEPS = 14
RTOL = 2e-5
"""Several rewrites in a row round several times."""


class Model:
    """Grows a graph of (1, channels, size, size) pictures step by step."""

    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        self.b = Builder()
        batch = "N" if seed % 3 == 0 else 2
        self.values = [self.b.input("x", "float32", (batch, 4, 6, 6))]
        self.shared = [self.numbers(4, 4, 1, 1) for _ in range(2)]

    def numbers(self, *shape: int) -> np.ndarray:
        return (self.random.uniform(0.5, 1.5, shape) * self.random.choice([-1, 1, 1])).astype(np.float32)

    def pick(self) -> Value:
        """Mostly the newest value, so that chains come about."""
        return self.values[-1] if self.random.random() < 0.8 else self.values[self.random.integers(len(self.values))]

    def constant(self) -> np.ndarray:
        shapes = [(), (1,), (4, 1, 1), (1, 4, 1, 1), (6,)]
        return self.numbers(*shapes[self.random.choice(len(shapes), p=[0.4, 0.1, 0.3, 0.15, 0.05])])

    def elementwise(self, x: Value) -> Value:
        op = str(self.random.choice(["Add", "Sub", "Mul", "Div"]))
        pair = (x, self.constant())
        return self.b.op(op, *(pair if op == "Div" or self.random.random() < 0.6 else pair[::-1]))

    def unary(self, x: Value) -> Value:
        op = str(self.random.choice(["Relu", "Neg", "Sigmoid", "Abs", "Identity", "Tanh", "HardSwish"]))
        return self.b.op(op, x)

    def limited(self, x: Value) -> Value:
        bounds = sorted(self.random.uniform(-1, 2, 2).astype(np.float32))
        if self.random.random() < 0.5:
            return self.b.op("Clip", x, *bounds)
        return self.b.op(str(self.random.choice(["Max", "Min"])), x, float(self.random.choice([0, 1])))

    def conv(self, x: Value) -> Value:
        group = int(self.random.choice([1, 2, 4]))
        kernel = int(self.random.choice([1, 3]))
        weight = self.numbers(4, 4 // group, kernel, kernel)
        if group == kernel == 1 and self.random.random() < 0.3:
            weight = self.shared[0]
        bias = self.numbers(4) if self.random.random() < 0.5 else None
        op = str(self.random.choice(["Conv", "Conv", "ConvTranspose"]))
        return self.b.op(op, x, weight, bias, group=group, pads=(kernel // 2,) * 4)

    def norm(self, x: Value) -> Value:
        return self.b.op("BatchNormalization", x, *(self.numbers(4) for _ in range(3)), np.abs(self.numbers(4)))

    def padded(self, x: Value) -> Value:
        padded = self.b.op("Pad", x, [0, 0, 1, 1, 0, 0, 1, 1])
        if self.random.random() < 0.5:
            return self.b.op("AveragePool", padded, kernel_shape=(3, 3), strides=(1, 1))
        return self.b.op("Conv", padded, self.numbers(4, 4, 3, 3))

    def moved(self, x: Value) -> Value:
        """There and half back, or all the way back."""
        there = self.b.op("Transpose", x, perm=(0, 2, 3, 1))
        if self.random.random() < 0.5:
            there = self.b.op("Mul", there, self.numbers(4))
        return self.b.op("Transpose", there, perm=(0, 3, 1, 2))

    def reshaped(self, x: Value) -> Value:
        flat = self.b.op("Flatten", x)
        if self.random.random() < 0.5:
            flat = self.b.op("Mul", flat, self.numbers())
        return self.b.op("Reshape", flat, [-1, 4, 6, 6])

    def joined(self, x: Value) -> Value:
        both = self.b.op("Concat", x, self.pick(), axis=1)
        if self.random.random() < 0.5:
            both = self.b.op("Mul", both, self.numbers(8, 1, 1))
        return self.b.op("Slice", both, [2], [6], [1])

    def summed(self, x: Value) -> Value:
        return self.b.op("Add", x, self.pick())

    def linear(self, x: Value) -> Value:
        product = self.b.op("MatMul", x, self.numbers(6, 6))
        return self.b.op("Add", product, self.numbers(6)) if self.random.random() < 0.5 else product

    def pooled(self, x: Value) -> Value:
        return self.b.op("MaxPool", x, kernel_shape=(3, 3), pads=(1, 1, 1, 1))

    def calm(self, x: Value) -> Value:
        """Keeps numbers near 1, so that rounding errors are comparable."""
        return self.b.op("Tanh", x)

    def built(self) -> Graph:
        steps: list[Callable[[Value], Value]] = [
            self.elementwise, self.elementwise, self.elementwise, self.unary, self.unary, self.limited, self.conv,
            self.conv, self.norm, self.padded, self.moved, self.reshaped, self.joined, self.summed, self.linear,
            self.pooled, self.calm,
        ]  # fmt: skip
        for _ in range(STEPS):
            self.values.append(steps[self.random.integers(len(steps))](self.pick()))
        for index, value in enumerate(dict.fromkeys([self.values[-1], *self.random.choice(self.values[1:], 2)])):  # type: ignore[arg-type]
            self.b.output(f"y{index}", value)
        self.b.graph.remove_dead_nodes()
        return self.b.graph


@pytest.mark.parametrize("level", [1, 2])
@pytest.mark.parametrize("seed", range(SEEDS))
def test_random_graph(seed: int, level: int, tmp_path: Path) -> None:
    graph = Model(seed).built()
    plain = graph.copy()
    optimize(graph, level)
    graph.check()
    printed = str(graph)
    assert not optimize(graph, level).changes
    assert str(graph) == printed
    assert len(graph.nodes) <= len(plain.nodes)
    compare(plain, graph, tmp_path, RTOL)
