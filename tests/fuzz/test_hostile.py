"""Small right files that ask for gigabytes or for hours: one or more for each emitter that builds tables.

Each is read, optimized and written in every format within the limits of the fuzzer's processes.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder
from mgeconvert.ir.inference import InferenceError

from .server import Server

HUGE, LONG = 1 << 30, 1 << 16
IMAGE = (1, 1, 4, 4)
SQUARE = np.ones((1, 1, 2, 2), np.float32)


def resized(**attrs: object) -> Callable[[Builder, Value], Value]:
    return lambda b, x: b.op("Resize", x, None, None, np.array([1, 1, LONG, LONG]), **attrs)


def pool(op: str, size: int, *, counted: int = 0) -> Callable[[Builder, Value], Value]:
    attrs = {"kernel_shape": (size + 1, size + 1), "pads": (size, size, 0, 0)}
    more = {"count_include_pad": counted} if op == "AveragePool" else {}
    return lambda b, x: b.op(op, x, **attrs, **more)


def padded(mode: str) -> Callable[[Builder, Value], Value]:
    return lambda b, x: b.op("Pad", x, np.array([0, 0, HUGE, 0, 0, 0, 0, 0]), mode=mode)


def many_masks(b: Builder, x: Value) -> Value:
    """Each mask is allowed, all of them are not."""
    x = b.op("Reshape", x, [4096, 4096])
    for k in range(60):
        x = b.op("Trilu", x, np.array(k))
    return x


def many_resizes(b: Builder, x: Value) -> Value:
    for size in range(3000, 3040):
        x = b.op("Resize", x, None, None, np.array([1, 1, size, 4]), mode="cubic")
    return x


def doubled(b: Builder, x: Value) -> Value:
    """A constant that becomes twice as long 30 times."""
    value = b.constant(np.ones((1, 1 << 10), np.float32))
    for _ in range(30):
        value = b.op("Concat", value, value, axis=0)
    return b.op("Add", x, b.op("ReduceSum", value, np.array([0, 1]), keepdims=0))


def outer(b: Builder, x: Value) -> Value:
    product = b.op("MatMul", np.ones((40_000, 1), np.float32), np.ones((1, 40_000), np.float32))
    return b.op("Add", b.op("ReduceSum", x, np.array([0, 1, 2, 3]), keepdims=0), product)


Build = Callable[[Builder, Value], Value]
CASES: dict[str, tuple[tuple[int, ...], Build]] = {
    "resize, linear": (IMAGE, resized(mode="linear", coordinate_transformation_mode="align_corners")),
    "resize, cubic": (IMAGE, resized(mode="cubic")),
    "resize, nearest": (IMAGE, resized(mode="nearest", nearest_mode="ceil")),
    "resize, antialias": (IMAGE, resized(mode="linear", antialias=1)),
    "many resizes": (IMAGE, many_resizes),
    "average pool, padding": (IMAGE, pool("AveragePool", 1 << 20)),
    "average pool, counted": (IMAGE, pool("AveragePool", 1 << 14, counted=1)),
    "max pool": (IMAGE, pool("MaxPool", 1 << 20)),
    "pad, reflect": (IMAGE, padded("reflect")),
    "pad, wrap": (IMAGE, padded("wrap")),
    "pad, edge": (IMAGE, padded("edge")),
    "pad": (IMAGE, padded("constant")),
    "cumulative sum": ((1, 1 << 31), lambda b, x: b.op("CumSum", x, np.array(1), exclusive=1)),
    "triangle": ((LONG, LONG), lambda b, x: b.op("Trilu", x)),
    "many masks": ((1 << 24,), many_masks),
    "one hot": ((1, 4), lambda b, x: b.op("OneHot", b.op("Cast", x, to=7), np.array([HUGE]), np.float32([0, 1]))),
    "greatest": ((1, HUGE), lambda b, x: b.op("ArgMax", x, axis=1, select_last_index=1)),
    "sorted": ((1, HUGE), lambda b, x: b.ops("TopK", 2, x, np.array([LONG]), axis=1)[0]),
    "steps": ((HUGE, 1), lambda b, x: b.op("Slice", x, [HUGE], [0], [0], [-3])),
    "gathered": ((1, HUGE), lambda b, x: b.op("GatherElements", x, b.op("Cast", x, to=7), axis=1)),
    "gathered rows": ((HUGE, 4), lambda b, x: b.op("Gather", x, b.op("Cast", b.op("Reshape", x, [-1]), to=7), axis=0)),
    "scattered": ((1, HUGE), lambda b, x: b.op("ScatterElements", x, b.op("Cast", x, to=7), x, axis=1)),
    "space to depth": ((1, 1 << 12, 1 << 12, 64), lambda b, x: b.op("SpaceToDepth", x, blocksize=64)),
    "depth to space": ((1, 1 << 20, 4, 4), lambda b, x: b.op("DepthToSpace", x, blocksize=1 << 10)),
    "normalized": ((4, HUGE), lambda b, x: b.op("LpNormalization", x, axis=1, p=1)),
    "response": ((1, HUGE, 1, 1), lambda b, x: b.op("LRN", x, size=(1 << 30) + 1)),
    "expanded": ((1, 1), lambda b, x: b.op("Expand", x, [HUGE, HUGE])),
    "tiled": (IMAGE, lambda b, x: b.op("Tile", x, [1, LONG, LONG, 1])),
    "dilated": (IMAGE, lambda b, x: b.op("ConvTranspose", x, SQUARE, dilations=(LONG, LONG))),
    "constants": (IMAGE, doubled),
    "outer product": (IMAGE, outer),
}  # fmt: skip


def written(shape: tuple[int, ...], build: Build) -> bytes:
    """The ONNX file of one input and what is built of it; nodes as they were asked for, nothing evaluated."""
    b = Builder()
    b._fold = lambda *_: None  # type: ignore[method-assign]
    value = build(b, b.input("x", "float32", shape))
    arrays = {each.name: np.asarray(each.array) for each in b.graph.constants() if each.array is not None}
    nodes = [
        helper.make_node(
            node.op, ["" if each is None else each.name for each in node.inputs],
            [each.name for each in node.outputs], **node.attrs,
        )
        for node in b.graph.nodes
    ]  # fmt: skip
    graph = helper.make_graph(
        nodes,
        "hostile",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [onnx.ValueInfoProto(name=value.name)],
        [onnx.numpy_helper.from_array(array, name) for name, array in arrays.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)]).SerializeToString()


@pytest.mark.parametrize("name", CASES)
def test_it_is_answered_within_the_limits(name: str, server: Server) -> None:
    try:
        content = written(*CASES[name])
    except InferenceError:
        pytest.fail("the case is no right model")
    assert len(content) < 350_000
    verdict = server.ask("onnx", {"m.onnx": content})
    assert not verdict.is_finding, verdict
