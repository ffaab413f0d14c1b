"""What no layers of Caffe compute, with the exact reason."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from mgeconvert.ir import Graph, Node, Value
from mgeconvert.ir.builder import Builder
from tests.harness.refusals import said

Build = Callable[[Builder, Callable[..., Value]], Value]


def weight(*shape: int) -> np.ndarray:
    return np.ones(shape, np.float32)


def form(b: Builder, x: Value) -> Value:
    """A node with an attribute that its operator has not."""
    y = Value("y", x.dtype, x.shape)
    b.graph.nodes.append(Node("Relu", [x], [y], {"wobbles": 1}, "relu"))
    return y


REFUSED: dict[str, tuple[Build, str]] = {
    "product": (
        lambda b, x: b.op("ReduceProd", x(1, 1000), [1]),
        "Caffe has no product along an axis; by slices at most 64, here 1000",
    ),
    "window": (
        lambda b, x: b.op("LRN", x(1, 4, 3, 3), size=4),
        "Caffe's LRN has an odd size; here 4",
    ),
    "bias": (
        lambda b, x: b.op("LRN", x(1, 4, 3, 3), size=3, bias=0.0),
        "a LocalResponseNormalization with the bias 0; Caffe's LRN adds 1",
    ),
    "positions in many batches": (
        lambda b, x: b.op("GatherND", x(1, 4), b.input("i", "int64", (1, 1 << 25, 1)), batch_dims=1),
        "Caffe has no layer that picks at computed positions; batch_dims is not composed",
    ),
    "pads": (
        lambda b, x: b.op("Pad", x(1, 2, 1), [0, 0, -1, 0, 0, 2]),
        "pads of -1 and 2, which cut all 1 of axis 2",
    ),
    "training": (
        lambda b, x: b.op("Dropout", x(1, 4), np.float32(0.5), np.array(True)),
        "training mode, which drops elements at random",
    ),
    "steps": (
        lambda b, x: b.ops("LSTM", 1, x(1000, 1, 2), weight(1, 12, 2), weight(1, 12, 3), hidden_size=3)[0],
        "a sequence of 1000 steps; at most 64 are written out",
    ),
    "product of blobs": (
        lambda b, x: b.op("MatMul", x(1, 3000, 3000), x(1, 3000, 3000)),
        "Caffe's InnerProduct has a constant matrix; a product of two blobs of [1, 3000, 3000, 3000] is too large",
    ),
    "computed positions": (
        lambda b, x: b.op("Gather", x(5000, 2), b.op("Cast", x(3), to=7), axis=0),
        "Caffe has no layer that picks at computed positions, and [3] of 5000 are too many",
    ),
    "uneven padding between gaps": (
        lambda b, x: b.op("Conv", x(1, 1, 8, 8), weight(1, 1, 2, 2), pads=(0, 0, 1, 0), dilations=(2, 1)),
        "Caffe pads both ends alike; here 0 and 1, which a dilation of 2 cannot hide",
    ),
    "columns of a table": (
        lambda b, _: b.op("Gather", weight(3, 4), b.input("i", "int32", (2,)), axis=1),
        "Caffe's Embed looks rows up; here the positions are along another axis",
    ),
    "gaps in a window": (
        lambda b, _: b.op("MaxPool", b.input("i", "int32", (1, 1, 6, 6)), kernel_shape=(2, 2), dilations=(2, 2)),
        "Caffe's Pooling has no dilation",
    ),
    "a window in the padding": (
        lambda b, x: b.op("AveragePool", x(1, 1, 1, 4), kernel_shape=(1, 1), pads=(0, 1, 0, 1)),
        "a window lies wholly in the padding",
    ),
    "an activation of a recurrent layer": (
        lambda b, x: b.ops(
            "RNN", 1, x(2, 1, 2), weight(1, 3, 2), weight(1, 3, 3), hidden_size=3, activations=("Softsign",)
        )[0],
        "the activation Softsign in a recurrent layer",
    ),
    "an unknown form": (
        lambda b, x: form(b, x(3)),
        "a form of Relu that is not known: got an unexpected keyword argument 'wobbles'",
    ),
    "a cast that rounds": (
        lambda b, _: b.op("Cast", b.input("i", "int32", (3,)), to=16),
        "Caffe has no layer that rounds, so nothing can become bfloat16",
    ),
    "a cast to text": (
        lambda b, _: b.op("Cast", b.input("i", "bool", (3,)), to=8),
        "a Caffe blob holds real numbers, not strings",
    ),
    "cut by a convolution": (
        lambda b, x: b.op("Conv", x(1, 1, 4, 4), weight(1, 1, 1, 1), pads=(-1, -1, -1, -1)),
        "pad of [-1]: Caffe's Convolution takes no number below 0",
    ),
    "positions": (
        lambda b, x: b.ops("MaxPool", 2, x(1, 1, 40, 40), kernel_shape=(20, 20))[1],
        "Caffe's Pooling does not give the indices of ONNX",
    ),
    "uneven padding of a pool": (
        lambda b, x: b.op("MaxPool", x(1, 1, 6, 6), kernel_shape=(2, 2), pads=(0, 3, 0, 0)),
        "Caffe pads both ends alike and less than the kernel; here [(0, 0), (3, 0)] with kernel [2, 2]",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_form_is_refused(case: str) -> None:
    build, reason = REFUSED[case]
    b = Builder(Graph())
    b.output("y", build(b, lambda *shape: b.input(f"x{len(b.graph.inputs)}", "float32", shape)))
    assert said("caffe", b.graph) == reason
