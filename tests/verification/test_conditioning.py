"""Errors that the arithmetic leaves open are put down to rounding, others and those of a given limit are not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mgeconvert import registry
from mgeconvert.errors import BadInputError, VerificationError
from mgeconvert.ir import Graph, TracedDim, Value
from mgeconvert.ir.builder import Builder
from mgeconvert.verification import conditioning
from mgeconvert.verification.comparison import compare, random_inputs, symbol_sizes, verify_written
from mgeconvert.verification.conditioning import ROUNDINGS, forgiven
from mgeconvert.verification.recorded import Recorded
from mgeconvert.verification.report import OutputReport, VerificationReport
from mgeconvert.verification.tolerance import Limit, kinds_of, limit_for
from tests.harness import small_graphs as lst

Arrays = Mapping[str, np.ndarray]
FEEDS = {"x": np.float32([0.5, 0.5, 0.5, 0.5])}
STEEPNESS = 80
MOVEMENT = STEEPNESS * 2.0**-24
"""Of exp(80 x) at 0.5, where the next number is 2**-24 further up, or half as much down."""


def steep(feeds: Arrays) -> dict[str, np.ndarray]:
    """y = exp(80 x)"""
    return {"y": np.exp(STEEPNESS * np.asarray(feeds["x"], np.float64))}


def flat(feeds: Arrays) -> dict[str, np.ndarray]:
    """y = x"""
    return {"y": np.asarray(feeds["x"], np.float64)}


def report(error: float) -> OutputReport:
    return OutputReport("y", "float64", (4,), error, error, 1.0, "too far")


@pytest.mark.parametrize(
    ("error", "run", "is_forgiven"),
    [
        (0.9 * ROUNDINGS * MOVEMENT, steep, True),
        (1.1 * ROUNDINGS * MOVEMENT, steep, False),
        (0.9 * ROUNDINGS * 2.0**-23, flat, True),
        (1.1 * ROUNDINGS * 2.0**-23, flat, False),
    ],
)
def test_an_error_of_some_movements_is_rounding(error: float, run: object, is_forgiven: bool) -> None:
    (after,) = forgiven((report(error),), run(FEEDS), run, FEEDS)  # type: ignore[operator, arg-type]
    assert (after.problem == "") is is_forgiven
    assert after.note.startswith(f"ill-conditioned: max rel error {error:.3g}, and one unit") is is_forgiven
    assert after.max_rel == error


def test_how_far_an_output_moves() -> None:
    assert conditioning._movements(steep(FEEDS), steep, FEEDS) == {"y": pytest.approx(MOVEMENT, rel=1e-3)}
    (note,) = (each.note for each in forgiven((report(1e-4),), steep(FEEDS), steep, FEEDS))
    assert note == (
        "ill-conditioned: max rel error 0.0001, and one unit in the last place of the inputs moves it by 4.77e-06"
    )


def test_what_is_never_forgiven() -> None:
    wild = lambda feeds: {"y": np.sin(1e9 * np.asarray(feeds["x"], np.float64))}  # noqa: E731
    assert forgiven((report(0.05),), wild(FEEDS), wild, FEEDS)[0].problem == ""
    assert forgiven((report(0.0505),), wild(FEEDS), wild, FEEDS)[0].problem == "too far"
    shape = OutputReport("y", "float64", (4,), problem="is float64[4], expected float64[3]")
    assert forgiven((shape,), steep(FEEDS), steep, FEEDS) == (shape,)
    whole = {"x": np.int32([1])}
    assert forgiven((report(1e-4),), steep(whole), never, whole)[0].problem == "too far"
    right = replace(report(1e-4), problem="")
    assert forgiven((right,), steep(FEEDS), never, FEEDS) == (right,)


def never(feeds: Arrays) -> dict[str, np.ndarray]:
    """The runtime need not be asked again."""
    raise AssertionError


def test_a_runtime_that_takes_no_other_inputs_forgives_nothing() -> None:
    def fails(feeds: Arrays) -> dict[str, np.ndarray]:
        raise BadInputError("no")

    assert forgiven((report(1e-4),), steep(FEEDS), fails, FEEDS)[0].problem == "too far"


def test_movements_of_other_shapes_and_of_nothing() -> None:
    one = np.float32([1.0])
    assert conditioning._moved(one, np.float32([1, 2])) == 0.0
    assert conditioning._moved(one, np.float32([3])) == 2.0
    assert conditioning._moved(one[:0], one[:0]) == 0.0
    assert conditioning._moved(0 * one, one) == 0.0
    assert conditioning._moved(np.float32([4, 2, np.inf]), np.float32([4, 3, 1])) == 0.25
    whole = np.int64([3])
    assert conditioning._disturbed(whole, np.random.default_rng(0)) is whole


def test_numbers_move_up_and_down_by_one_unit_and_only_doubtful_outputs_are_looked_at() -> None:
    moved = conditioning._disturbed(np.ones(64, np.float32), np.random.default_rng(0))
    assert set(moved.tolist()) == {1 - 2.0**-24, 1 + 2.0**-23}
    assert 16 < np.count_nonzero(moved > 1) < 48
    right = OutputReport("z", "float64", (4,), 1e-9, 1e-9, 1.0)

    def both(feeds: Arrays) -> dict[str, np.ndarray]:
        return {**steep(feeds), "z": steep(feeds)["y"]}

    first, second = forgiven((report(1e-4), right), both(FEEDS), both, FEEDS)
    assert first.problem == ""
    assert second == right


def test_the_users_limit_has_no_exceptions() -> None:
    """A file off by a few movements: right by default, wrong where the user gave the limit."""
    x, y = (Value(name, np.dtype(np.float32), (4,)) for name in "xy")
    truth = steep(FEEDS)["y"].astype(np.float32)
    off = np.float32(1 + 20 * MOVEMENT)
    backend = replace(lst.BACKEND, run=lambda _, feeds: {"y": (off * steep(feeds)["y"]).astype(np.float32)})
    recorded = Recorded(Path("m.npz"), FEEDS, {"y": truth})
    limit = Limit(5 * MOVEMENT)

    def passed(limit: Limit) -> bool:
        return verify_written(Path("m"), backend, {"x": x}, {"y": y}, recorded, limit=limit).passed

    assert passed(limit)
    assert not passed(replace(limit, is_given=True))
    assert passed(Limit(25 * MOVEMENT, is_given=True))


LIMITS = {
    "float32": ({"Relu", "float32"}, None, Limit(1e-4), "limit 0.0001"),
    "float16": ({"Relu", "float16"}, None, Limit(1e-2), "limit 0.01"),
    "quantized": ({"QuantizeLinear"}, None, Limit(0.1, 0.99), "limits of a quantized graph: 0.1, cosine 0.99"),
    "quantized TFLite": ({"QUANTIZE"}, None, Limit(0.1, 0.99), "limits of a quantized graph: 0.1, cosine 0.99"),
    "given": ({"QuantizeLinear", "float16"}, 0.5, Limit(0.5), "limit 0.5"),
    "given as nothing": ({"float16"}, 0.0, Limit(0.0), "limit 0"),
}


@pytest.mark.parametrize("case", LIMITS)
def test_the_limit_of_a_graph(case: str) -> None:
    kinds, given, expected, text = LIMITS[case]
    limit = limit_for(kinds, given)
    assert limit == expected
    assert limit.text == text
    assert limit.is_given is (given is not None)
    assert limit.is_exact is (expected.cosine is None and given is None)


def test_sizes_of_a_trace_are_those_of_random_inputs() -> None:
    size = TracedDim("H", 5)
    inputs = {"x": Value("x", np.dtype(np.float32), ("N", size)), "m": Value("m", np.dtype(np.uint8), (size, "N"))}
    arrays = random_inputs(inputs, ones=["m"])
    assert {name: array.shape for name, array in arrays.items()} == {"x": (2, 5), "m": (5, 2)}
    assert (arrays["m"] == 1).all()
    assert arrays["m"].dtype == np.uint8


def test_a_nan_beside_a_difference_is_what_is_said() -> None:
    found, truth = np.float32([np.nan, 5, np.inf]), np.float32([np.nan, 1, np.inf])
    assert compare("y", found, truth, Limit(0.1)).problem.startswith("max abs error 4, max rel error 4 ")


def test_options_that_round_raise_the_limit() -> None:
    onnx = registry.backend("onnx")
    rounding = {option.name: option.rtol for option in onnx.options if option.rtol}
    assert rounding
    for name, rtol in rounding.items():
        raised = 1e-4 if name == "strip_quantization" else max(rtol, 1e-4)  # where nothing is quantized nothing rounds
        assert limit_for({"Relu"}, None, onnx, {name: True}) == Limit(raised)
        assert limit_for({"Relu"}, None, onnx, {name: False}) == Limit(1e-4)
        assert limit_for({"QUANTIZE"}, None, onnx, {name: True}) == Limit(max(rtol, 0.1), 0.99)
    assert limit_for({"Relu"}, None, None, dict.fromkeys(rounding, True)) == Limit(1e-4)


def test_what_a_limit_depends_on() -> None:
    b = Builder(Graph())
    b.output("y", b.op("Cast", b.op("Relu", b.input("x", "float32", (2,))), to=10))
    b.graph.nodes[0].outputs[0].dtype = None
    assert kinds_of(b.graph) == {"Relu", "Cast", "float16"}


def judged(outputs: int = 1, **more: Any) -> VerificationReport:
    """A backend that gives x itself, of an image whose size may vary."""
    x = {"x": Value("x", np.dtype(np.float32), ("N", "H"))}
    y = {f"y{at}": Value(f"y{at}", np.dtype(np.float32), ("N", "H")) for at in range(outputs)}
    backend = replace(lst.BACKEND, run=lambda _, feeds: {"y": feeds["x"]}, runtime="a runtime", **more)
    return verify_written(Path("m"), backend, x, y)


def test_a_file_without_a_truth_or_a_runtime() -> None:
    report = judged()
    assert (report.method, report.truth, report.sizes) == ("sanity", "random inputs (seed 20)", None)
    without = replace(lst.BACKEND, run=None, runtime="a runtime", title="a format")
    report = verify_written(Path("m"), without, {}, {})
    assert (report.method, report.runtime, report.reason) == ("none", "a runtime", "a format has no runtime here")
    assert verify_written(Path("m"), replace(without, runtime=""), {}, {}).runtime == "a format"
    with pytest.raises(VerificationError, match=r"^m: has 1 outputs, expected 2: y0, y1$"):
        judged(outputs=2)


class Own:
    """A model that gives x itself, times a factor; it counts how often it is asked."""

    asked = True
    keeps = False

    def __init__(self, factor: float) -> None:
        self.factor, self.count = factor, 0

    def at(self, feeds: Arrays) -> dict[str, np.ndarray]:
        self.count += 1
        return {"y": feeds["x"] * np.float32(self.factor)}

    def reread(self, feeds: Arrays) -> None:
        """Any sizes can be read."""


def sized(own: Own, limit: Limit = Limit(), truth: float = 1.0) -> VerificationReport:  # noqa: B008  it is frozen
    x, y = (Value(name, np.dtype(np.float32), ("N", "H")) for name in "xy")
    feeds = {"x": np.ones((2, 4), np.float32)}
    recorded = Recorded(Path("m.npz"), feeds, {"y": feeds["x"] * np.float32(truth)})
    backend = replace(lst.BACKEND, run=lambda _, given: {"y": given["x"]})
    return verify_written(Path("m"), backend, {"x": x}, {"y": y}, recorded, limit=limit, own=own)


def test_other_sizes_are_judged_with_the_same_limit() -> None:
    """Off by three units in the last place: nothing by default, an error by a limit of two that the user gave."""
    close = 1 + 3 * 2.0**-23
    report = sized(Own(1.0))
    assert report.sizes is not None
    assert (report.sizes.problem, report.sizes.compared) == ("", ("H=8", "H=12"))
    strict = sized(Own(close), Limit(2 * 2.0**-23, is_given=True)).sizes
    assert strict is not None
    assert strict.problem.startswith("H may vary, but at H=8 y: max abs error 3.58e-07")
    lenient = sized(Own(close), Limit(2 * 2.0**-23)).sizes
    assert lenient is not None
    assert lenient.problem == ""


def test_a_wrong_file_is_not_asked_about_other_sizes() -> None:
    own = Own(1.0)
    assert sized(own, truth=2.0).sizes is None
    assert own.count == 0


def test_sizes_of_symbols_where_the_array_has_more_axes() -> None:
    values = {"x": Value("x", np.dtype(np.float32), ("N", 3)), "s": Value("s", np.dtype(np.float32), None)}
    arrays = {"x": np.zeros((2, 3, 4), np.float32), "s": np.zeros(5, np.float32)}
    assert symbol_sizes(values, arrays) == {"N": 2}
