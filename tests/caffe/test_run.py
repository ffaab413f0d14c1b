"""Running Caffe files: what its float32 outputs stand for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mgeconvert_converters.caffe.run import typed

CASES = [
    ("int32", [2.0**31, 1.5, 2.5, -3.0], [-(2**31), 2, 2, -3]),
    ("uint8", [300.0, -1.0, 7.0], [44, 255, 7]),
    ("bool", [1.0, 0.0], [True, False]),
    ("float32", [0.5, np.inf], [0.5, np.inf]),
]


@pytest.mark.parametrize(("dtype", "computed", "expected"), CASES)
def test_outputs_are_what_the_file_says(
    dtype: str, computed: list[float], expected: list[float], tmp_path: Path
) -> None:
    """Whole numbers are rounded; those beyond the type wrap."""
    net = tmp_path / "net.prototxt"
    net.write_text(f'# output "y" is {dtype}[{len(computed)}]\nname: "net"\n')
    found = typed({"y": np.asarray(computed, np.float32)}, net)["y"]
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, np.asarray(expected, dtype))
