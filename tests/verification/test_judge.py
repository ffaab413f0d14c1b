"""The judge judged: what is a right output and what is not, with the exact figures and words of every verdict."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mgeconvert.ir import Value
from mgeconvert.verification.batches import BatchReport, check_batches
from mgeconvert.verification.comparison import compare
from mgeconvert.verification.report import OutputReport, VerificationReport
from mgeconvert.verification.tolerance import Limit
from mgeconvert_cli.verdict import report_document, verdict

INF, NAN = float("inf"), float("nan")
LOOSE, ROUNDING, EXACT = Limit(1e-2), Limit(5e-2), Limit(0.0)


def f32(*numbers: float) -> np.ndarray:
    return np.array(numbers, np.float32)


def of(dtype: str, *numbers: float) -> np.ndarray:
    return np.array(numbers).astype(dtype)


RIGHT: dict[str, tuple[np.ndarray, np.ndarray, Limit, tuple[float, float]]] = {
    "equal": (f32(1, -2, 0), f32(1, -2, 0), EXACT, (0.0, 0.0)),
    "at the limit": (f32(1, 2.5), f32(1, 2), Limit(0.25), (0.5, 0.25)),
    "relative to the largest": (f32(0.5, 100), f32(0, 100), LOOSE, (0.5, 0.005)),
    "signed zeros": (f32(-0.0), f32(0.0), EXACT, (0.0, 0.0)),
    "zeros": (f32(0, 0), f32(0, 0), EXACT, (0.0, 0.0)),
    "NaN in its place": (f32(NAN, 1), f32(NAN, 1), EXACT, (0.0, 0.0)),
    "infinities in their places": (f32(INF, -INF, 1), f32(INF, -INF, 1), EXACT, (0.0, 0.0)),
    "nothing but NaN": (f32(NAN), f32(NAN), EXACT, (0.0, 0.0)),
    "float16 where it is rounded on purpose": (of("float16", 1.5), f32(1.5), LOOSE, (0.0, 0.0)),
    "integers": (of("int32", 7, -7), of("int32", 7, -7), EXACT, (0.0, 0.0)),
    "integers within a limit that was given": (
        of("int8", 99),
        of("int8", 100),
        Limit(0.05, is_given=True),
        (1.0, 0.01),
    ),
    "booleans": (of("bool", 1, 0), of("bool", 1, 0), EXACT, (0.0, 0.0)),
    "empty": (f32(), f32(), EXACT, (0.0, 0.0)),
    "a scalar": (np.array(2, np.float32), np.array(2, np.float32), EXACT, (0.0, 0.0)),
    "cosine at the limit": (f32(1, 0), f32(1, 0), Limit(0.5, 1.0), (0.0, 0.0)),
}
"""Found, truth, limit: passes, with these largest absolute and relative errors."""


@pytest.mark.parametrize("case", RIGHT)
def test_a_right_output_passes(case: str) -> None:
    found, truth, limit, errors = RIGHT[case]
    report = compare("y", found, truth, limit)
    assert report.problem == ""
    assert (report.max_abs, report.max_rel) == errors
    assert report.cosine is not None
    assert 0.99 < report.cosine <= 1 + 1e-9


ON_ONE_SIDE = "1 of 2 values: nan or inf on one side only"
WRONG: dict[str, tuple[np.ndarray, np.ndarray, Limit, str]] = {
    "int32 for float32": (of("int32", 1, 2), f32(1, 2), ROUNDING, "is int32[2], expected float32[2]"),
    "float64 for float32": (of("float64", 1), f32(1), ROUNDING, "is float64[1], expected float32[1]"),
    "float32 for float16": (f32(1), of("float16", 1), ROUNDING, "is float32[1], expected float16[1]"),
    "float16 unasked": (of("float16", 1), f32(1), Limit(9e-3), "is float16[1], expected float32[1]"),
    "float16 for float64": (of("float16", 1), of("float64", 1), ROUNDING, "is float16[1], expected float64[1]"),
    "int32 for int64": (of("int32", 1), of("int64", 1), ROUNDING, "is int32[1], expected int64[1]"),
    "another shape": (f32(1, 2), f32(1, 2).reshape(2, 1), ROUNDING, "is float32[2], expected float32[2,1]"),
    "empty of another shape": (
        np.zeros((0, 3), np.float32), np.zeros((0, 4), np.float32), ROUNDING, "is float32[0,3], expected float32[0,4]"
    ),
    "a scalar for a vector": (np.array(1, np.float32), f32(1), ROUNDING, "is float32[], expected float32[1]"),
    "above the limit": (
        f32(1, 2.5), f32(1, 2), Limit(0.24),
        "max abs error 0.5, max rel error 0.25 (limit 0.24), cosine 0.996546",
    ),
    "anything for zeros": (
        f32(1e-9), f32(0), ROUNDING, "max abs error 1e-09, max rel error inf (limit 0.05), cosine 0.000000"
    ),
    "zeros for anything": (
        f32(0), f32(1e-9), ROUNDING, "max abs error 1e-09, max rel error 1 (limit 0.05), cosine 0.000000"
    ),
    "NaN": (f32(NAN, 1), f32(0, 1), ROUNDING, ON_ONE_SIDE),
    "no NaN": (f32(0, 1), f32(NAN, 1), ROUNDING, ON_ONE_SIDE),
    "infinity": (f32(INF, 1), f32(1, 1), ROUNDING, ON_ONE_SIDE),
    "no infinity": (f32(3e38, 1), f32(INF, 1), ROUNDING, ON_ONE_SIDE),
    "the other infinity": (f32(-INF, 1), f32(INF, 1), ROUNDING, ON_ONE_SIDE),
    "infinity for NaN": (f32(INF, 1), f32(NAN, 1), ROUNDING, ON_ONE_SIDE),
    "a boolean": (
        of("bool", 1, 0), of("bool", 1, 1), EXACT,
        "1 of 2 booleans differ, by up to 1",
    ),
    "wrong beside infinity": (
        f32(INF, 2), f32(INF, 1), ROUNDING, "max abs error 1, max rel error 1 (limit 0.05), cosine 1.000000"
    ),
    "another direction": (
        f32(1, 0.4), f32(1, 0), Limit(0.5, 0.99),
        "max abs error 0.4, max rel error 0.4 (limits of a quantized graph: 0.5, cosine 0.99), cosine 0.928477",
    ),
}  # fmt: skip
"""Found, truth, limit, and why it fails."""


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_output_fails_with_its_figures(case: str) -> None:
    found, truth, limit, problem = WRONG[case]
    assert compare("y", found, truth, limit).problem == problem


def test_a_type_that_the_format_lacks_is_noted() -> None:
    report = compare("y", of("int32", 1), of("int64", 1), EXACT, {"int64": "int32"})
    assert (report.problem, report.note) == ("", "is int32, the format has no int64 here")
    assert compare("y", of("int16", 1), of("int64", 1), EXACT, {"int64": "int32"}).problem


Net = Callable[[np.ndarray], np.ndarray]
X = {"x": Value("x", np.dtype("float32"), ("N", 3))}
FEEDS = {"x": np.arange(6, dtype=np.float32).reshape(2, 3) + 1}


def batches(net: Net, source: Net | None = None, shape: tuple[Any, ...] = ("N", 3)) -> BatchReport:
    def run(of: Net) -> Callable[[Mapping[str, np.ndarray]], dict[str, np.ndarray]]:
        return lambda feeds: {"y": of(feeds["x"])}

    outputs = {"y": Value("y", np.dtype("float32"), shape)}
    report = check_batches(run(net), X, outputs, FEEDS, 1e-3, None if source is None else run(source))
    assert report is not None
    return report


def mean(x: np.ndarray) -> np.ndarray:
    result: np.ndarray = x - x.mean(0, keepdims=True)
    return result


def baked(x: np.ndarray) -> np.ndarray:
    """Right for one row, off by a hundredth of the largest number in the others."""
    result = 2 * x
    result[1:] *= 1.01
    return result


def test_rows_that_are_what_they_are_alone() -> None:
    report = batches(lambda x: 2 * x)
    assert (report.problem, report.max_rel, report.batches) == ("", 0.0, (1, 2, 5))
    assert report.text == "batches 1, 2, 5: each row is what it is alone, max rel error 0"


def test_a_row_that_differs_fails() -> None:
    report = batches(baked)
    assert report.problem == "batch 2: row 1 of y differs from that row alone: max rel error 0.01 (limit 0.001)"
    assert report.text == "batches 1, 2, 5: FAILED"


def test_rows_that_differ_in_the_source_too_pass() -> None:
    report = batches(mean, mean)
    assert (report.problem, report.by_source) == ("", True)
    assert report.text == "batches 1, 2, 5: no rows of their own; as in the source, max rel error 0"


def test_rows_that_differ_otherwise_than_in_the_source_fail() -> None:
    assert batches(mean, lambda x: 2 * mean(x)).problem
    assert batches(baked, lambda x: 2 * x).problem


def test_an_output_of_the_first_row_and_one_without_rows_are_said() -> None:
    assert batches(lambda x: x[:1]).first_only == ("y",)
    assert batches(lambda x: x.reshape(-1)[: len(x) + 1], shape=("M",)).uncompared == ("y",)


def report(*outputs: OutputReport, method: Any = "recorded", **more: Any) -> VerificationReport:
    return VerificationReport(Path("m.onnx"), method, "the truth", "the runtime", Limit(1e-4), outputs, **more)


GOOD_OUTPUT = OutputReport("y", "float32", (2,), 0.0, 0.0, 1.0)
BAD_OUTPUT = OutputReport("z", "float32", (2,), 1.0, INF, 0.5, "max rel error inf")
STATES: dict[str, tuple[VerificationReport, str, bool | None]] = {
    "compared and right": (report(GOOD_OUTPUT), "compared", True),
    "compared and wrong": (report(GOOD_OUTPUT, BAD_OUTPUT), "compared", False),
    "only ran": (report(OutputReport("y", "float32", (2,)), method="sanity"), "ran", None),
    "ran badly": (report(OutputReport("y", "float32", (2,), problem="nan"), method="sanity"), "ran", False),
    "not run": (report(method="none", reason="no runtime"), "not run", None),
    "right, but not at other batches": (
        report(GOOD_OUTPUT, batches=BatchReport("N", problem="batch 2: row 1 differs")), "compared", False
    ),
    "right at other batches": (report(GOOD_OUTPUT, batches=BatchReport("N")), "compared", True),
}  # fmt: skip
"""A report, its state, and what `passed` says in JSON."""


@pytest.mark.parametrize("case", STATES)
def test_three_states_and_passed_in_json(case: str) -> None:
    given, state, passed = STATES[case]
    document = report_document(given)
    assert (document["state"], document["passed"]) == (state, passed)
    assert given.passed is (passed is True)
    assert ("FAILED" in verdict(given)) is (passed is False)


def test_json_has_no_infinity() -> None:
    (output,) = report_document(report(BAD_OUTPUT))["outputs"]
    assert (output["max_rel"], output["max_abs"], output["problem"]) == (None, 1.0, "max rel error inf")
