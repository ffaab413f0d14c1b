"""Judging outputs: what the errors are, what counts as a failure, recorded files, where the truth comes from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import mgeconvert
from mgeconvert.errors import BadInputError, ConversionError, MissingDependencyError, VerificationError
from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder
from mgeconvert.verification.comparison import compare, random_inputs, sane, symbol_sizes, verify_written
from mgeconvert.verification.expected import verify_files
from mgeconvert.verification.recorded import Recorded, beside, read_recorded
from mgeconvert.verification.tolerance import Limit
from tests.cli.test_main import MODEL, write
from tests.harness import small_graphs as lst
from tests.plugins import Install, plugins

__all__ = ["plugins"]

NAN, INF = float("nan"), float("inf")


def array(*values: float, dtype: str = "float32") -> np.ndarray:
    return np.array(values, dtype)


COMPARISONS = {
    "equal": (array(1, 2), array(1, 2), ""),
    "within": (array(1, 2.0001), array(1, 2), ""),
    "the error is relative to the largest truth": (array(0.05, 1000), array(0, 1000), ""),
    "beyond": (array(1, 2.1), array(1, 2), "max abs error 0.1, max rel error 0.05 (limit 0.0001), cosine 0.999815"),
    "shape": (array(1, 2), array(1), "is float32[2], expected float32[1]"),
    "dtype": (array(1, dtype="float64"), array(1), "is float64[1], expected float32[1]"),
    "a truth of more digits": (array(1, 2), array(1.00000001, 2, dtype="float64"), ""),
    "nan in both": (array(NAN, 1), array(NAN, 1), ""),
    "infinities in both": (array(INF, -INF, 1), array(INF, -INF, 1), ""),
    "nan in one": (array(NAN, 1), array(0, 1), "1 of 2 values: nan or inf on one side only"),
    "nan in the truth": (array(0, 1), array(NAN, 1), "1 of 2 values: nan or inf on one side only"),
    "infinity of the other sign": (array(INF), array(-INF), "1 of 1 values: nan or inf on one side only"),
    "nan for infinity": (array(NAN), array(INF), "1 of 1 values: nan or inf on one side only"),
    "nothing but nan": (array(NAN), array(NAN), ""),
    "empty": (array(), array(), ""),
    "zeros": (array(0, 0), array(0, 0), ""),
    "truth is zero": (array(0, 1), array(0, 0), "max abs error 1, max rel error inf (limit 0.0001), cosine 0.000000"),
    "integers": (array(3, 4, dtype="int32"), array(3, 4, dtype="int32"), ""),
    "integers differ": (
        array(3, 5, dtype="uint8"),
        array(3, 4, dtype="uint8"),
        "1 of 2 integers differ, by up to 1",
    ),
    "booleans differ": (
        np.array([True, False]),
        np.array([True, True]),
        "1 of 2 booleans differ, by up to 1",
    ),
}


@pytest.mark.parametrize("case", COMPARISONS)
def test_compare(case: str) -> None:
    found, truth, problem = COMPARISONS[case]
    assert compare("y", found, truth, Limit(1e-4)).problem == problem


def test_the_figures_of_a_comparison() -> None:
    report = compare("y", array(1, 2.5), array(1, 2), Limit(1e-4))
    assert (report.max_abs, report.max_rel) == (0.5, 0.25)
    assert report.cosine == pytest.approx(6 / (5 * 7.25) ** 0.5)


def test_bigger_integers_than_float64_holds_are_told_apart_by_the_tolerance_only() -> None:
    big = np.array([2**40], np.int64)
    assert compare("y", big, big, Limit(0.0)).problem == ""
    assert compare("y", big + 1, big, Limit(0.0)).problem


SANITY = {
    "fine": (Value("y", np.dtype(np.float32), (2,)), array(1, 2), ""),
    "nan": (Value("y", np.dtype(np.float32), (2,)), array(1, NAN), "1 of 2 values are not finite"),
    "shape": (Value("y", np.dtype(np.float32), (3,)), array(1, 2), "is float32[2], expected float32[3]"),
    "rank": (Value("y", np.dtype(np.float32), ()), array(1, 2), "is float32[2], expected float32[]"),
    "dtype": (Value("y", np.dtype(np.int32), (2,)), array(1, 2), "is float32[2], expected int32[2]"),
    "known symbol": (Value("y", np.dtype(np.float32), ("N",)), array(1, 2), ""),
    "known symbol of another size": (
        Value("y", np.dtype(np.float32), ("N",)),
        array(1, 2, 3),
        "is float32[3], expected float32[2]",
    ),
    "free symbol": (Value("y", np.dtype(np.float32), ("M",)), array(1, 2, 3), ""),
    "nothing declared": (Value("y"), array(1, 2, 3), ""),
}


@pytest.mark.parametrize("case", SANITY)
def test_sanity(case: str) -> None:
    declared, found, problem = SANITY[case]
    assert sane("y", found, declared, {"N": 2}).problem == problem


def test_random_inputs_are_the_same_each_time_and_share_symbols() -> None:
    inputs = {
        "x": Value("x", np.dtype(np.float32), ("N", 3, "H")),
        "i": Value("i", np.dtype(np.int64), ("N", 1000)),
        "m": Value("m", np.dtype(np.bool_), ("H",)),
    }
    arrays = random_inputs(inputs)
    assert {name: (each.dtype.name, each.shape) for name, each in arrays.items()} == {
        "x": ("float32", (2, 3, 64)),
        "i": ("int64", (2, 1000)),
        "m": ("bool", (64,)),
    }
    assert set(np.unique(arrays["i"])) == {0, 1}
    assert all(np.array_equal(each, arrays[name]) for name, each in random_inputs(inputs).items())
    assert symbol_sizes(inputs, arrays) == {"N": 2, "H": 64}


def test_no_random_input_of_unknown_shape() -> None:
    with pytest.raises(ConversionError) as caught:
        random_inputs({"x": Value("x", np.dtype(np.float32))})
    assert str(caught.value) == "input x: float32[?]: no random input can be made"


X, Y = (Value(name, np.dtype(np.float32), (2, "N")) for name in "xy")


@pytest.mark.parametrize("keys", [("in_0", "out_0"), ("x", "y"), ("x", "out_0")])
def test_recorded_arrays_by_position_or_name(tmp_path: Path, keys: tuple[str, str]) -> None:
    path = tmp_path / "m.npz"
    np.savez(path, **{key: np.full((2, 3), number, np.float32) for number, key in enumerate(keys)})
    recorded = read_recorded(path, {"x": X}, {"y": Y})
    assert recorded.inputs["x"][0, 0] == 0
    assert recorded.outputs["y"][0, 0] == 1
    assert beside(tmp_path / "m.pkl") == path
    assert beside(tmp_path / "n.pkl") is None


@pytest.mark.parametrize(("number", "expected"), [(5, "int32"), (1 << 40, "")])
def test_inputs_in_the_types_that_a_format_has(tmp_path: Path, number: int, expected: str) -> None:
    """Where the numbers stay; others are of another type than the model takes."""
    np.savez(tmp_path / "m.npz", in_0=np.int64([number]), out_0=np.float32([0]))
    given = tmp_path / "m.npz", {"x": Value("x", np.dtype(np.int32), (1,))}, {"y": Y}
    narrows = {"int64": "int32"}
    if expected:
        assert read_recorded(*given, narrows).inputs["x"].dtype == expected
        return
    with pytest.raises(BadInputError, match=r"the array for input x is int64\[1\], expected int32\[1\]"):
        read_recorded(*given, narrows)


def test_recorded_integers_are_given_to_files_of_floats(tmp_path: Path) -> None:
    """A Caffe file says no types: its inputs are floats."""
    b = Builder()
    image = b.input("x", "uint8", (1, 3, 4, 4))
    b.output("y", b.op("Mul", b.op("Cast", image, to=1), np.float32([[[0.5]], [[0.25]], [[2]]])))
    mgeconvert.save(b.graph, tmp_path / "m.onnx")
    x = np.arange(48, dtype=np.uint8).reshape(1, 3, 4, 4)
    np.savez(tmp_path / "m.npz", in_0=x, out_0=x * np.float32([0.5, 0.25, 2])[:, None, None])
    mgeconvert.convert(tmp_path / "m.onnx", tmp_path / "m.prototxt")
    report = verify_files(tmp_path / "m.prototxt", tmp_path / "m.onnx", None)
    assert (report.method, report.passed) == ("recorded", True)


def test_positions_are_numbers_not_text(tmp_path: Path) -> None:
    np.savez(tmp_path / "m.npz", **{f"in_{n}": np.float32([n]) for n in range(11)}, out_0=np.float32([0]))
    values = {f"x{n}": Value(f"x{n}", np.dtype(np.float32), (1,)) for n in range(11)}
    recorded = read_recorded(tmp_path / "m.npz", values, {"y": Y})
    assert [float(each[0]) for each in recorded.inputs.values()] == list(range(11))


def test_a_pickle_in_the_archive_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "m.npz", in_0=np.array([{}], object), out_0=np.float32([0]))
    with pytest.raises(BadInputError, match=r"not an \.npz archive of plain arrays$"):
        read_recorded(tmp_path / "m.npz", {"x": X}, {"y": Y})


def test_a_single_array_is_no_archive(tmp_path: Path) -> None:
    np.save(tmp_path / "m.npy", np.zeros(3))
    with pytest.raises(BadInputError, match=r"holds one \.npy array, expected an \.npz archive"):
        read_recorded(tmp_path / "m.npy", {"x": X}, {"y": Y})


def test_a_file_with_another_number_of_outputs(tmp_path: Path, plugins: Install) -> None:
    plugins({}, {"lst": lst.BACKEND})
    write(str(tmp_path / "m.lst"), MODEL)
    with pytest.raises(VerificationError, match=r"m\.lst: has 1 outputs, expected 2: y, z"):
        verify_written(
            tmp_path / "m.lst", lst.BACKEND, {"x": X}, {"y": Y, "z": Y}, Recorded(tmp_path, {"x": array(1)}, {})
        )


@pytest.fixture
def pair(tmp_path: Path, plugins: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    """m.lst and c.lst, which is off by 1."""
    plugins({"lst": lst.FRONTEND}, {"lst": lst.BACKEND})
    monkeypatch.chdir(tmp_path)
    write("m.lst", MODEL)
    write("c.lst", {**MODEL, "wrong": 1})


@pytest.mark.usefixtures("pair")
def test_the_truth_is_the_models_own_run() -> None:
    report = verify_files(Path("c.lst"), Path("m.lst"), None, 1e-4)
    assert (report.method, report.truth, report.passed) == ("model", "m.lst run in the lst runtime", False)
    assert report.outputs[0].max_abs == pytest.approx(1)


@pytest.mark.usefixtures("pair")
@pytest.mark.parametrize(("name", "expected"), [("m.npz", "m.npz"), ("c.npz", "c.npz")])
def test_recorded_outputs_beside_model_or_candidate_come_first(name: str, expected: str) -> None:
    x = np.ones((2, 3), np.float32)
    np.savez(name, in_0=x, out_0=x + 1)
    report = verify_files(Path("c.lst"), Path("m.lst") if name == "m.npz" else None, None, 1e-4)
    assert (report.method, report.truth, report.passed) == ("recorded", f"the recorded outputs of {expected}", True)


@pytest.mark.usefixtures("pair")
def test_without_any_truth_it_only_runs() -> None:
    report = verify_files(Path("c.lst"), None, None, 1e-4)
    assert (report.method, report.state, report.passed, report.refuted) == ("sanity", "ran", False, False)


def test_a_candidate_without_its_runtime_cannot_be_verified(tmp_path: Path, plugins: Install) -> None:
    plugins({"lst": lst.FRONTEND}, {"lst": replace(lst.BACKEND, run=lst.missing_run)})
    write(str(tmp_path / "c.lst"), MODEL)
    with pytest.raises(MissingDependencyError, match="cannot be verified: the lst runtime is not installed"):
        verify_files(tmp_path / "c.lst", None, None, 1e-4)


def test_a_model_without_a_runtime_says_what_else_can_be_done(tmp_path: Path, plugins: Install) -> None:
    plugins({"other": replace(lst.FRONTEND, name="other")}, {"lst": lst.BACKEND})
    write(str(tmp_path / "c.lst"), MODEL)
    with pytest.raises(MissingDependencyError) as caught:
        verify_files(tmp_path / "c.lst", tmp_path / "c.lst", None, 1e-4, model_format="other")
    assert caught.value.message == (
        f"{tmp_path}/c.lst: Operator list has no runtime here; "
        "without it only mgeconvert's own reading of the model can be compared"
    )
    assert caught.value.hint == "--io gives recorded outputs, --through-ir takes mgeconvert's own reading"


INTEGERS = {
    "ids off by one": (np.int32([70_000_001, 5]), np.int32([70_000_000, 5]), "1 of 2 integers differ, by up to 1"),
    "equal": (np.int32([70_000_000]), np.int32([70_000_000]), ""),
    "booleans": (np.array([True, False]), np.array([True, True]), "1 of 2 booleans differ, by up to 1"),
    "int64 for int32": (np.int32([7]), np.int64([8]), "1 of 1 integers differ, by up to 1"),
}


@pytest.mark.parametrize("case", INTEGERS)
def test_integers_are_equal_or_wrong(case: str) -> None:
    found, truth, problem = INTEGERS[case]
    assert compare("y", found, truth, Limit(), {"int64": "int32"}).problem == problem
    assert compare("y", found, truth, Limit(1.0, is_given=True), {"int64": "int32"}).problem == ""
