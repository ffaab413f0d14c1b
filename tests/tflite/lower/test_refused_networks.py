"""Recurrent layers, custom operators, subgraphs and resources in forms that are not read: exact reasons."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flatbuffers import flexbuffers  # type: ignore[import-untyped,unused-ignore]

from mgeconvert.errors import BadInputError, UnsupportedError
from mgeconvert.ir import Value
from mgeconvert_converters.tflite import FRONTEND
from mgeconvert_converters.tflite.lower import table
from tests.tflite.files import G, O, T, constant, file_of

from .rows import P, Row, X, ints

STATE = P(2, 3, variable=True)
KERNELS: list[X | None] = [P(3, 4)] * 4
RECURRENT: list[X | None] = [P(3, 3)] * 4
BIASES: list[X | None] = [P(3)] * 4
NOTHING: list[X | None] = [None] * 4
SEQUENCE = {"FusedActivationFunction": 4, "TimeMajor": True}


def lstm(
    x: X | None = None,
    kernels: Sequence[X | None] = KERNELS,
    projection: X | None = None,
    norms: Sequence[X | None] = NOTHING,
    **options: Any,
) -> bytes:
    operands = [*kernels, *RECURRENT, *NOTHING[:3], *BIASES, projection, None, STATE, STATE, *norms]
    given = X(5, 2, 4) if x is None else x
    return Row("UNIDIRECTIONAL_SEQUENCE_LSTM", given, *operands, **{**SEQUENCE, **options}).file()


def both_ways(peepholes: Sequence[X | None] = NOTHING[:3], auxiliary: Sequence[X | None] = ()) -> bytes:
    first = [*KERNELS, *RECURRENT, *NOTHING[:3], *BIASES, None, None]
    second = [*KERNELS, *RECURRENT, *peepholes, *BIASES, None, None]
    operands = [*first, *second, *[STATE] * 4, *auxiliary]
    return Row("BIDIRECTIONAL_SEQUENCE_LSTM", X(5, 2, 4), *operands, MergeOutputs=True, **SEQUENCE).file()


def file(tensors: Sequence[T], inputs: Sequence[str], operators: Sequence[O], *others: G, output: str = "y") -> bytes:
    return file_of(G(tensors, inputs, [output], operators), *others, key="serving_default")


def custom(name: str, options: bytes, shapes: dict[str, Sequence[int]], results: str = "y", *constants: T) -> bytes:
    """A file of one custom operator."""
    outputs = results.split()
    tensors = [*(T(each, shape) for each, shape in shapes.items()), *constants, *map(T, outputs)]
    operands = [*shapes, *(each.name for each in constants)]
    return file_of(
        G(tensors, list(shapes), outputs, [O("CUSTOM", operands, outputs, custom=(name, options))]),
        key="serving_default",
    )


LANDMARKS: dict[str, Sequence[int]] = {"x": (1, 6), "m": (1, 4, 4)}
IMAGE: dict[str, Sequence[int]] = {"x": (1, 4, 4, 1)}
DETECTION = {
    "max_detections": 5, "max_classes_per_detection": 1, "detections_per_class": 4, "use_regular_nms": False,
    "nms_score_threshold": 0.2, "nms_iou_threshold": 0.5, "num_classes": 3, "y_scale": 10.0, "x_scale": 10.0,
    "h_scale": 5.0, "w_scale": 5.0,
}  # fmt: skip


def flexible(options: Any) -> bytes:
    return bytes(flexbuffers.Dumps(options))


def detection(anchors: int = 12, **options: Any) -> bytes:
    given = constant("a", np.ones((anchors, 4)))
    shapes: dict[str, Sequence[int]] = {"e": (1, 12, 4), "p": (1, 12, 4)}
    return custom("TFLite_Detection_PostProcess", flexible({**DETECTION, **options}), shapes, "b c s n", given)


def unary(operator: O) -> G:
    return G([T("a", (1, 4)), T("b", (1, 4))], ["a"], ["b"], [operator])


def branch(operands: Sequence[str] = ("c", "x"), number: int = 1, inner: O | None = None) -> bytes:
    tensors = [T("x", (1, 4)), constant("c", [True], "bool"), T("y", (1, 4))]
    options = {"ThenSubgraphIndex": number, "ElseSubgraphIndex": number}
    operators = [O("IF", operands, ["y"], "IfOptions", options)]
    return file(tensors, ["x"], operators, unary(inner or O("NEG", ["a"], ["b"])))


def suppressed(op: str, limit: int, *more: P, out: str) -> bytes:
    numbers = (P(values=np.float32(0.5)), P(values=np.float32(0.5)))
    return Row(op, X(5, 4), X(5), ints(limit), *numbers, *more, out=out).file()


def spectrum(shape: Sequence[int]) -> bytes:
    tensors = [T("x", (1, 4, 4)), constant("s", shape, "int32"), T("c", (), "COMPLEX64"), T("y")]
    return file(tensors, ["x"], [O("RFFT2D", ["x", "s"], ["c"], "Rfft2dOptions"), O("REAL", ["c"], ["y"])])


RANDOM = "random numbers differ at each run, so nothing could be verified; draw them outside and make them an input"
REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "coupled gates": (
        lambda: lstm(kernels=[None, *KERNELS[1:]]), "an LSTM whose input gate is one minus its forget gate"
    ),
    "projection": (lambda: lstm(projection=P(3, 3)), "a projection or normalization"),
    "normalization": (lambda: lstm(norms=[P(3)] * 4), "a projection or normalization"),
    "activation": (lambda: lstm(FusedActivationFunction=5), "activation number 5, or clipping"),
    "clipped cell": (lambda: lstm(CellClip=1.0), "activation number 4, or clipping"),
    "integers": (lambda: lstm(X(5, 2, 4, dtype="int8", quantized=True)), "a recurrent network of integers"),
    "activation of a sequence": (
        lambda: Row("UNIDIRECTIONAL_SEQUENCE_RNN", X(5, 2, 4), P(3, 4), P(3, 3), P(3), STATE,
                    FusedActivationFunction=3, TimeMajor=True).file(),
        "activation number 3",
    ),
    "activation of a step": (
        lambda: Row("RNN", X(2, 4), P(3, 4), P(3, 3), P(3), STATE, FusedActivationFunction=3).file(),
        "activation number 3",
    ),
    "auxiliary": (lambda: both_ways(auxiliary=[X(5, 2, 4)]), "an auxiliary input"),
    "peepholes": (lambda: both_ways([P(3)] * 3), "peepholes in two directions"),
    "computed bias": (
        lambda: Row("UNIDIRECTIONAL_SEQUENCE_RNN", X(5, 2, 4), P(3, 4), P(3, 3), X(), STATE, **SEQUENCE).file(),
        "weights whose sizes only the run will tell",
    ),
    "height of 0": (
        lambda: Row("TRANSPOSE_CONV", ints([1, 0, 8, 3]), P(3, 3, 3, 4), X(1, 6, 8, 4), StrideH=2, StrideW=2).file(),
        "an output of [0, 8]",
    ),
    "two sizes": (
        lambda: Row("TRANSPOSE_CONV", ints([1, 8]), P(3, 3, 3, 4), X(1, 6, 8, 4), StrideH=2, StrideW=2).file(),
        "an output of []",
    ),
    "no options": (
        lambda: custom("TransformLandmarks", b"", LANDMARKS), "options that are no FlexBuffers: buffer is too small"
    ),
    "a list of options": (
        lambda: custom("TransformLandmarks", flexible([1, 2]), LANDMARKS), "options that are no map"
    ),
    "dimensions": (
        lambda: custom("TransformLandmarks", flexible({"dimensions": 5}), LANDMARKS), "landmarks [1, 6] of 5 dimensions"
    ),
    "first version": (
        lambda: custom("Landmarks2TransformMatrix", flexible({"left_rotation_idx": 0}), {"x": (1, 6)}),
        "the first version of Landmarks2TransformMatrix",
    ),
    "short options": (
        lambda: custom("MaxPoolingWithArgmax2D", b"\1\0", IMAGE, "v i"), "2 bytes of options, 20 are needed"
    ),
    "padding": (
        lambda: custom("MaxPoolingWithArgmax2D", struct.pack("<9i", 7, *[1] * 8), IMAGE, "v i"),
        "options {'Padding': 7, 'StrideW': 1, 'StrideH': 1, 'FilterWidth': 1, 'FilterHeight': 1}",
    ),
    "classes": (lambda: detection(num_classes=9), "9 classes of 4, 5 boxes"),
    "no detections": (lambda: detection(max_detections=0), "3 classes of 4, 0 boxes"),
    "classes per box": (lambda: detection(max_classes_per_detection=2), "several classes per box"),
    "anchors": (lambda: detection(11), "anchors that do not fit the boxes"),
    "no boxes": (lambda: suppressed("NON_MAX_SUPPRESSION_V4", 0, out="int32 int32"), "0 boxes at most"),
    "soft suppression": (
        lambda: suppressed("NON_MAX_SUPPRESSION_V5", 3, P(values=np.float32(0.7)), out="int32 float32 int32"),
        "scores that decay with the overlap (soft suppression)",
    ),
    "empty transform": (lambda: spectrum([0, 4]), "a transform of 0 x 4"),
    "cast to complex numbers": (
        lambda: file(
            [T("x", (1, 4)), T("c", (1, 4), "COMPLEX64"), T("y")], ["x"],
            [O("CAST", ["x"], ["c"], "CastOptions"), O("REAL", ["c"], ["y"])],
        ),
        "a cast of float32 to complex64",
    ),
    "complex input": (
        lambda: file([T("c", (1, 4), "COMPLEX64"), T("y")], ["c"], [O("REAL", ["c"], ["y"])]),
        "an input that is no tensor of numbers",
    ),
    "real part of a real number": (
        lambda: file([T("c", (1, 4)), T("y")], ["c"], [O("REAL", ["c"], ["y"])]),
        "complex numbers that no RFFT2D makes",
    ),
    "crops": (
        lambda: Row("BATCH_TO_SPACE_ND", X(4, 2, 2, 1), ints([2, 2]), ints([[0, 0]])).file(),
        "blocks [2, 2] with crops [0, 0]",
    ),
    "pads": (
        lambda: Row("SPACE_TO_BATCH_ND", X(1, 4, 4, 1), ints([2, 2]), ints([[0, -1], [0, 0]])).file(),
        "blocks [2, 2] with pads [0, -1, 0, 0]",
    ),
    "no condition": (lambda: branch(["", "x"]), "its condition is missing"),
    "what a branch has": (
        lambda: branch(inner=O("CUSTOM", ["a"], ["b"], custom=("Mine", b""))),
        "a custom operator that is not known; subgraph 1 has operators that are not supported",
    ),
    "a result more": (lambda: Row("NEG", X(2), out="float32 float32").file(), "it has 2 results, 1 are known"),
    "a table": (
        lambda: Row("HASHTABLE", X(2)).file(),
        "a table of texts or integers that is filled when the program starts; look up outside the model",
    ),
    "random numbers": (lambda: Row("RANDOM_UNIFORM", ints([2])).file(), RANDOM),
    "a handle of nothing": (
        lambda: file([T("h", (), "RESOURCE"), T("x", (1, 4)), T("y", (1, 4))], ["x"],
                     [O("READ_VARIABLE", ["h"], ["y"])]),
        "a resource that no VAR_HANDLE makes",
    ),
}  # fmt: skip
"""The file, and the reasons against reading it."""


@pytest.mark.parametrize("case", REFUSED)
def test_a_form_is_refused(case: str, tmp_path: Path) -> None:
    content, reason = REFUSED[case]
    (tmp_path / "m.tflite").write_bytes(content())
    with pytest.raises(UnsupportedError) as refused:
        FRONTEND.load(tmp_path / "m.tflite")
    assert "; ".join(problem.reason for problem in refused.value.problems) == reason


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (lambda: branch(number=7), "subgraph 7 of 2 is called"),
        (lambda: branch(["c", "x", "x"]), "subgraph 1 takes 1 inputs, not 2"),
    ],
)
def test_a_damaged_call(content: Callable[[], bytes], said: str, tmp_path: Path) -> None:
    path = tmp_path / "m.tflite"
    path.write_bytes(content())
    with pytest.raises(BadInputError) as error:
        FRONTEND.load(path)
    assert error.value.message == f"{path}: {said}"


def test_an_operator_is_claimed_once() -> None:
    def again(_: Any) -> Value:
        raise AssertionError

    with pytest.raises(ValueError, match=r"^NEG already has a lowering$"):
        table.lower("NEG")(again)
