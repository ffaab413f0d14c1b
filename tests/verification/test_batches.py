"""A dynamic batch: rows beside themselves alone, what fails, which limit a quantized graph has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest

from mgeconvert.errors import BadInputError, VerificationError
from mgeconvert.ir import Value
from mgeconvert.verification.batches import check_batches
from mgeconvert.verification.comparison import compare
from mgeconvert.verification.report import VerificationReport
from mgeconvert.verification.tolerance import Limit, limit_for
from mgeconvert_cli.main import application
from tests.harness import small_graphs as lst
from tests.harness.runner import Runner

F32 = np.dtype(np.float32)
INPUTS = {"x": Value("x", F32, ("N", 3))}
FEEDS = {"x": np.arange(3, dtype=np.float32).reshape(1, 3)}


def refusing(x: np.ndarray) -> np.ndarray:
    if len(x) > 1:
        raise BadInputError("out.onnx: cannot reshape")
    return x


FAILS = "differs from that row alone: max rel error"
ROWS: dict[str, tuple[Callable[[np.ndarray], np.ndarray], tuple[int | str, ...] | None, str]] = {
    "each row by itself": (lambda x: x * 2, ("N", 3), ""),
    "on another axis": (lambda x: x.T, (3, "N"), ""),
    "several results a row": (lambda x: np.repeat(x, 2, 0), None, ""),
    "the same for every batch": (lambda _: np.float32([1, 2]), (2,), ""),
    "the first row's": (lambda x: x[0], (3,), ""),
    "rows that see each other": (
        lambda x: x / x.sum(),
        ("N", 3),
        f"batch 2: row 0 of y {FAILS} 0.5 (limit 0.0001)",
    ),
    "the first row for all": (
        lambda x: np.repeat(x[:1], len(x), 0),
        ("N", 3),
        f"batch 2: row 1 of y {FAILS} 1 (limit 0.0001)",
    ),
    "a size that was baked in": (
        refusing,
        ("N", 3),
        "N may vary, but batch 2 does not run: out.onnx: cannot reshape",
    ),
}


@pytest.mark.parametrize("case", ROWS)
def test_rows(case: str) -> None:
    function, shape, problem = ROWS[case]

    def run(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        return {"y": function(arrays["x"])}

    report = check_batches(run, INPUTS, {"y": Value("y", F32, shape)}, FEEDS, 1e-4)
    assert report is not None
    assert (report.symbol, report.problem, report.uncompared) == ("N", problem, ())
    assert report.first_only == (("y",) if shape in [(2,), (3,)] else ())
    if problem:
        with pytest.raises(VerificationError) as caught:
            VerificationReport(Path("m"), "sanity", "", "", Limit(), batches=report).require()
        assert caught.value.message == f"m: {problem}"


def test_an_output_whose_size_follows_the_data_is_named() -> None:
    feeds = {"x": np.float32([[0, 1, 2], [3, 3, 3]])}
    report = check_batches(
        lambda arrays: {"y": arrays["x"][arrays["x"] > 0.5]}, INPUTS, {"y": Value("y", F32, ("M",))}, feeds, 1e-4
    )
    assert report is not None
    assert report.text == (
        "batches 1, 2, 5: each row is what it is alone, max rel error 0; not compared, they have no rows: y"
    )


def test_a_row_that_the_source_does_not_take_either_says_nothing() -> None:
    """The third row has no element that the mask keeps."""
    feeds = {"x": np.float32([[0, 1, 2], [3, 3, 3], [0, 0, 0]])}

    def kept(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        if not (arrays["x"] > 0).any():
            raise BadInputError("no element is left")
        return {"y": arrays["x"][arrays["x"] > 0]}

    outputs = {"y": Value("y", F32, ("M",))}
    report = check_batches(kept, INPUTS, outputs, feeds, 1e-4, kept)
    assert report is not None
    assert (report.problem, report.uncompared) == ("", ("y",))
    other = check_batches(kept, INPUTS, outputs, feeds, 1e-4, lambda arrays: {"y": arrays["x"]})
    assert other is not None
    assert other.problem == "N may vary, but batch 1 does not run: no element is left"


def test_a_fixed_batch_is_not_varied() -> None:
    assert check_batches(lambda arrays: arrays, {"x": Value("x", F32, (1, "M"))}, {}, FEEDS, 1e-4) is None


LIMITS = {
    "float": ({"Conv"}, None, {}, Limit(1e-4)),
    "quantized": ({"Conv", "QuantizeLinear"}, None, {}, Limit(0.1, 0.99)),
    "quantized tflite": ({"QUANTIZE"}, None, {}, Limit(0.1, 0.99)),
    "said": ({"QuantizeLinear"}, 0.5, {}, Limit(0.5)),
    "an option that is not given": ({"Conv"}, None, {"wrong": 0.0}, Limit(1e-4)),
}


@pytest.mark.parametrize("case", LIMITS)
def test_the_limit_of_a_graph(case: str) -> None:
    ops, given, options, limit = LIMITS[case]
    assert limit_for(ops, given, lst.BACKEND, options) == limit


def test_a_quantized_graph_is_held_to_its_cosine_too() -> None:
    truth, found = np.float32([1, 0.048, 0.048, -0.048]), np.float32([1, -0.048, -0.048, 0.048])
    assert compare("y", found, truth, Limit(0.1, 0.98)).problem == ""
    assert compare("y", found, truth, Limit(0.1, 0.99)).problem == (
        "max abs error 0.096, max rel error 0.096 (limits of a quantized graph: 0.1, cosine 0.99), cosine 0.986271"
    )


@pytest.mark.shared_models
@pytest.mark.parametrize("name", ["q_shufflenet_v1_x1_0_g3_int8", "q_shufflenet_v1_x1_0_g3_qat"])
def test_quantized_networks_are_verified_with_their_own_limit(shared_models: Path, tmp_path: Path, name: str) -> None:
    line = ["tm-to-onnx", str(shared_models / f"{name}.pkl"), "-o", str(tmp_path / "m.onnx")]
    result = Runner().invoke(application, line)
    assert result.exit_code == 0
    (said,) = (line for line in result.stderr.splitlines() if line.startswith("verified"))
    assert said.endswith("(limits of a quantized graph: 0.1, cosine 0.99)")
    assert Runner().invoke(application, [*line, "--rtol", "1e-9"]).exit_code == 1


@pytest.mark.shared_models
def test_a_dynamic_batch_is_run(shared_models: Path, tmp_path: Path) -> None:
    line = ["tm-to-onnx", str(shared_models / "shufflenet_v2_x0_5.pkl"), "-o", str(tmp_path / "m.onnx")]
    result = Runner().invoke(application, [*line, "--dynamic-batch"])
    assert result.exit_code == 0
    assert result.stderr.splitlines()[-3].startswith("batches 1, 2, 5: each row is what it is alone, max rel error ")
