"""What the integers of a quantized graph cannot hold is cut off in the net of floats that it becomes."""

from __future__ import annotations

from pathlib import Path
from typing import TypeAlias

import numpy as np
import pytest

import mgeconvert
from mgeconvert.ir import Graph, Value
from mgeconvert.ir.builder import Builder
from mgeconvert.verification.asking import run_graph
from mgeconvert_converters.caffe.emit.prepare import prepare

Ends: TypeAlias = "list[float | None]"
SCALE = np.float32(0.5)


def graph_of(before: str, dtype: str, zero: int, between: str = "") -> Graph:
    """DequantizeLinear(QuantizeLinear(before(x))), or of what moves `before` in `between`."""
    b = Builder(Graph("main"))
    x: Value = b.input("x", np.float32, (1, 2, 3, 4))
    forms = {
        "": lambda v: v,
        "Clip": lambda v: b.op("Clip", v, np.float32(-3), np.float32(1000)),
        "GlobalAveragePool": lambda v: b.op("GlobalAveragePool", v),
        "Concat": lambda v: b.op("Concat", v, np.full((1, 1, 3, 4), 7, np.float32), axis=1),
        "Cubic": lambda v: b.op("Resize", v, None, np.float32([1, 1, 2, 2]), mode="cubic"),
        "again": lambda v: quantized(b, v, dtype, zero),
        **{name: lambda v, name=name: b.op(name, v) for name in ("Relu", "Sigmoid", "Tanh", "Neg")},
    }
    b.output("y", quantized(b, forms[between](forms[before](x)), dtype, zero))
    return b.graph


def quantized(b: Builder, x: Value, dtype: str, zero: int) -> Value:
    point = np.dtype(dtype).type(zero)
    return b.op("DequantizeLinear", b.op("QuantizeLinear", x, SCALE, point), SCALE, point)


def ends(graph: Graph) -> list[Ends]:
    """The limits of each Clip."""
    return [
        [None if value is None or value.array is None else float(value.array) for value in node.inputs[1:]]
        for node in graph.nodes
        if node.op == "Clip"
    ]


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        (("", "int8", 0), [[-64, 63.5]]),
        (("Neg", "uint8", 100), [[-50, 77.5]]),
        (("", "int16", 7), [[-16387.5, 16380.0]]),
        (("Relu", "int8", 0), [[None, 63.5]]),
        (("Relu", "uint8", 0), [[None, 127.5]]),
        (("Relu", "int8", -100, "GlobalAveragePool"), [[None, 113.5]]),
        (("Sigmoid", "uint8", 0), []),
        (("Sigmoid", "uint8", 255), [[None, 0]]),
        (("Tanh", "int8", 0, "Concat"), []),
        (("Clip", "int8", 0), [[-3, 1000], [None, 63.5]]),
        (("", "int8", 0, "Concat"), [[-64, 63.5]]),
        (("again", "int8", 5), [[-66.5, 61]]),
        (("again", "int8", 5, "GlobalAveragePool"), [[-66.5, 61]]),
        (("again", "int8", 5, "Cubic"), [[-66.5, 61], [-66.5, 61]]),
    ],
)
def test_only_the_ends_that_may_be_passed_are_cut(form: tuple[str, str, int], expected: list[Ends]) -> None:
    graph, _ = prepare(graph_of(*form))
    graph.check()
    assert ends(graph) == expected


def test_who_quantizes_again_cuts_off_itself() -> None:
    """Beside the document of scales only a Relu is cut off that a quantizer fused into the integers."""
    assert ends(prepare(graph_of("", "int8", 3), documented=True)[0]) == []
    assert ends(prepare(graph_of("", "int8", -128), documented=True)[0]) == [[0, 127.5]]


@pytest.mark.parametrize("dtype", ["int8", "uint8"])
@pytest.mark.parametrize("share", [0.0, 0.3, 0.5, 1.0])
def test_the_net_is_off_by_rounding_only(dtype: str, share: float, tmp_path: Path) -> None:
    limits = np.iinfo(dtype)
    zero = round(limits.min + share * (limits.max - limits.min))
    graph = graph_of("Neg", dtype, zero)
    path = tmp_path / "net.prototxt"
    mgeconvert.save(graph, path)
    feeds = {"x": np.float32(200) * np.random.default_rng(0).standard_normal((1, 2, 3, 4)).astype(np.float32)}
    (found,) = mgeconvert.run(path, feeds).values()
    (truth,) = run_graph(graph, feeds).values()
    assert np.abs(truth).max() < np.abs(feeds["x"]).max()
    assert np.abs(found - truth).max() <= SCALE / 2 + 1e-4
