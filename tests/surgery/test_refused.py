"""Edits that cannot be made: exact texts and hints."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from mgeconvert import surgery
from mgeconvert.errors import ConversionError, UsageError
from mgeconvert.ir import Graph
from mgeconvert.ir.builder import Builder
from tests.surgery.networks import network


def _double(graph: Graph) -> Graph:
    return surgery.replace_pattern(graph, "Relu(x)", lambda b, x: b.op("Cast", x, to=11))


NODES = "`mgeconvert inspect MODEL --nodes` lists the nodes and their values"


IMAGES = "is float32[1,3,6,6]"


Edit = Callable[[Graph], object]


ERRORS: dict[str, tuple[Edit, type[Exception], str, str | None]] = {
    "unknown output": (
        lambda g: surgery.cut(g, None, ["stam"]),
        UsageError,
        "stam: no value, node or module has this name",
        "did you mean stem?",
    ),
    "nothing like it": (
        lambda g: surgery.cut(g, None, ["%%%"]),
        UsageError,
        "%%%: no value, node or module has this name",
        NODES,
    ),
    "an input on one of two ways": (
        lambda g: surgery.cut(g, ["body.left_out"], ["features"]),
        UsageError,
        "input x is still needed, by stem.conv (Conv), and is not among the inputs to cut at",
        "say --inputs body.left_out,x, or cut at values that everything before the outputs goes through",
    ),
    "an input nobody needs": (
        lambda g: surgery.cut(g, ["x", "body.left_out"], ["stem"]),
        UsageError,
        "input body.left_out: no output depends on it",
        "name an output behind it with --outputs",
    ),
    "nothing between": (
        lambda g: surgery.cut(g, ["stem.conv_out"], ["stem.conv_out"]),
        UsageError,
        "input stem.conv_out: is an output too, nothing is left between them",
        None,
    ),
    "no output left": (
        lambda g: surgery.drop_outputs(g, ["features", "scores"]),
        UsageError,
        "features, scores: a model needs an output, all would be dropped",
        None,
    ),
    "unknown output to drop": (
        lambda g: surgery.drop_outputs(g, ["score"]),
        UsageError,
        "score: the model has no output of this name",
        "did you mean scores?",
    ),
    "unknown name": (
        lambda g: surgery.rename(g, {"q": "y"}),
        UsageError,
        "q: no input, output or value has this name",
        "`mgeconvert inspect MODEL --nodes` lists the nodes and their values",
    ),
    "a name twice": (
        lambda g: surgery.rename(g, {"features": "scores"}),
        UsageError,
        "scores: two inputs or outputs would have this name",
        None,
    ),
    "a name of both sides": (
        lambda g: surgery.rename(g, {"x": "scores"}),
        UsageError,
        "scores: an input and an output would both have this name",
        None,
    ),
    "means": (
        lambda g: surgery.preprocess(g, mean=[1, 2]),
        UsageError,
        "--mean 1,2: 2 numbers, input x has 3 channels",
        None,
    ),
    "std of zero": (
        lambda g: surgery.preprocess(g, std=[0]),
        UsageError,
        "input x: scale 1, std 0: zero is no factor to normalize by",
        None,
    ),
    "twice": (
        lambda g: surgery.preprocess(surgery.preprocess(g, uint8=True), uint8=True),
        UsageError,
        "input x: is uint8[1,3,6,6], expected floats: it has its pre-processing already",
        None,
    ),
    "kind": (
        lambda g: surgery.postprocess(g, "scores", "relu"),
        UsageError,
        "relu: no such post-processing; there are softmax, sigmoid, argmax",
        None,
    ),
    "axis": (
        lambda g: surgery.postprocess(g, "scores", "softmax", 2),
        UsageError,
        "output scores: axis 2 given, it is float32[1,5]",
        None,
    ),
    "rank": (
        lambda g: surgery.set_shapes(g, {"x": (1, 3, 6)}),
        UsageError,
        "input x: 3 sizes given, it is float32[1,3,6,6]",
        None,
    ),
    "channels": (
        lambda g: surgery.set_shapes(g, {"x": (1, 4, 6, 6)}),
        ConversionError,
        "stem.conv (Conv): x=1,4,6,6 does not fit: Conv gets 4 channels, its weight takes 3",
        "sizes of the old shape are constants in the model: trace it at the new shape, or cut before that operator",
    ),
    "features": (
        lambda g: surgery.set_shapes(g, {"x": (1, 3, 8, 8)}),
        ConversionError,
        "head.fc (Gemm): x=1,3,8,8 does not fit: Gemm gets 256 channels, its weight takes 144",
        "sizes of the old shape are constants in the model: trace it at the new shape, or cut before that operator",
    ),
    "half of nothing": (
        lambda g: surgery.to_float16(g, ["Convv"]),
        UsageError,
        "Convv: no operator, module, node or value has this name",
        "did you mean Conv?",
    ),
    "no expression": (
        lambda g: surgery.replace_pattern(g, "Relu(", "Abs(x)"),
        UsageError,
        "pattern Relu(: is no expression: '(' was never closed",
        'write it as "Relu(Add(x, y))"',
    ),
    "no operator": (
        lambda g: surgery.replace_pattern(g, "3", "Abs(x)"),
        UsageError,
        "pattern 3: names no operator",
        'write it as "Relu(Add(x, y))"',
    ),
    "code": (
        lambda g: surgery.replace_pattern(g, "Relu(print.x)", "Abs(x)"),
        UsageError,
        "pattern Relu(print.x): print.x is no operator, name or number",
        'write it as "Relu(Add(x, y))"',
    ),
    "unknown name in the replacement": (
        lambda g: surgery.replace_pattern(g, "Relu(x)", "Abs(y)"),
        UsageError,
        "replacement: y is no name of the pattern, and no value of the graph",
        "there are x; `mgeconvert inspect MODEL --nodes` lists the nodes and their values",
    ),
    "matches nothing": (
        lambda g: surgery.replace_pattern(g, "Elu(x)", "Abs(x)"),
        UsageError,
        "pattern Elu(x): matches nothing",
        "operators here: Add, Conv, Gemm, Relu, Reshape, Sigmoid, Tanh",
    ),
    "another type": (
        _double,
        ConversionError,
        "stem.relu (Relu): float32[1,4,6,6] would be replaced by float64[1,4,6,6]",
        None,
    ),
}


@pytest.mark.parametrize("case", [case for case in ERRORS if ERRORS[case][2]])
def test_errors(case: str) -> None:
    edit, kind, message, hint = ERRORS[case]
    with pytest.raises(kind) as caught:
        edit(network())
    assert (caught.value.message, caught.value.hint) == (message, hint)  # type: ignore[attr-defined]


def test_weights_beyond_float16() -> None:
    b = Builder()
    b.output("y", b.op("Mul", b.input("x", "float32", (2,)), b.constant([1e6, 1], np.float32, name="big")))
    with pytest.raises(ConversionError, match=r"Mul: big holds 1e\+06, float16 ends at 65504"):
        surgery.to_float16(b.graph, ["Mul"])


def test_a_named_dimension_that_meets_a_number() -> None:
    b = Builder()
    b.output("y", b.op("Add", b.input("x", "float32", (2, 3)), np.ones((2, 3), np.float32)))
    with pytest.raises(ConversionError) as caught:
        surgery.set_shapes(b.graph, {"x": ("N", 3)})
    assert caught.value.message == ("Add: x=N,3 does not fit: Add meets N with the constant size 2, so N cannot vary")
