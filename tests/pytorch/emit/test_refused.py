"""What has no expression of torch, with the exact text; torch itself is not needed for this."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mgeconvert import registry
from mgeconvert.errors import BadInputError, UsageError
from mgeconvert.ir import Graph, Node, Value
from mgeconvert.ir.builder import Builder
from mgeconvert_converters.pytorch.emit import table
from tests.harness import operators
from tests.pytorch.judge import FILE, said

Build = Callable[[Builder, Callable[..., Value]], Value]
BACKEND = registry.backend("pytorch")
RUN = "only known at run time"


def ones(*shape: int, dtype: str = "float32") -> np.ndarray:
    return np.ones(shape, dtype)


def raw(b: Builder, op: str, inputs: list[Value | None], output: Value) -> Value:
    """A node as a file has it whose types nobody knows."""
    b.graph.nodes.append(Node(op, inputs, [output], name=op.lower()))
    return output


STATISTICS = [ones(3)] * 4
LSTM = (ones(1, 20, 4), ones(1, 20, 5))
REFUSED: dict[str, tuple[Build, str]] = {
    "swish of integers": (
        lambda b, x: raw(b, "Swish", [x(3, dtype="int32")], Value("y", np.dtype("int32"), (3,))),
        "Swish: Swish of int32",
    ),
    "four axes": (
        lambda b, x: b.op("Conv", x(1, 1, 2, 2, 2, 2), ones(1, 1, 1, 1, 1, 1)),
        "Conv: a convolution of 4 axes; torch has at most 3",
    ),
    "shifted": (
        lambda b, x: b.op("BitShift", x(3, dtype="uint32"), x(3, dtype="uint32"), direction="LEFT"),
        "BitShift: torch does not shift uint32",
    ),
    "extreme": (
        lambda b, x: b.op("Min", x(3, dtype="uint16"), x(3, dtype="uint16")),
        "Min: torch has no torch.minimum of uint16",
    ),
    "missing": (
        lambda b, x: raw(b, "Softmax", [None, x(3)], Value("y", np.dtype("float32"), (3,))),
        "Softmax: lacks its input 0",
    ),
    "unknown rank": (
        lambda b, x: b.op(
            "BatchNormalization", raw(b, "Relu", [x(1, 3)], Value("r", np.dtype("float32"))), *STATISTICS
        ),
        "BatchNormalization: a tensor of unknown rank",
    ),
    "unknown type": (
        lambda b, x: raw(b, "EyeLike", [x(3, 3)], Value("y", None, (3, 3))), "EyeLike: a result of unknown type"
    ),
    "no such type": (
        lambda b, x: b.op("Cast", x(3), to=21), "Cast: torch has no uint4 tensors"
    ),
    "backward": (
        lambda b, x: b.op("Slice", x(4, 3), x(1, dtype="int64"), x(1, dtype="int64"), [0], [-1]),
        f"Slice: a backward slice between bounds that are {RUN}",
    ),
    "backward along N": (
        lambda b, x: b.op("Slice", x("N", 3), [5], [0], [0], [-1]),
        f"Slice: a backward slice of an axis whose size is {RUN}",
    ),
    "cropped by a reflection": (
        lambda b, x: b.op("Pad", x(1, 2, 4, 4), np.int64([0, 0, -1, 0, 0, 0, 1, 0]), mode="reflect"),
        "Pad: a negative padding in mode reflect",
    ),
    "normalized over N": (
        lambda b, x: b.op("LayerNormalization", x(2, "N"), x("N"), axis=-1),
        "LayerNormalization: layer normalization over sizes known at run time only",
    ),
    "even window": (
        lambda b, x: b.op("LRN", x(1, 4, 3, 3), size=4),
        "LRN: a window of 4 channels: torch pads even windows on the other side",
    ),
    "mask": (lambda b, x: b.ops("Dropout", 2, x(3))[1], "Dropout: the mask of a dropout"),
    "same": (
        lambda b, x: b.op("MaxPool", x(1, 1, 5, 5), kernel_shape=(2, 2), strides=(2, 2), auto_pad="SAME_LOWER"),
        "MaxPool: auto_pad=SAME_LOWER",
    ),
    "16 bits without a sign": (
        lambda b, x: b.op("QuantizeLinear", x(4), np.float32(0.1), np.uint16(3)),
        "QuantizeLinear: torch has no uint16 tensors",
    ),
    "sequence lengths": (
        lambda b, x: b.ops("LSTM", 1, x(3, 2, 4), *LSTM, None, np.int32([1, 3]), hidden_size=5)[0],
        "LSTM: lengths of sequences, peepholes, a clip or another layout",
    ),
    "activations": (
        lambda b, x: b.ops("LSTM", 1, x(3, 2, 4), *LSTM, hidden_size=5, activations=("Sigmoid", "Relu", "Tanh"))[0],
        "LSTM: other activations than torch's",
    ),
    "one state": (
        lambda b, x: b.ops("LSTM", 1, x(3, 2, 4), *LSTM, None, None, x(1, 2, 5), hidden_size=5)[0],
        "LSTM: one initial state of two",
    ),
    "nothing resized": (
        lambda b, x: b.op("Resize", x(1, 1, 0, 4), None, np.float32([1, 1, 2, 3]), mode="cubic",
                          coordinate_transformation_mode="half_pixel_symmetric"),
        "Resize: a Resize of no elements",
    ),
    "one hot": (
        lambda b, x: b.op("OneHot", x(3, dtype="int64"), [4], np.float64([0.1, 1])), "OneHot: OneHot of torch.float64"
    ),
}  # fmt: skip
"""What is built, and what is said of it."""


@pytest.mark.parametrize("case", REFUSED)
def test_a_form_is_refused(case: str) -> None:
    build, reason = REFUSED[case]
    b = Builder(Graph())

    def x(*shape: int | str, dtype: str = "float32") -> Value:
        return b.input(f"x{len(b.graph.inputs)}", dtype, shape)

    b.output("y", build(b, x))
    assert said(b.graph) == reason


COMPOSED: dict[str, Build] = {
    "training": lambda b, x: b.ops("BatchNormalization", 3, x(2, 3, 4), *STATISTICS, training_mode=1)[0],
    "blocks": lambda b, x: b.op("DequantizeLinear", x(4, 4, dtype="int8"), ones(2, 4), axis=0, block_size=2),
    "clipped": lambda b, x: b.ops("LSTM", 1, x(3, 2, 4), *LSTM, hidden_size=5, clip=1.0)[0],
    "coupled": lambda b, x: b.ops("LSTM", 1, x(3, 2, 4), *LSTM, hidden_size=5, input_forget=1)[0],
}
"""What torch has in no form of its own, and composed of others."""


@pytest.mark.parametrize("case", COMPOSED)
def test_a_form_is_composed(case: str) -> None:
    b = Builder(Graph())

    def x(*shape: int | str, dtype: str = "float32") -> Value:
        return b.input(f"x{len(b.graph.inputs)}", dtype, shape)

    b.output("y", COMPOSED[case](b, x))
    assert said(b.graph) == ""


def test_rows_are_written_or_refused_as_the_table_says() -> None:
    """What torch computes of them is a test of the reference lane."""
    known: dict[str, str] = json.loads(FILE.read_text())
    rows = operators.rows()
    found = {row.id: reason for row in rows if (reason := said(row.graph()))}
    assert found == {row.id: known[row.id] for row in rows if row.id in known}


def test_a_key_is_claimed_once() -> None:
    with pytest.raises(ValueError, match=r"^Relu is emitted twice$"):
        table.emit("Relu")(lambda _: "")


def written(folder: Path) -> Path:
    b = Builder(Graph())
    b.output("y", b.op("Mul", b.input("x", "float32", (2, 3)), ones(3)))
    BACKEND.save(b.graph, folder / "net.py")
    return folder / "net.py"


def test_other_inputs(tmp_path: Path) -> None:
    path = written(tmp_path)
    assert BACKEND.run is not None
    for feeds, given in (({}, "none"), ({"x": ones(2, 3), "z": ones(1)}, "x, z")):
        with pytest.raises(UsageError) as error:
            BACKEND.run(path, feeds)
        assert error.value.message == f"{path}: the inputs are x; given: {given}"


def test_a_damaged_description(tmp_path: Path) -> None:
    path = written(tmp_path)
    weights = path.with_suffix(".safetensors")
    content = weights.read_bytes()
    assert content.count(b'\\"inputs\\"') == 1
    weights.write_bytes(content.replace(b'\\"inputs\\"', b'\\"output\\"'))
    assert BACKEND.describe is not None
    with pytest.raises(BadInputError) as error:
        BACKEND.describe(path)
    assert error.value.message == f"{weights}: its description of inputs and outputs is damaged"
