"""The row harness itself: what a row becomes, and what it says when something is wrong with its golden."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests import make_goldens
from tests.harness import Case, Code, P, X, goldens
from tests.harness.cases import Row
from tests.harness.check import difference

F = "megengine.functional.nn."


@pytest.mark.parametrize(
    ("row", "init", "forward"),
    [
        pytest.param(Case(F + "relu", (X(2),)), "", "return megengine.functional.nn.relu(x0)", id="function"),
        pytest.param(
            Case("megengine.functional.tensor.concat", ([X(2), P(3)],), {"axis": -1}),
            "",
            "return megengine.functional.tensor.concat([x0, self.p1], axis=-1)",
            id="nested operands",
        ),
        pytest.param(
            Case("megengine.tensor.Tensor.__getitem__", (X(2, 3), (slice(None), None, ..., slice(0, 2, 1)))),
            "",
            "return x0.__getitem__((slice(None, None, None), None, Ellipsis, slice(0, 2, 1)))",
            id="method",
        ),
        pytest.param(
            Case("megengine.module.linear.Linear", (X(2, 3),), init=(3, 4), init_kwargs={"bias": False}),
            "self.module = megengine.module.linear.Linear(3, 4, bias=False)",
            "return self.module(x0)",
            id="module",
        ),
        pytest.param(
            Case("megengine.core.ops.builtin.Elemwise", (X(2), X(2)), {"mode": "ADD"}),
            "",
            "results = apply(builtin.Elemwise(mode='ADD'), x0, x1)\nreturn results if len(results) > 1 else results[0]",
            id="opdef",
        ),
        pytest.param(Code("x + self.bias", X(2), bias=P(2)), "", "return x + self.bias", id="expression"),
        pytest.param(Code("x += y\nreturn x", X(2), X(2)), "", "x += y\nreturn x", id="statements"),
        pytest.param(
            Case(F + "pad", (X(2), float("inf"), np.float32([1, 2]), {"a": (1,)})),
            "",
            "return megengine.functional.nn.pad(x0, float('inf'), np.array([1.0, 2.0], 'float32'), {'a': (1,)})",
            id="constants",
        ),
    ],
)
def test_source_of_a_row(row: Row, init: str, forward: str) -> None:
    text = row.module().text
    constructor, _, body = text.partition("    def forward(")
    assert "\n".join(line.strip() for line in constructor.splitlines()[3:]).strip() == init
    assert "\n".join(line.strip() for line in body.splitlines()[1:]) == forward


@pytest.mark.parametrize(
    ("row", "name"),
    [
        (Case(F + "leaky_relu", (X(1, 3),), {"negative_slope": 0.2}), "leaky_relu-1x3-negative_slope=0.2"),
        (Case("megengine.module.conv.Conv2d", (X(1, 3, 8, 8),), init=(3, 4, (3, 1))), "Conv2d-3-4-3,1-1x3x8x8"),
        (Case(F + "relu", (X(dtype="int32"),)), "relu-scalar.int32"),
        (Code("x[1:, ::2] / 2", X(4, 6)), "x[1:,::2]_2-4x6"),
        (Code("x", X(4), id="a name"), "aname"),
    ],
)
def test_id_of_a_row(row: Row, name: str) -> None:
    assert row.id == name


def test_numbers_depend_on_the_row_and_the_operand_only() -> None:
    row = Code("x + y", X(3), X(3, dtype="int32"), id="numbers")
    arrays = row.arrays()
    assert arrays["x"].dtype == np.float32
    assert arrays["y"].dtype == np.int32
    np.testing.assert_array_equal(arrays["x"], Code("y + x", X(3), X(3), id="numbers").arrays()["x"])
    assert not np.array_equal(arrays["x"], Code("x", X(3), id="other").arrays()["x"])


@pytest.mark.parametrize(
    "change",
    [
        lambda: Code("x + 2", X(3), id="row"),
        lambda: Code("x + 1", X(4), id="row"),
        lambda: Code("x + 1", X(3, low=0), id="row"),
        lambda: Code("x + 1", X(3, dtype="int32"), id="row"),
        lambda: Code("x + 1", X(values=[1, 2, 3]), id="row"),
        lambda: Code("x + 1", X(3), id="row", init="pass"),
    ],
)
def test_fingerprint_changes_with_the_question(change: Callable[[], Row]) -> None:
    row = Code("x + 1", X(3), id="row")
    assert change().fingerprint() != row.fingerprint()
    assert Code("x + 1", X(3), id="row", rtol=1e-4, xfail={"onnx": "why"}).fingerprint() == row.fingerprint()


def test_a_loose_tolerance_needs_a_reason() -> None:
    with pytest.raises(ValueError, match=r"^loose: rtol=0.01 needs a reason$"):
        Code("x", X(2), id="loose", rtol=1e-2)
    assert Code("x", X(2), rtol=1e-2, reason="float16").rtol == 1e-2


def test_a_value_that_is_no_source_is_refused() -> None:
    with pytest.raises(TypeError, match=r"^a row cannot hold <object object at .*>; write it with Code$"):
        Case(F + "relu", (X(2), object()), id="object").module()


def test_a_missing_golden_names_the_command() -> None:
    with pytest.raises(goldens.GoldenError) as failure:
        goldens.load("movement/dtypes", Code("x * 12345", X(2), id="new"))
    assert str(failure.value) == (
        "tests/goldens/movement/dtypes.tar.xz: new is missing: run `python tests/make_goldens.py movement/dtypes`"
    )


def test_a_missing_archive_names_the_command(tmp_path: Path) -> None:
    assert not goldens.is_current("pooling", tmp_path)
    with pytest.raises(goldens.GoldenError) as failure:
        goldens.load("pooling", goldens.families()["pooling"][0], tmp_path)
    assert str(failure.value).endswith(" is missing: run `python tests/make_goldens.py pooling`")


def test_a_stale_golden_names_the_command() -> None:
    row = goldens.families()["pooling"][0]
    with pytest.raises(goldens.GoldenError) as failure:
        goldens.load("pooling", Code("x * 12345", X(2), id=row.id))
    assert str(failure.value) == (
        f"tests/goldens/pooling.tar.xz: {row.id} was made for another form of the row: "
        "run `python tests/make_goldens.py pooling`"
    )


@pytest.mark.parametrize("family", list(goldens.families()))
def test_goldens_are_current(family: str) -> None:
    assert goldens.is_current(family), f"run `python tests/make_goldens.py {family}`"


def test_an_unknown_family_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert make_goldens.main(["nothing"]) == 2
    assert capsys.readouterr().err.startswith("error: no tests/rows/nothing.py; families: ")


@pytest.mark.parametrize(
    ("ours", "theirs", "complaint"),
    [
        (np.float32([1, 2]), np.float32([1, 2]), ""),
        (np.float32([1, 2.00001]), np.float32([1, 2]), ""),
        (np.float32([1, 2.001]), np.float32([1, 2]), "max abs error 0.001 of max abs 2, allowed 1e-05 of it"),
        (np.float64([1, 2]), np.float32([1, 2]), "dtype float64, MegEngine has float32"),
        (np.float32([[1, 2]]), np.float32([1, 2]), "shape (1, 2), MegEngine has (2,)"),
        (np.int32([1, 3]), np.int32([1, 2]), "1 of 2 elements differ"),
        (np.float32([1, np.nan]), np.float32([1, np.nan]), ""),
        (np.float32([1, np.inf]), np.float32([1, -np.inf]), "NaN or infinity in other places"),
        (np.float32([1, np.nan]), np.float32([1, 2]), "NaN or infinity in other places"),
        (np.float32([]), np.float32([]), ""),
        (np.float32([0, 1e-9]), np.float32([0, 0]), "max abs error 1e-09 of max abs 0, allowed 1e-05 of it"),
    ],
)
def test_difference(ours: np.ndarray, theirs: np.ndarray, complaint: str) -> None:
    assert difference(ours, theirs, 1e-5) == complaint
