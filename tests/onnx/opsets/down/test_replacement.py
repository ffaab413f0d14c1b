"""What a rule between opsets builds on constants only is computed, not written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import mgeconvert
from mgeconvert.ir import Graph, Value
from mgeconvert.ir.builder import Builder
from mgeconvert_converters.onnx.opsets.down.driver import in_opset


def sampled(b: Builder) -> Value:
    grid = np.linspace(-1, 1, 18, dtype=np.float32).reshape(1, 3, 3, 2)
    return b.op("GridSample", b.input("x", "float32", (1, 2, 4, 4)), grid, align_corners=1, mode="linear")


def grouped(b: Builder) -> Value:
    scale, bias = (b.constant(np.arange(4, dtype=np.float32), name=name) for name in ("scale", "bias"))
    return b.op("GroupNormalization", b.input("x", "float32", (1, 4, 3, 3)), scale, bias, num_groups=2)


def normalized(b: Builder) -> Value:
    ones = np.ones(3, np.float32)
    return b.op("LayerNormalization", b.input("x", "float32", (2, 3)), ones, ones)


def form(build: Callable[[Builder], Value], opset: int) -> Graph:
    b = Builder()
    b.output("y", build(b))
    graph, problems = in_opset(b.graph, opset)
    assert problems == []
    return graph


@pytest.mark.parametrize("opset", [11, 13, 16, 17])
@pytest.mark.parametrize("build", [sampled, grouped, normalized])
def test_no_node_is_on_constants_only(build: Callable[[Builder], Value], opset: int) -> None:
    nodes = form(build, opset).nodes
    on_constants = [node for node in nodes if all(value is None or value.is_constant for value in node.inputs)]
    assert [node.op for node in on_constants if node.inputs] == []


def normalized_by_nothing(b: Builder) -> Value:
    x = b.input("x", "float32", ("N", 4, 3, 3))
    ones, zeros = np.ones(4, np.float32), np.zeros(4, np.float32)
    first = b.op("Relu", b.op("GroupNormalization", x, ones, zeros, num_groups=2))
    return b.op("GroupNormalization", first, ones, zeros, num_groups=2)


@pytest.mark.parametrize("build", [sampled, grouped, normalized, normalized_by_nothing])
def test_optimizing_what_was_written_changes_nothing(build: Callable[[Builder], Value], tmp_path: Path) -> None:
    b = Builder()
    b.output("y", build(b))
    mgeconvert.optimize(b.graph, target="onnx")
    first, second = tmp_path / "first.onnx", tmp_path / "second.onnx"
    mgeconvert.save(b.graph, first)
    again = mgeconvert.load(first)
    mgeconvert.optimize(again, target="onnx")
    mgeconvert.save(again, second)
    assert first.read_bytes() == second.read_bytes()


def test_a_scale_of_ones_and_a_bias_of_zeros_leave_no_node() -> None:
    one = ["Reshape", "InstanceNormalization", "Reshape"]
    assert [node.op for node in form(normalized_by_nothing, 17).nodes] == [*one, "Relu", *one]
