"""What a composition refuses, mostly for sizes that only the run knows, with the exact reason."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mgeconvert.compose.driver import load_table
from mgeconvert.compose.pooling import ELEMENTS
from mgeconvert.compose.recurrent import STEPS
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
        MS + "FusedMatMul", [x(2, 3), x(3, 4)], {"transBatchA": 1},
        "batches to transpose in an operand that has none",
    ),
    "groups and what is skipped": (
        MS + "SkipGroupNorm", [x(1, 4, 3, 3), x(4), x(4), x(1, 4, 3, 3)], {"channels_last": 0},
        "a sum with what is skipped whose channels are not last",
    ),
    "activation of groups": (
        MS + "GroupNorm", [x(1, 3, 3, 4), x(4), x(4)], {"groups": 2, "activation": 2}, "the fused activation 2"
    ),
    "packed weights": (
        MS + "MatMulNBits", [x(2, 40), x(6, 3, 8, dtype="uint8"), c(np.ones(18), FLOAT)],
        {"K": 40, "N": 6, "block_size": 16}, "weights that are computed, or in another order",
    ),
    "three bits": (
        MS + "MatMulNBits", [x(2, 40), c(np.ones((6, 3, 6)), np.uint8), c(np.ones(18), FLOAT)],
        {"K": 40, "N": 6, "bits": 3, "block_size": 16}, "weights of 3 bits, or zero points that are computed",
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
    "computed scales of blocks": (
        "DequantizeLinear", [x(2, 4, dtype="int8"), x(2, 2)], {"block_size": 2},
        "blocks whose scales or zero points are computed"
    ),
    "blocks of an open axis": (
        "DequantizeLinear", [x(2, "N", dtype="int8"), c([[1, 2]], FLOAT)], {"block_size": 2},
        "blocks of an axis whose size is open"
    ),
    "shift": (
        "BitShift", [Value("x", None, (2,)), x(2, dtype="uint8")], {"direction": "LEFT"}, "numbers of unknown type"
    ),
    "unknown rank": ("Hardmax", [Value("x", FLOAT, None)], {}, "an input of unknown rank"),
    "packed queries": (
        MS + "MultiHeadAttention", [x(1, 4, 2, 3, 2)], {"num_heads": 2}, "queries, keys and values packed into one"
    ),
    "queries without keys": (
        MS + "MultiHeadAttention", [x(1, 4, 6)], {"num_heads": 2}, "queries, keys and values packed into one"
    ),
    "width of the queries": (
        MS + "MultiHeadAttention", [x(1, 4, "D"), x(1, 4, 6), x(1, 4, 6)], {"num_heads": 2}, f"heads of a size {RUN}"
    ),
    "rotary inside": (
        MS + "Attention", [x(1, 4, 6), x(6, 18)], {"num_heads": 2, "do_rotary": 1},
        "rotary positions inside the operator",
    ),
    "width of the weights": (
        MS + "Attention", [x(1, 4, 6), x(6, "W")], {"num_heads": 2}, f"weights of a size {RUN}"
    ),
    "causal mask": (
        MS + "Attention", [x(1, "L", 6), x(6, 18)], {"num_heads": 2, "unidirectional": 1},
        f"a causal mask of sizes {RUN}",
    ),
    "starts and ends": (
        MS + "Attention", [x(1, 4, 6), x(6, 18), None, x(2, dtype="int32")], {"num_heads": 2},
        "a mask of starts and ends",
    ),
    "mask of four axes": (
        MS + "Attention", [x(1, 4, 6), x(6, 18), None, x(1, 1, 4, 4, dtype="int32")], {"num_heads": 2},
        "a mask of 4 dimensions",
    ),
    "packed sequences": (
        MS + "RotaryEmbedding", [x(1, 4, 6), x(1, dtype=INT64), x(9, 3), x(9, 3)], {"is_packed_batching": 1},
        "sequences that are packed into one",
    ),
    "scaled positions": (
        MS + "RotaryEmbedding", [x(1, 4, 6), x(1, dtype=INT64), x(9, 3), x(9, 3)], {"scale": 0.5},
        "positions that are scaled",
    ),
    "positions of a length": (
        MS + "RotaryEmbedding", [x(1, "L", 6), x(1, dtype=INT64), x(9, 3), x(9, 3)], {},
        f"positions from the first one on, of a length {RUN} (L)",
    ),
    "width of the tables": (
        "RotaryEmbedding", [x(1, 4, 6), x(1, 4, "H"), x(1, 4, "H")], {}, f"tables of a width {RUN}"
    ),
    "heads of a rotation": (
        "RotaryEmbedding", [x(1, 4, "D"), x(1, 4, 3), x(1, 4, 3)], {}, "a number of heads that is not given"
    ),
    "running product": (
        "CumProd", [x("N", 3), c(0)], {}, f"a running product along a size {RUN} (N)"
    ),
    "running product along an axis": (
        "CumProd", [x(2, 3), x(dtype=INT64)], {}, "axis computed at run time"
    ),
    "lengths of a reversal": (
        "ReverseSequence", [x(4, 3, 2), x(3, dtype=INT64)], {}, "lengths of sequences computed at run time"
    ),
    "length of a reversal": (
        "ReverseSequence", [x("T", 3, 2), c([1, 2, 3])], {}, f"a sequence whose length is {RUN} (T)"
    ),
    "sizes of a reversal": (
        "ReverseSequence", [x(3, 3, "A", "B"), c([1, 2, 3])], {}, f"several sizes {RUN}"
    ),
    "places of an update": (
        "TensorScatter", [x(2, 5, 3), x(2, 2, 3), x(2, dtype=INT64)], {}, "places of an update computed at run time"
    ),
    "a long update": (
        "TensorScatter", [x(2, 5, 3), x(2, 2, 3), c([1, 4])], {}, "an update that ends behind the cache"
    ),
    "grouped attention in a window": (
        MS + "GroupQueryAttention",
        [x(1, 3, 8), x(1, 3, 8), x(1, 3, 8), x(1, 1, 4, 8), x(1, 1, 4, 8), c([6], np.int32), c(7, np.int32)],
        {"num_heads": 1, "kv_num_heads": 1, "local_window_size": 2},
        "grouped attention with a window, given positions, a bias, a sink, or packed into one",
    ),
    "grouped attention behind an open cache": (
        MS + "GroupQueryAttention",
        [x(1, 3, 8), x(1, 3, 8), x(1, 3, 8), x(1, 1, "P", 8), x(1, 1, "P", 8), c([6], np.int32), c(7, np.int32)],
        {"num_heads": 1, "kv_num_heads": 1}, "grouped attention over sequences of open length",
    ),
    "heads of flexible attention": (
        "ai.onnx.preview.FlexAttention", [x(1, "H", 3, 8), x(1, "H", 3, 8), x(1, "H", 3, 8)], {},
        "numbers of heads, or their size, that are known only at run time",
    ),
    "a table of bytes": (
        MS + "GatherBlockQuantized", [x(4, 16, dtype="uint8"), x(2, dtype=INT64), x(4, 2)], {},
        "numbers packed into bytes",
    ),
    "a state of open size": (
        "CausalConvWithState", [x(1, 3, 5), x(3, 1, "K")], {}, "weights of a size known only at run time"
    ),
    "no state": ("CausalConvWithState", [x(1, 3, 5), x(3, 1, 1)], {}, "a state without elements"),
    "grouped attention over parts": (
        MS + "GroupQueryAttention",
        [x(2, 3, 8), x(2, 3, 8), x(2, 3, 8), None, None, c([2, 1], np.int32), c(3, np.int32)],
        {"num_heads": 1, "kv_num_heads": 1}, "grouped attention over sequences that are not whole",
    ),
    "long linear attention": (
        "LinearAttention", [x(1, STEPS + 1, 4), x(1, STEPS + 1, 4), x(1, STEPS + 1, 4)],
        {"q_num_heads": 1, "kv_num_heads": 1, "update_rule": "linear"},
        f"linear attention over {STEPS + 1} steps; at most {STEPS} steps are laid out",
    ),
    "size of a rotated head": (
        "RotaryEmbedding", [x(1, 2, 4, "D"), x(1, 4, 3), x(1, 4, 3)], {}, f"heads of a size {RUN} (D)"
    ),
    "length of a transform": ("DFT", [x(1, "L", 1)], {}, f"a transform of a size {RUN}"),
    "half a spectrum back": (
        "DFT", [x(1, 5, 2)], {"inverse": 1, "onesided": 1}, "the inverse of a one-sided transform"
    ),
    "length of a signal": (
        "STFT", [x(1, "L"), c(4), None, c(8)], {}, f"frames of a signal whose size is {RUN}"
    ),
    "length of a window": ("STFT", [x(1, 32), c(4), x("W")], {}, f"a window of a size {RUN}"),
    "four rows": ("Det", [x(1, 4, 4)], {}, "the determinant of 4 rows; those of up to 3 are products"),
    "number of blocks": ("Col2Im", [x(1, 4, "L"), c([4, 4]), c([2, 2])], {}, f"blocks of a number {RUN}"),
    "broadcast label": (
        "Einsum", [x("B", 3), x(1, 3)], {"equation": "bi,bi->b"}, f"a size that is broadcast and {RUN}"
    ),
    "several labels": (
        "Einsum", [x("A", "B", 3), x(3, 4)], {"equation": "abi,ij->abj"}, f"several sizes {RUN}"
    ),
    "centre": ("CenterCropPad", [x("N", 3), c([2, 2])], {}, f"a centre of a tensor whose size is {RUN}"),
    "ones on a diagonal": ("EyeLike", [x("N", 3)], {}, f"a matrix whose size is {RUN}"),
    "large windows with gaps": (
        "MaxPool", [x(1, 1, 99, 99)], {**GAPS, "kernel_shape": (40, 40)},
        f"a pool with gaps, or with positions, of more than {ELEMENTS} elements of a window",
    ),
    "windows that overlap": (
        "MaxUnpool", [x(1, 1, 2, 2), x(1, 1, 2, 2, dtype=INT64)], {"kernel_shape": (2, 2)},
        f"windows that overlap, or a size {RUN}",
    ),
    "unpooled to another size": (
        "MaxUnpool", [x(1, 1, 2, 2), x(1, 1, 2, 2, dtype=INT64)], {"kernel_shape": (2, 2), "strides": (2, 2)},
        "a result of another size than what was pooled: its places are told in two ways",
    ),
    "a type of onnxruntime's": (
        MS + "DequantizeLinear", [x(2, dtype="int16"), c(1, FLOAT)], {}, "type int16"
    ),
    "quantized to 32 bits": (
        "QuantizeLinear", [x(2), x()], {}, "a quantized type that is no integer of 8 or 16 bits"
    ),
    "steps": (
        "GRU", [x(STEPS + 1, 2, 3), c(np.ones((1, 12, 3)), FLOAT), c(np.ones((1, 12, 4)), FLOAT)], {},
        f"a recurrent network of {STEPS + 1} steps at batch 2; at most {STEPS} steps are laid out",
    ),
    "lengths of sequences": (
        "GRU",
        [x(3, 2, 3), c(np.ones((1, 12, 3)), FLOAT), c(np.ones((1, 12, 4)), FLOAT), None, c([1, 3], np.int32)], {},
        "sequences of several lengths",
    ),
    "size of a state": (
        "GRU", [x(3, 2, 3), x(1, 12, 3), x(1, 12, "H")], {}, f"a state of a size {RUN}"
    ),
    "activations": (
        "RNN", [x(3, 2, 3), c(np.ones((1, 4, 3)), FLOAT), c(np.ones((1, 4, 4)), FLOAT)], {"activations": ("Affine",)},
        "a recurrent network with the activations Affine",
    ),
    "resized integers": (
        "Resize", [x(1, 1, 4, 4, dtype="int8"), c([], FLOAT), None, c([1, 1, 8, 8])],
        {"mode": "linear", "antialias": 1}, "a resize of integers that is a weighted sum",
    ),
    "a crop of nothing": (
        "Resize", [x(1, 1, 4, 4), c([], FLOAT), None, c([1, 1, 8, 8])], CROP, "tf_crop_and_resize without a region"
    ),
    "one pixel": (
        "AffineGrid", [x(1, 2, 3), c([1, 1, 1, 4])], {"align_corners": 1}, "the corners of an image of one pixel"
    ),
}  # fmt: skip
"""What is refused: the operator with its operands and attributes, the reason."""


RESULTS: dict[str, tuple[np.dtype, tuple[int | str, ...]]] = {
    "large windows with gaps": (FLOAT, (1, 1, 21, 21)),
    "unpooled to another size": (FLOAT, (1, 1, 5, 5)),
    "windows that overlap": (FLOAT, (1, 1, 3, 3)),
    "quantized to 32 bits": (np.dtype("int32"), (2,)),
    "resized integers": (np.dtype("int8"), (1, 1, 8, 8)),
    "a crop of nothing": (FLOAT, (1, 1, 8, 8)),
}
"""What the operator gives, where that is looked at."""


@pytest.mark.parametrize("case", REFUSED)
def test_a_form_is_refused(case: str) -> None:
    key, inputs, attrs, reason = REFUSED[case]
    function = COMPOSITIONS.get(key) or {**FORMS, **PARTIAL}[key][1]
    result = Value("y", *RESULTS.get(case, (FLOAT, None)))
    node = Node(key.rpartition(".")[2], inputs, [result], attrs)
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
