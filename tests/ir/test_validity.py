"""Nodes that can never be computed are refused where they are made, with what is wrong."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from mgeconvert.errors import ConversionError
from mgeconvert.ir.builder import Builder

IMAGE = (1, 4, 8, 8)
W = np.ones((6, 4, 3, 3), np.float32)
FOUR, FIVE = np.ones(4, np.float32), np.ones(5, np.float32)
WINDOW = {"kernel_shape": (2, 2)}

WRONG: list[tuple[str, tuple[Any, ...], dict[str, Any], str]] = [
    ("Resize", (None, np.ones(4, np.float32)), {"mode": "area"}, "mode is 'area', expected nearest or linear or cubic"),
    (
        "GridSample",
        (np.ones((1, 2, 2, 2), np.float32),),
        {"align_corners": 255},
        "align_corners is 255, expected 0 or 1",
    ),
    ("GatherND", (np.zeros((2, 5), np.int64),), {}, "indices of 5 axes into data of 4"),
    ("GatherND", (np.zeros((1, 4), np.int64),), {"batch_dims": 1}, "indices of 4 axes into data of 3"),
    ("ScatterND", (np.zeros((2, 5), np.int64), np.ones(2, np.float32)), {}, "indices of 5 axes into data of 4"),
    ("MaxPool", (), {"kernel_shape": (-(1 << 63), 3)}, f"kernel_shape is [{-(1 << 63)}, 3], expected 1 or more"),
    ("MaxPool", (), {**WINDOW, "strides": (0, 1)}, "strides is [0, 1], expected 1 or more"),
    ("MaxPool", (), {**WINDOW, "pads": (0, 0, 1 << 40, 0)}, f"pads is [0, 0, {1 << 40}, 0], expected whole numbers"),
    ("MaxPool", (), {**WINDOW, "pads": (0, 0, 0)}, "pads is [0, 0, 0], expected 4 numbers"),
    ("AveragePool", (), {"kernel_shape": (20, 2)}, "its output would have the sizes"),
    ("Conv", (W,), {"group": 2}, "4 channels, its weight takes 8"),
    ("Conv", (np.ones((3, 2, 3, 3), np.float32),), {"group": 2}, "3 channels of output in 2 groups"),
    ("Conv", (W, FIVE), {}, "bias is of shape [5], expected [6]"),
    ("ConvTranspose", (W,), {}, "4 channels, its weight takes 6"),
    ("BatchNormalization", (FOUR, FOUR, FIVE, FOUR), {}, "operand 3 is of shape [5], expected [4]"),
    ("GroupNormalization", (FOUR, FOUR), {"num_groups": 3}, "4 channels in 3 groups"),
    ("LayerNormalization", (FIVE,), {}, "operand 1 of shape [5] does not fit an input of [1, 4, 8, 8]"),
    ("Reshape", (np.array(256),), {}, "operand 1 of shape [], expected a vector"),
    (
        "Resize",
        (None, np.array([1, 1, 0, 2], np.float32)),
        {},
        "scales are [1.0, 1.0, 0.0, 2.0], expected numbers above",
    ),
    ("Resize", (None, None, np.array([1, 4, 8, 0])), {}, "sizes are [1, 4, 8, 0], expected numbers above 0"),
    ("Resize", (None, None, np.array([1 << 40])), {"axes": (2,)}, f"sizes are [{1 << 40}], expected numbers above 0"),
    ("Pad", (np.zeros(6, np.int64),), {}, "6 pads for 4 axes"),
    ("Pad", (np.zeros(8, np.int64), FIVE), {}, "a value of shape [5], expected one number"),
    ("Clip", (FIVE,), {}, "a lower limit of shape [5], expected one number"),
    ("Clip", (None, FIVE), {}, "an upper limit of shape [5], expected one number"),
    ("NonMaxSuppression", (np.ones((1, 1, 4), np.float32),), {}, "boxes of shape [1, 4, 8, 8], expected 3 axes"),
    ("Gather", (np.array([0, 8]),), {"axis": 3}, "positions 0 to 8 of 8 along axis 3"),
    ("GatherElements", (np.full(IMAGE, -5),), {"axis": 1}, "positions -5 to -5 of 4 along axis 1"),
    ("Softmax", (), {"axis": 4}, "axis 4 of 4 axes"),
    ("Transpose", (), {"perm": (0, 1, 2)}, "perm is [0, 1, 2] for 4 axes"),
    ("Relu", (FOUR,), {}, "2 operands, expected 1"),
    ("QuantizeLinear", (FIVE, np.zeros(5, np.uint8)), {}, "5 scales for 4 positions of axis 1"),
]


@pytest.mark.parametrize(("op", "operands", "attrs", "fact"), WRONG, ids=[f"{row[0]}-{row[3]}" for row in WRONG])
def test_a_node_that_cannot_be(op: str, operands: tuple[Any, ...], attrs: dict[str, Any], fact: str) -> None:
    b = Builder()
    x = b.input("x", "float32", IMAGE)
    with pytest.raises(ConversionError) as caught:
        b.op(op, x, *operands, **attrs)
    assert f"{op}: {fact}" in caught.value.message


def test_what_is_open_is_not_judged() -> None:
    b = Builder()
    x = b.input("x", "float32", ("N", "C", "H", "W"))
    y = b.op("Conv", x, W)
    assert b.op("LayerNormalization", b.op("MaxPool", y, kernel_shape=(20, 2)), FIVE).rank == 4


@pytest.mark.parametrize(
    ("boxes", "scores", "fact"),
    [
        ((1, 5, 3), (1, 1, 5), "boxes of shape [1, 5, 3], expected 4 numbers each"),
        ((1, 5, 4), (1, 1, 6), "boxes of shape [1, 5, 4] and scores of [1, 1, 6]"),
        ((1, 5, 4), (1, 5), "scores of shape [1, 5], expected 3 axes"),
    ],
)
def test_boxes_and_scores(boxes: tuple[int, ...], scores: tuple[int, ...], fact: str) -> None:
    b = Builder()
    with pytest.raises(ConversionError, match=re.escape(fact)):
        b.op("NonMaxSuppression", b.input("x", "float32", boxes), b.input("s", "float32", scores))


def test_an_image_without_pixels() -> None:
    b = Builder()
    x = b.input("x", "float32", (0, 1, 4, 4))
    assert b.op("Resize", x, None, None, np.array([0, 1, 8, 8])).rank == 4
    with pytest.raises(ConversionError, match=re.escape("an input of shape [0, 1, 4, 4] for the sizes [1, 1, 8, 8]")):
        b.op("Resize", x, None, None, np.array([1, 1, 8, 8]))
