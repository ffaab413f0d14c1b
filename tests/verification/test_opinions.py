"""Runtimes that disagree, outputs that rounding moves far, the model's own runtime as the truth."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import mgeconvert
from mgeconvert import registry
from mgeconvert.errors import BadInputError, MissingDependencyError
from mgeconvert.ir import Value
from mgeconvert.registry import Computed, Opinion
from mgeconvert.verification.comparison import verify_written
from mgeconvert.verification.own import own_runtime
from mgeconvert.verification.recorded import Recorded
from mgeconvert.verification.report import VerificationReport
from mgeconvert.verification.tolerance import Limit
from tests.cli.test_main import MODEL, write
from tests.harness import small_graphs as lst
from tests.plugins import Install, plugins

__all__ = ["plugins"]

F32 = np.dtype(np.float32)
X, Y = Value("x", F32, (2,)), Value("y", F32, (2,))
RIGHT, WRONG = {"y": np.float32([1, 2])}, {"y": np.float32([1, 3])}
TOLD = "y: max abs error 1, max rel error 0.5 (limit 0.0001), cosine 0.989949"


def report_of(
    run: Callable[[Path, Mapping[str, np.ndarray]], dict[str, np.ndarray]],
    truth: Mapping[str, np.ndarray] | None = None,
    output: Value = Y,
    x: np.ndarray = RIGHT["y"],
    **backend: object,
) -> VerificationReport:
    record = replace(lst.BACKEND, run=run, runtime="one", **backend)  # type: ignore[arg-type]
    recorded = None if truth is None else Recorded(Path("m.npz"), {"x": x}, dict(truth))
    return verify_written(Path("m.lst"), record, {"x": X}, {"y": output}, recorded, limit=Limit())


def asked(first: Mapping[str, np.ndarray], second: Mapping[str, np.ndarray], differs: bool) -> Computed:
    return Computed(first, "one", [Opinion("another", lambda: second, differs)])


@pytest.mark.parametrize(
    ("first", "second", "differs", "runtime", "notes"),
    [
        (RIGHT, WRONG, False, "one", ()),
        (RIGHT, WRONG, True, "one", (f"wrong in another: {TOLD}",)),
        (WRONG, RIGHT, False, "another", (f"wrong in one: {TOLD}",)),
        (WRONG, RIGHT, True, "another", (f"wrong in one: {TOLD}",)),
    ],
)
def test_the_truth_says_which_runtime_is_wrong(
    first: Mapping[str, np.ndarray],
    second: Mapping[str, np.ndarray],
    differs: bool,
    runtime: str,
    notes: tuple[str, ...],
) -> None:
    report = report_of(lambda *_: asked(first, second, differs), RIGHT)
    assert (report.passed, report.runtime, report.notes) == (True, runtime, notes)


def test_a_file_that_is_wrong_everywhere_fails() -> None:
    report = report_of(lambda *_: asked(WRONG, WRONG, False), RIGHT)
    assert (report.refuted, report.runtime, report.notes) == (True, "one", ())


def test_without_a_truth_nothing_says_which_is_right() -> None:
    report = report_of(lambda *_: asked(WRONG, RIGHT, True))
    assert report.notes == ("another and one differ, and nothing says which of them is right",)


def test_a_runtime_that_cannot_be_asked_is_named() -> None:
    def absent() -> dict[str, np.ndarray]:
        raise MissingDependencyError("it is not installed")

    report = report_of(lambda *_: Computed(WRONG, "one", [Opinion("another", absent)]), RIGHT)
    assert report.refuted
    assert report.notes == ("another cannot be asked: it is not installed",)


STEEP = {"y": np.exp(np.float64([80, 1])).astype(F32)}


@pytest.mark.parametrize("wrong", [1.0, 1 + 1e-3, 1 + 3e-2])
def test_an_output_that_rounding_moves_far_is_not_failed_and_a_wrong_one_is(wrong: float) -> None:
    def exponential(_: Path, feeds: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        return {"y": np.exp(80 * feeds["x"]) * F32.type(wrong)}

    x = np.float32([1, 0.0125])
    truth = {"y": exponential(Path(), {"x": np.nextafter(x, F32.type(2))})["y"] / F32.type(wrong) * F32.type(1.0002)}
    report = report_of(exponential, truth, x=x)
    assert report.refuted == (wrong > 1)
    if wrong == 1:
        assert report.notes[0].startswith("y: ill-conditioned: max rel error 0.000")


INT64 = Value("y", np.dtype(np.int64), (2,))


@pytest.mark.parametrize("truth", [{"y": np.int64([1, 2])}, None])
def test_a_type_that_the_format_lacks_is_noted(truth: Mapping[str, np.ndarray] | None) -> None:
    found = {"y": np.int32([1, 2])}
    report = report_of(lambda *_: found, truth, INT64, narrows={"int64": "int32"})
    assert not report.refuted
    assert report.notes == ("y: is int32, the format has no int64 here",)
    strict = report_of(lambda *_: found, truth, INT64)
    assert strict.outputs[0].problem == "is int32[2], expected int64[2]"


def test_a_number_that_does_not_survive_the_narrowing_fails() -> None:
    found, truth = {"y": np.int32([1, 2])}, {"y": np.int64([1, 2**33])}
    report = report_of(lambda *_: found, truth, INT64, narrows={"int64": "int32"})
    assert report.refuted


@pytest.fixture
def wrong_reader(tmp_path: Path, plugins: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    """m.lst, whose frontend reads another function than the runtime computes."""
    misread = replace(lst.FRONTEND, load=lambda path: lst.load(path, wrong=1.0))
    plugins({"lst": misread}, {"lst": lst.BACKEND})
    monkeypatch.chdir(tmp_path)
    write("m.lst", MODEL)


@pytest.mark.usefixtures("wrong_reader")
def test_a_wrongly_read_model_is_not_verified_against_its_own_reading() -> None:
    with pytest.raises(mgeconvert.errors.VerificationError) as caught:
        mgeconvert.convert("m.lst", "out.lst")
    assert caught.value.message.startswith(
        "out.lst: differs from m.lst run in the lst runtime on random inputs: 1 of 1 outputs fail"
    )


@pytest.mark.parametrize(("options", "is_asked"), [({}, True), ({"input_shape": "x=1"}, True), ({"wrong": 1.0}, False)])
def test_a_model_read_as_another_one_is_not_asked(plugins: Install, options: dict[str, object], is_asked: bool) -> None:
    plugins({"lst": lst.FRONTEND}, {"lst": lst.BACKEND})
    assert (own_runtime(Path("m.lst"), registry.frontend("lst"), options) is not None) == is_asked


def test_outputs_that_are_not_the_models_are_not_compared(tmp_path: Path, plugins: Install) -> None:
    plugins({"lst": lst.FRONTEND}, {"lst": replace(lst.BACKEND, run=lambda *_: {"y": X, "z": X})})  # type: ignore[dict-item]
    write(str(tmp_path / "m.lst"), MODEL)
    own = own_runtime(tmp_path / "m.lst", registry.frontend("lst"), {})
    assert own is not None
    with pytest.raises(BadInputError, match=r"m\.lst: gives 2 outputs in the lst runtime, expected 1$"):
        own.recorded({"x": Value("x", F32, (2, 3))}, {"y": Y})


def test_inputs_of_unknown_shape_are_not_run() -> None:
    record = replace(lst.BACKEND, run=lambda *_: {})
    report = verify_written(Path("m.toy"), record, {"x": Value("x", F32)}, {"y": Y}, limit=Limit())
    assert (report.state, report.reason) == ("not run", "input x: float32[?]: no random input can be made")
    assert report.hint == "--io gives recorded inputs"
