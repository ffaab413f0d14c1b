"""Running Caffe files: what its float32 outputs stand for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import mgeconvert
from mgeconvert.ir.builder import Builder
from mgeconvert_converters.caffe.run import run_in_opencv, typed

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


def test_a_file_is_compared_as_what_it_holds_and_as_what_it_stands_for(tmp_path: Path) -> None:
    """A blob of Caffe holds 0.0 and 1.0 for booleans, which a comment of the file says: both are the truth."""
    b = Builder()
    x, y = (b.input(name, np.float32, (2, 3)) for name in "xy")
    b.output("z", b.op("Greater", x, y))
    source, written, read = (tmp_path / name for name in ("source.onnx", "m.prototxt", "read.onnx"))
    mgeconvert.save(b.graph, source)
    mgeconvert.save(b.graph, written)
    report = mgeconvert.convert(written, read).verification
    assert report is not None
    assert (report.passed, report.outputs[0].dtype) == (True, "float32")
    assert mgeconvert.verify(read, written).passed
    assert mgeconvert.verify(source, written).outputs[0].dtype == "bool"


def test_a_net_is_the_same_under_a_name_that_opencv_cannot_open_everywhere(tmp_path: Path) -> None:
    b = Builder()
    x = b.input("x", np.float32, (1, 2, 4, 4))
    b.output("y", b.op("Conv", x, np.arange(12, dtype=np.float32).reshape(6, 2, 1, 1)))
    feeds = {"x": np.random.default_rng(0).random((1, 2, 4, 4)).astype(np.float32)}
    found = []
    for folder in ("plain", "模型"):
        path = tmp_path / folder / "net.prototxt"
        path.parent.mkdir()
        mgeconvert.save(b.graph, path)
        found.append(run_in_opencv(path, feeds)["y"])
    assert np.array_equal(*found)
    assert found[0].any()
