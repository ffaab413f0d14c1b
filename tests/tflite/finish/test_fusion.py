"""Which activations go into the operator before them: those that LiteRT's kernels apply."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mgeconvert.errors import BadInputError
from mgeconvert.ir import Value
from mgeconvert_converters.tflite.emit.build import build
from mgeconvert_converters.tflite.model import Model
from mgeconvert_converters.tflite.run import run
from mgeconvert_converters.tflite.write.flatbuffer import write
from tests.tflite.judge import Array, graph_of, judge

IMAGE = np.random.default_rng(1).uniform(-2, 2, (1, 3, 6, 6)).astype(np.float32)
KERNEL = np.random.default_rng(2).uniform(-1, 1, (4, 3, 3, 3)).astype(np.float32)
ROWS = np.resize(KERNEL, (108, 4))
TANH = 4
"""Its number in the schema."""
Make = Callable[[Any, Value], Value]
MAKERS: dict[str, Make] = {
    "CONV_2D": lambda b, x: b.op("Conv", x, KERNEL, None),
    "DEPTHWISE_CONV_2D": lambda b, x: b.op("Conv", x, KERNEL[:3, :1], None, group=3),
    "FULLY_CONNECTED": lambda b, x: b.op("MatMul", b.op("Reshape", x, [1, 108]), ROWS),
    "ADD": lambda b, x: b.op("Add", x, b.op("Neg", x)),
    "MAX_POOL_2D": lambda b, x: b.op("MaxPool", x, kernel_shape=[2, 2]),
}
CLIPS = {
    "RELU": ("Relu", ()),
    "RELU6": ("Clip", (np.float32(0), np.float32(6))),
    "RELU_N1_TO_1": ("Clip", (np.float32(-1), np.float32(1))),
}


@pytest.mark.parametrize("kernel", MAKERS)
@pytest.mark.parametrize("name", CLIPS)
def test_clipping_is_fused(name: str, kernel: str, tmp_path: Path) -> None:
    op, limits = CLIPS[name]
    graph = graph_of(lambda b, x: b.op(op, MAKERS[kernel](b, x), *limits), IMAGE)
    last = build(graph).operators[-1]
    assert (last.op, bool(last.options["FusedActivationFunction"])) == (kernel, True)
    judge(graph, (IMAGE,), tmp_path)


@pytest.mark.parametrize("kernel", MAKERS)
def test_tanh_is_not_fused_because_no_kernel_applies_it(kernel: str, tmp_path: Path) -> None:
    made = build(graph_of(lambda b, x: b.op("Tanh", MAKERS[kernel](b, x)), IMAGE))
    assert [operator.op for operator in made.operators][-2:] == [kernel, "TANH"]
    model = build(graph_of(MAKERS[kernel], IMAGE))
    plain = computed(model, tmp_path)
    model.operators[-1].options["FusedActivationFunction"] = TANH
    if kernel == "FULLY_CONNECTED":
        with pytest.raises(BadInputError, match="does not run it"):
            computed(model, tmp_path)
    else:
        np.testing.assert_allclose(computed(model, tmp_path), plain, atol=1e-5)


def computed(model: Model, folder: Path) -> Array:
    path = folder / "m.tflite"
    with path.open("wb") as stream:
        write(model, stream)
    (result,) = run(path, {"x0": IMAGE}).values()
    return result
