"""What a composition refuses, mostly for sizes that only the run knows, with the exact reason."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mgeconvert.compose.driver import load_table
from mgeconvert.compose.sequences import Sequences
from mgeconvert.compose.table import COMPOSITIONS, FORMS, PARTIAL
from mgeconvert.errors import RefusedError
from mgeconvert.ir import Graph, Node, Value
from mgeconvert.ir.builder import Builder

load_table()
RUN = "known only at run time"
FLOAT, INT64, BOOL = np.dtype("float32"), np.dtype("int64"), np.dtype("bool")


def x(*shape: int | str, dtype: Any = FLOAT) -> Value:
    """A computed value of that type."""
    return Value("x", np.dtype(dtype), shape)


def c(numbers: Any, dtype: Any = INT64) -> Value:
    """A constant."""
    array = np.array(numbers, dtype)
    return Value("c", array.dtype, array.shape, array)


def body(*ops: str, carries: int = 1, collects: int = 0, is_computed: bool = False) -> Graph:
    """A loop's body: the first state goes through the operators; whether it goes on may be computed of it."""
    b = Builder(Graph())
    b.input("turn", INT64, ())
    going = b.input("going", BOOL, ())
    states = [b.input(f"s{at}", FLOAT, (2,)) for at in range(carries)]
    b.output("again", b.op("Less", b.op("ReduceMax", states[0], keepdims=0), 3.0) if is_computed else going)
    value = states[0]
    for op in ops:
        value = b.op(op, value)
    for at in range(carries + collects):
        b.output(f"y{at}", value)
    return b.graph


def slices() -> Graph:
    """The body of a Scan that collects what it reads."""
    b = Builder(Graph())
    b.output("y", b.op("Neg", b.input("part", FLOAT, (3,))))
    return b.graph


def holder() -> Graph:
    """A body with a loop in it."""
    graph = body("Neg")
    graph.nodes.append(Node("Loop", [c(1), c(True, bool), x(2)], [x(2)], {"body": body("Neg")}))
    return graph


GAPS = {"kernel_shape": (2, 2), "dilations": (2, 2), "strides": (1, 1), "pads": (0, 0, 0, 0)}
CROP = {"mode": "linear", "coordinate_transformation_mode": "tf_crop_and_resize"}
MS = "com.microsoft."
REFUSED: dict[str, tuple[str, list[Value | None], dict[str, Any], str]] = {
    "hardmax": ("Hardmax", [x(2, "N")], {}, f"a Hardmax over a size {RUN} (N)"),
    "fused activation": (
        MS + "FusedGemm", [x(2, 3), x(3, 4), None], {"activation": "Wobble"}, "a fused Wobble"
    ),
    "loop without a count": (
        "Loop", [None, c(True, bool), x(2)], {"body": body("Neg")}, "a loop without a number of turns"
    ),
    "loop with a condition": (
        "Loop", [c(3), c(True, bool), x(2)], {"body": body("Neg", is_computed=True)},
        "a loop that ends when a condition says so"
    ),
    "long loop": (
        "Loop", [c(1000), c(True, bool), x(2)], {"body": body("Neg")},
        "a loop of 1000 turns of 1 operators, more than are laid out one after the other",
    ),
    "no turn": (
        "Loop", [c(0), c(True, bool), x(2)], {"body": body("Neg", collects=1)},
        "a loop without a turn, whose results are empty",
    ),
    "loop in a loop": ("Loop", [c(2), c(True, bool), x(2)], {"body": holder()}, "a loop in a loop"),
    "scan": ("Scan", [x("T", 3)], {"body": slices()}, f"a Scan over a size {RUN} (T)"),
    "scan of nothing": ("Scan", [x(0, 3)], {"body": slices()}, "a Scan over nothing"),
    "labels": (
        "Einsum", [x(2, 3), x(3, 4)], {"equation": "ij,j->i"}, "j has not as many labels as its operand dimensions"
    ),
    "diagonal": (
        "Einsum", [x("N", "N")], {"equation": "ii->i"}, f"the diagonal of label i, whose size is {RUN}"
    ),
    "label of the result": (
        "Einsum", [x(2, 3)], {"equation": "ij->ik"}, "a label of the result that no operand has"
    ),
    "batches of a product": (
        MS + "FusedMatMul", [x(2, 3), x(3, 4)], {"transBatchA": 1}, "transBatchA or transBatchB"
    ),
    "rounded up": (
        "LpPool", [x(1, 2, 5, 5)], {"kernel_shape": (2, 2), "ceil_mode": 1},
        "LpPool whose last window may stand beyond the image",
    ),
    "average with gaps": (
        "AveragePool", [x("N", 2, 5, 5)], GAPS, f"a pool with gaps between the elements of a window, of sizes {RUN}"
    ),
    "maximum with gaps": (
        "MaxPool", [x(1, 2, 5, 5, dtype="int8")], GAPS,
        "a pool with gaps between the elements of a window, or with positions, of integers or unknown sizes",
    ),
    "last of equals": (
        "ArgMax", [x("N", 3)], {"axis": 0, "select_last_index": 1}, f"the last of equals along a size {RUN} (N)"
    ),
    "resize": ("Resize", [x(1, 1, "H", 4)], CROP, f"a resize whose sizes are {RUN}"),
    "blocks by channels": (
        "SpaceToDepth", [x(1, 2, "H", 4)], {"blocksize": 2, "mode": "CRD"},
        f"blocks of an image whose size is {RUN}"
    ),
    "triangle": ("Trilu", [x("N", 3), x(dtype=INT64)], {}, f"a triangle of sizes {RUN}"),
    "blocks of scales": (
        "DequantizeLinear", [x(2, 3, dtype="int8"), x(2, 3)], {}, "scales of blocks computed at run time"
    ),
    "shift": (
        "BitShift", [Value("x", None, (2,)), x(2, dtype="uint8")], {"direction": "LEFT"}, "numbers of unknown type"
    ),
    "unknown rank": ("Hardmax", [Value("x", FLOAT, None)], {}, "an input of unknown rank"),
}  # fmt: skip
"""What is refused: the operator with its operands and attributes, the reason."""


@pytest.mark.parametrize("case", REFUSED)
def test_a_form_is_refused(case: str) -> None:
    key, inputs, attrs, reason = REFUSED[case]
    function = COMPOSITIONS.get(key) or {**FORMS, **PARTIAL}[key][1]
    node = Node(key.removeprefix(MS), inputs, [Value("y", FLOAT, None)], attrs)
    with pytest.raises(RefusedError) as refused:
        function(Builder(Graph()), node)
    assert refused.value.reason == reason


SEQUENCES: dict[str, tuple[str, list[Value | None], str]] = {
    "a position": ("SequenceAt", [x(1), c(2)], "position 2 of a sequence of 0"),
    "parts": ("SplitToSequence", [x("N", 2)], f"parts of a size {RUN} (N)"),
    "a sequence": ("SequenceLength", [x(2)], f"a sequence whose parts are {RUN}"),
}


@pytest.mark.parametrize("case", SEQUENCES)
def test_a_sequence_is_refused(case: str) -> None:
    op, inputs, reason = SEQUENCES[case]
    sequences = Sequences()
    if case == "a position":
        assert inputs[0] is not None
        sequences.parts[inputs[0]] = []
    with pytest.raises(RefusedError) as refused:
        sequences.resolve(Builder(Graph()), Node(op, inputs, [Value("y", FLOAT, None)], {}))
    assert refused.value.reason == reason
