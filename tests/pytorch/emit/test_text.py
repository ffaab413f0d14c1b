"""Constants as Python source."""

from __future__ import annotations

import math

import numpy as np
import pytest

from mgeconvert_converters.pytorch.emit.text import literal

LARGEST = np.finfo(np.float32).max


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.float32(0.1), "0.1"),
        (np.float32(math.inf), "math.inf"),
        (-LARGEST, "-3.4028234663852886e+38"),
        (LARGEST, "3.4028234663852886e+38"),
        (np.array(1e30, np.float32), "1e+30"),
    ],
)
def test_a_float32_is_short_and_never_above_the_largest(value: np.float32, expected: str) -> None:
    """torch refuses 3.4028235e+38, which numpy prints for the largest float32, as what overflows."""
    assert literal(value) == expected
