"""Passes run on what the rules between opsets make, where that is several nodes of one."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import onnx
import pytest

import mgeconvert
from mgeconvert.ir import Graph, Value
from mgeconvert.ir.builder import Builder
from mgeconvert_converters.onnx import BACKEND
from mgeconvert_converters.onnx.run import run


def stacked_positions() -> Graph:
    """GridSample at positions that were computed apart: before opset 16 they are taken apart again."""
    b = Builder()
    x, rows, columns = (b.input(name, "float32", shape) for name, shape in
                        (("x", (1, 1, 4, 4)), ("rows", (1, 3, 3)), ("columns", (1, 3, 3))))  # fmt: skip
    grid = b.op("Concat", b.op("Unsqueeze", columns, [3]), b.op("Unsqueeze", rows, [3]), axis=3)
    b.output("y", b.op("GridSample", x, grid, name="sampled"))
    return b.graph


def written(graph: Graph, path: Path, **options: int) -> Counter[str]:
    mgeconvert.optimize(graph, target="onnx", target_options=options)
    mgeconvert.save(graph, path, **options)
    return Counter(node.op_type for node in onnx.load(path).graph.node)


def test_what_was_put_together_is_not_taken_apart(tmp_path: Path) -> None:
    plain = stacked_positions()
    mgeconvert.save(plain, tmp_path / "plain.onnx", opset=13)
    operators = written(stacked_positions(), tmp_path / "y.onnx", opset=13)
    assert operators["Concat"] == 0
    feeds = {name: np.random.default_rng(0).random(value.shape).astype(np.float32)
             for name, value in plain.inputs.items()}  # type: ignore[arg-type]  # fmt: skip
    before, after = (run(tmp_path / name, feeds)["y"] for name in ("plain.onnx", "y.onnx"))
    np.testing.assert_allclose(after, before, rtol=1e-6, atol=1e-7)
    assert written(mgeconvert.load(tmp_path / "y.onnx"), tmp_path / "again.onnx", opset=13) == operators


def test_the_graph_stays_where_the_opset_has_all_operators() -> None:
    graph = stacked_positions()
    before = str(graph)
    mgeconvert.optimize(graph, target="onnx", target_options={"opset": 20})
    assert str(graph) == before


def test_without_options_it_is_not_known_what_saving_makes() -> None:
    graph = stacked_positions()
    before = str(graph)
    mgeconvert.optimize(graph, target="onnx")
    assert str(graph) == before


def test_values_of_the_graph_keep_their_names_and_inputs_are_the_same() -> None:
    graph = stacked_positions()
    inputs = dict(graph.inputs)
    assert BACKEND.rewritten is not None
    again = BACKEND.rewritten(graph, opset=13)
    assert again is not None
    again.check()
    assert again.inputs == inputs
    assert again.outputs["y"].name == "sampled"
    assert len({value.name for value in again.values()}) == len(list(again.values()))


def quantized() -> Graph:
    b = Builder()
    scale, zero = np.float32(0.5), np.int8(0)
    integers = b.op("QuantizeLinear", b.op("GroupNormalization", b.input("x", "float32", (1, 4, 2)), np.ones(4, "f"),
                                           np.zeros(4, "f"), num_groups=2), scale, zero)  # fmt: skip
    b.output("y", b.op("DequantizeLinear", integers, scale, zero))
    return b.graph


def with_a_body() -> Graph:
    b = Builder()
    x = b.op("GroupNormalization", b.input("x", "float32", (1, 4, 2)), np.ones(4, "f"), np.zeros(4, "f"), num_groups=2)
    body = Graph("body", {}, {"z": x})
    condition = b.input("condition", "bool", ())
    b.output("y", b.op("If", condition, then_branch=body, else_branch=Graph("other", {}, {"z": x})))
    return b.graph


def refused() -> Graph:
    b = Builder()
    b.output("y", b.op("Det", b.op("GridSample", b.input("x", "float32", (1, 1, 4, 4)),
                                   b.input("grid", "float32", (1, 9, 9, 2)))))  # fmt: skip
    return b.graph


@pytest.mark.parametrize(("graph", "options"), [
    pytest.param(stacked_positions(), {"opset": 13, "fp16": True}, id="rounded"),
    pytest.param(stacked_positions(), {"opset": 13, "strip_quantization": True}, id="stripped"),
    pytest.param(stacked_positions(), {"opset": 22}, id="newer"),
    pytest.param(quantized(), {"opset": 13}, id="quantized"),
    pytest.param(with_a_body(), {"opset": 13}, id="body"),
    pytest.param(refused(), {"opset": 7}, id="refused"),
])  # fmt: skip
def test_what_saving_changes_in_other_ways_is_left(graph: Graph, options: dict[str, int]) -> None:
    assert BACKEND.rewritten is not None
    assert BACKEND.rewritten(graph, **options) is None


def test_a_value_is_never_renamed_into_another() -> None:
    b = Builder()
    x: Value = b.input("x", "float32", (1, 4, 2))
    norm = b.op("GroupNormalization", x, np.ones(4, "f"), np.zeros(4, "f"), num_groups=2, name="norm")
    b.output("y", b.op("Exp", norm, name="norm/Mul"))
    assert BACKEND.rewritten is not None
    again = BACKEND.rewritten(b.graph, opset=17)
    assert again is not None
    names = [value.name for value in again.values()]
    assert len(set(names)) == len(names)
    assert again.outputs["y"].name == "norm/Mul"
