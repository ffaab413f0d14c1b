"""What the storage of tensors refuses."""

from __future__ import annotations

import pytest

from mgeconvert.errors import RefusedError
from mgeconvert_converters.tflite.layout.storage import check_sizes


def test_sizes_of_more_than_32_bits() -> None:
    check_sizes("PAD", (1, "H", (1 << 31) - 1))
    with pytest.raises(RefusedError, match=r"PAD makes a tensor of \[1, 2147483648\]; TFLite's sizes have 32 bits"):
        check_sizes("PAD", (1, 1 << 31))
