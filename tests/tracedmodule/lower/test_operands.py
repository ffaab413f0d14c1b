"""Python numbers as MegEngine stores them in tensors: exactly what MegEngine 1.13 gave for each."""

from __future__ import annotations

import math

import numpy as np
import pytest

from mgeconvert.tracedmodule.lower.operands import promoted_dtype, stored
from mgeconvert.tracedmodule.lower.shapes import ShapeBuilder, sizes_of

NUMBERS = [
    (300, "uint8", 44), (-1, "uint8", 255), (40000, "uint8", 64), (3000000000, "uint8", 0), (2.7, "uint8", 2),
    (300.7, "uint8", 44), (-1.7, "uint8", 255), (3e9, "uint8", 0), (128, "int8", -128), (300, "int8", 44),
    (-1.5, "int8", -1), (70000, "int16", 4464), (3000000000, "int32", -1294967296), (-3000000000, "int32", 1294967296),
    (2**31, "int32", -(2**31)), (2**40, "int32", 0), (3e9, "int32", -(2**31)), (-3e9, "int32", -(2**31)),
    (math.inf, "int32", -(2**31)), (math.nan, "int32", -(2**31)), (-2.7, "int32", -2), (300, "bool", True),
    (0, "bool", False), (2**40, "float32", float(2**40)), (16777217, "float32", 16777216.0),
    (1e40, "float32", math.inf),
    (70000, "float16", math.inf), (True, "uint8", 1), (True, "float32", 1.0),
]  # fmt: skip


@pytest.mark.parametrize(("number", "dtype", "expected"), NUMBERS)
def test_a_number_in_a_tensor(number: float, dtype: str, expected: float) -> None:
    array = stored(number, np.dtype(dtype))
    assert (array.dtype, array.shape, array.item()) == (np.dtype(dtype), (), expected)


@pytest.mark.parametrize("number", [2**63, 2**64, -(2**70)])
def test_a_number_beyond_64_bits_beside_floats(number: int) -> None:
    assert promoted_dtype([np.zeros(1, np.float32), number]) == np.float32
    assert stored(number, np.dtype(np.float32)) == np.float32(float(number))


def test_what_is_no_operand() -> None:
    with pytest.raises(ValueError, match=r"^a str where a tensor is expected$"):
        promoted_dtype(["text"])  # type: ignore[list-item]


@pytest.mark.parametrize("shape", ["12", b"12", 1.5, None])
def test_what_is_no_shape(shape: object) -> None:
    with pytest.raises(ValueError, match=rf"^a {type(shape).__name__} where sizes are expected$"):
        sizes_of(ShapeBuilder(), shape)  # type: ignore[arg-type]
