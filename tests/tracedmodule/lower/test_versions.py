"""Files of MegEngine 1.6 to 1.13 and of its last development tree compute the same; they are rewritten ones of 1.13."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import mgeconvert
from mgeconvert.ir.inference import elem_type
from tests.harness import M, goldens
from tests.harness.cases import Row
from tests.harness.check import TARGETS, check_row, difference
from tests.harness.goldens import Golden
from tests.tracedmodule import old_files

ONNX = next(target for target in TARGETS if target.format == "onnx")
VERSIONS = ["1.7.0", "1.8.2", "1.9.1", "1.10.0", "1.11.1", "1.12.0", "1.12.4"]
FAMILIES = (
    "activation", "control", "convolution", "elementwise/functional", "elementwise/opdefs", "indexing/operators",
    "indexing/subscripts", "matmul", "movement/functional", "movement/opdefs", "normalization", "pooling", "recurrent",
    "reduction", "resize", "selection", "structures", "vision",
)  # fmt: skip
"""All but what says the same again in other dtypes, quantized networks and whole ones."""


def calls(family: str, row: Row) -> set[str]:
    return set(goldens.index(goldens.archive(family))["rows"][row.id]["calls"])


CHANGED = {
    *old_files.FUNCTIONS,
    "megengine.core.ops.builtin.BatchNorm",
    "megengine.module.conv.Conv2d",
    "megengine.module.batchnorm.BatchNorm2d",
    "megengine.module.conv_bn.ConvBn2d",
}
EVERY = [(family, row) for family in FAMILIES for row in goldens.families()[family] if not row.xfail]
DIFFERENT = [(family, row) for family, row in EVERY if calls(family, row) & CHANGED]
MODULES = [(family, row) for family, row in EVERY if any(name.startswith(M) for name in calls(family, row))]


def ids(pairs: list[tuple[str, Row]]) -> list[str]:
    return [f"{family}/{row.id}" for family, row in pairs]


def check(row: Row, golden: Golden, model: bytes, folder: Path) -> None:
    check_row(row, replace(golden, model=model), ONNX, folder)


@pytest.mark.parametrize(("family", "row"), EVERY, ids=ids(EVERY))
def test_the_first_version(family: str, row: Row, tmp_path: Path) -> None:
    """Every row in the form of MegEngine 1.6 (a square of integers is float32 there)."""
    golden = goldens.load(family, row)
    if "megengine.functional.elemwise.square" in calls(family, row):
        golden = replace(golden, outputs=[array.astype(np.float32) for array in golden.outputs])
    check(row, golden, old_files.in_form_of(None, golden.model), tmp_path)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(("family", "row"), DIFFERENT, ids=ids(DIFFERENT))
def test_what_differs_between_versions(family: str, row: Row, version: str, tmp_path: Path) -> None:
    golden = goldens.load(family, row)
    check(row, golden, old_files.in_form_of(version, golden.model), tmp_path)


@pytest.mark.parametrize(("family", "row"), MODULES, ids=ids(MODULES))
def test_the_development_tree(family: str, row: Row, tmp_path: Path) -> None:
    golden = goldens.load(family, row)
    check(row, golden, old_files.of_development(golden.model), tmp_path)


@pytest.mark.parametrize(("version", "dtype"), [(None, "float32"), ("1.11.1", "float32"), ("1.12.0", "int32")])
def test_squares_of_integers(version: str | None, dtype: str, tmp_path: Path) -> None:
    """They were float32 until 1.11.1."""
    row = next(row for row in goldens.families()["elementwise/functional"] if row.id == "square-3.int32")
    golden = goldens.load("elementwise/functional", row)
    path = tmp_path / "model.pkl"
    path.write_bytes(old_files.in_form_of(version, golden.model))
    graph = mgeconvert.load(path)
    assert [elem_type(value.dtype) for value in graph.outputs.values()] == [elem_type(np.dtype(dtype))]
    assert not difference(golden.outputs[0], np.square(golden.inputs[0]), 0)


def test_where_functions_were(tmp_path: Path) -> None:
    """MegEngine 1.6 has `interpolate` in megengine.functional.nn too."""
    row = next(row for row in goldens.families()["resize"] if row.id.startswith("interpolate"))
    golden = goldens.load("resize", row)

    def change(everything: list[old_files.Thing]) -> None:
        for thing in everything:
            if old_files.function(thing) == "megengine.functional.vision.interpolate":
                thing.state["func"] = ("megengine.functional.nn", "interpolate")

    check(row, golden, old_files.rewritten(golden.model, change), tmp_path)


def test_rewriting_nothing_changes_nothing(tmp_path: Path) -> None:
    family, row = DIFFERENT[0]
    golden = goldens.load(family, row)
    check(row, golden, old_files.rewritten(golden.model, lambda _: None), tmp_path)
