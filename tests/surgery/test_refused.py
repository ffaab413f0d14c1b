"""Edits that cannot be made: exact texts and hints."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from mgeconvert import surgery
from mgeconvert.errors import ConversionError, UsageError
from mgeconvert.ir import Graph, Node, Value
from mgeconvert.ir.builder import Builder
from mgeconvert.ir.whole_calls import CALL
from mgeconvert.surgery.behind import put_behind
from mgeconvert.surgery.framing import frame
from mgeconvert.surgery.image_layout import image_layout
from mgeconvert.surgery.structures import structured_outputs
from tests.surgery.networks import network


def _double(graph: Graph) -> Graph:
    return surgery.replace_pattern(graph, "Relu(x)", lambda b, x: b.op("Cast", x, to=11))


NODES = "`mgeconvert inspect MODEL --nodes` lists the nodes and their values"


IMAGES = "is float32[1,3,6,6]"


Edit = Callable[[Graph], object]


WEIGHT = "stem.conv/constant"


OLD = "sizes of the old shape are constants in the model: trace it at the new shape, or cut before that operator"


def one(build: Callable[[Builder, Callable[..., Value]], Value]) -> Graph:
    """A graph with inputs ``x0``, ``x1``, ... and the output ``y``."""
    b = Builder(Graph())
    b.output("y", build(b, lambda *shape, dtype="float32": b.input(f"x{len(b.graph.inputs)}", dtype, shape)))
    return b.graph


def node(b: Builder, op: str, *inputs: Value, name: str = "", domain: str = "", **attrs: Graph) -> Value:
    """The result of a node whose type is not inferred."""
    output = Value(name or f"{op}_out", np.dtype(np.float32))
    b.graph.nodes.append(Node(op, list(inputs), [output], dict(attrs), name or op.lower(), domain=domain))
    return output


def unknown() -> Graph:
    """A value ``u`` of unknown rank."""
    return one(lambda b, x: node(b, "Neg", node(b, "Relu", x(3, 4), name="u")))


def branches(b: Builder, x: Callable[..., Value]) -> Value:
    inner = Builder(Graph())
    inner.output("o", inner.op("Relu", inner.input("i", "float32", (2,))))
    return node(b, "If", x(dtype="bool"), then_branch=inner.graph, else_branch=inner.graph)


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
    "rank of a value": (
        lambda _: surgery.assign(unknown(), "u[0] = 1"),
        ConversionError,
        "u[0] = 1: the number of axes of u is not known",
        None,
    ),
    "step along the batch": (
        lambda _: surgery.assign(one(lambda b, x: b.op("Relu", x("N", 4))), "Relu[::2] = 1"),
        ConversionError,
        "Relu[::2] = 1: the size of axis 0, which has a step, is only known at run time",
        None,
    ),
    "type of a part": (
        lambda g: surgery.assign(g, "features[0] = v", constants={"v": np.int64([1])}),
        ConversionError,
        "features[0] = v: int64[1] is assigned to float32[1,4,6,6]",
        None,
    ),
    "half an assignment": (
        lambda g: surgery.assign(g, "features[0] = ("),
        UsageError,
        "--assign features[0] = (: is no assignment",
        'write it as "fc_out[0, 2:5] = 1"',
    ),
    "part of a call": (
        lambda g: surgery.assign(g, "f(x)[0] = 1"),
        UsageError,
        "--assign f(x)[0] = 1: f(x) is no value's name",
        'write it as "fc_out[0, 2:5] = 1"',
    ),
    "behind a constant": (
        lambda g: put_behind(g, WEIGHT, lambda _, value: value),
        UsageError,
        f"{WEIGHT}: is a constant, expected a value that is computed",
        None,
    ),
    "cut at a constant": (
        lambda g: surgery.cut(g, None, [WEIGHT]),
        UsageError,
        f"{WEIGHT}: is a constant, expected a value that is computed",
        NODES,
    ),
    "cut at a value of unknown rank": (
        lambda _: surgery.cut(unknown(), ["u"], None),
        UsageError,
        "input u: its type float32[?] is not known",
        "cut at another value",
    ),
    "delete elsewhere": (
        lambda g: surgery.delete(g, ["Sigmoid"], within=["stem"]),
        UsageError,
        "Sigmoid: nothing to delete in stem",
        None,
    ),
    "half elsewhere": (
        lambda g: surgery.to_float16(g, ["Gemm"], ["stem"]),
        UsageError,
        "Gemm: nothing to compute in float16 in stem",
        None,
    ),
    "a list in a pattern": (
        lambda g: surgery.replace_pattern(g, "Relu([1])", "Abs(x)"),
        UsageError,
        "pattern Relu([1]): [1] is no operator, name or number",
        'write it as "Relu(Add(x, y))"',
    ),
    "a number in the place of a value": (
        lambda g: surgery.replace_pattern(g, "features", "3"),
        UsageError,
        "replacement 3: is no value",
        'write it as "Relu(Add(x, y))"',
    ),
    "a call of the source": (
        lambda _: surgery.flatten(one(lambda b, x: node(b, "svd", x(2), domain=CALL))),
        ConversionError,
        "svd: svd has no other form than the source's call",
        None,
    ),
    "crop to one size": (
        lambda _: frame("x", Value("x", np.dtype(np.float32), (1, 3, "H", 4)), (2, 3), None, (4, 4)),
        UsageError,
        "input x: is float32[1,3,H,4], of no one size to resize or crop to",
        "mgeconvert edit MODEL --shape x=1,3,224,224 gives it one",
    ),
    "layout": (
        lambda g: image_layout(g, "x", "nwhc"),
        UsageError,
        "layout nwhc: there are nchw and nhwc",
        "--layout nhwc",
    ),
    "subgraphs": (
        lambda _: surgery.cut(one(branches), None, ["y"]),
        ConversionError,
        "if: If has a subgraph; a graph with subgraphs cannot be edited",
        "only inputs and outputs can be renamed",
    ),
    "softmax of integers": (
        lambda _: surgery.postprocess(one(lambda b, x: b.op("Neg", x(3, 4, dtype="int32"))), "y", "softmax"),
        UsageError,
        "output y: softmax takes floats, it is int32[3,4]",
        None,
    ),
    "two images": (
        lambda _: surgery.preprocess(one(lambda b, x: b.op("Add", x(1, 3, 4, 4), x(1, 3, 4, 4))), mean=[1]),
        UsageError,
        "2 inputs are of rank 4, expected one to pre-process",
        "say which with --preprocess-input: x0, x1",
    ),
    "a vector as an image": (
        lambda _: surgery.preprocess(one(lambda b, x: b.op("Relu", x(3, 4))), "x0", mean=[1]),
        UsageError,
        "input x0: is float32[3,4], expected an image [N,C,H,W] with a known C",
        None,
    ),
    "elements": (
        lambda _: surgery.set_shapes(one(lambda b, x: b.op("Reshape", x(2, 6, 4), [2, 2, 12])), {"x0": (2, 5, 4)}),
        ConversionError,
        "Reshape: x0=2,5,4 does not fit: Reshape gets 20 elements, no multiple of 12",
        OLD,
    ),
    "half a pixel": (
        lambda _: surgery.set_shapes(
            one(lambda b, x: b.op("Resize", x(1, 1, 4, 4), None, None, [1, 1, 6, 6])), {"x0": (1, 1, 5, 5)}
        ),
        ConversionError,
        "Resize: x0=1,1,5,5 does not fit: Resize would give 1, 1, 15/2, 15/2, no whole sizes",
        OLD,
    ),
    "a rank less": (
        lambda _: surgery.set_shapes(one(lambda b, x: b.op("Squeeze", x(3, 2, 1))), {"x0": (1, 2, 1)}),
        ConversionError,
        "Squeeze: x0=1,2,1 does not fit: Squeeze would give float32[2]",
        OLD,
    ),
    "a key twice": (
        lambda _: structured_outputs('{"a": x, "a": y}'),
        UsageError,
        '{"a": x, "a": y}: is no structure of names',
        'write it as ({"scores": fc_out}, "layer4.0"), with names that are no identifiers in quotes',
    ),
    "a number as a name": (
        lambda _: structured_outputs("(x, 3)"),
        UsageError,
        "(x, 3): is no structure of names",
        'write it as ({"scores": fc_out}, "layer4.0"), with names that are no identifiers in quotes',
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
