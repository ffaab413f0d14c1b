"""Sizes that may vary: the written file beside its source at other ones, and what cannot vary."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from mgeconvert.errors import BadInputError, Problem, ReferenceEnvironmentError, UnsupportedError
from mgeconvert.ir import TracedDim, Value
from mgeconvert.verification.comparison import compare
from mgeconvert.verification.report import HINT, SizesReport
from mgeconvert.verification.sizes import check_sizes, feeds_at, free_sizes, other_sizes
from mgeconvert.verification.tolerance import Limit
from mgeconvert_cli.main import application
from tests.harness.runner import Runner

F32 = np.dtype(np.float32)
INPUTS = {"x": Value("x", F32, ("N", 1, "H", "W"))}
FEEDS = {"x": np.arange(48, dtype=np.float32).reshape(1, 1, 8, 6)}


@dataclass
class Source:
    """A model that computes `function`, whose reading at other sizes gives `problems`."""

    function: Callable[[np.ndarray], np.ndarray]
    asked: bool = True
    keeps: bool = False
    problems: tuple[Problem, ...] = ()

    def at(self, feeds: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        return {"y": self.function(feeds["x"])}

    def reread(self, _: Mapping[str, np.ndarray]) -> None:
        if self.problems:
            raise UnsupportedError("read the model", self.problems)


def judge(found: Mapping[str, np.ndarray], truth: Mapping[str, np.ndarray], _: object) -> list[object]:
    return [compare("y", found["y"], truth["y"], Limit())]


def refusing(x: np.ndarray) -> np.ndarray:
    if x.shape[2:] != (8, 6):
        raise ReferenceEnvironmentError("MegEngine 1.13.0: run: RuntimeError: shapes mismatch\nmore")
    return x


def fixed(x: np.ndarray) -> np.ndarray:
    if x.shape[2:] != (8, 6):
        raise BadInputError("out.onnx: cannot reshape")
    return x


FC = (Problem("fc (Linear)", "linear", "sizes do not fit"),)
ROWS: dict[str, tuple[Source, Callable[[np.ndarray], np.ndarray], SizesReport]] = {
    "right at all": (
        Source(lambda x: x * 2),
        lambda x: x * 2,
        SizesReport("H, W", ("H=16, W=10", "H=24, W=8")),
    ),
    "another number": (
        Source(lambda x: x * x.shape[2]),
        lambda x: x * 8,
        SizesReport(
            "H, W",
            problem="H, W may vary, but at H=16, W=10 y: max abs error 376, max rel error 0.5 (limit 0.0001), "
            "cosine 1.000000",
        ),
    ),
    "a number that was taken for a size": (
        Source(lambda x: x[..., :6].reshape(-1, 6), keeps=True),
        lambda x: x.reshape(-1, x.shape[3]),
        SizesReport(
            "H, W",
            problem="H, W may vary, but at H=16, W=10 y: is float32[16,10], expected float32[16,6]",
            hint=f"--keep-constant 6 where such a number is no size, or {HINT}",
        ),
    ),
    "another number, perhaps made of sizes": (
        Source(lambda x: x * x.shape[2], keeps=True),
        lambda x: x * 8,
        SizesReport(
            "H, W",
            problem="H, W may vary, but at H=16, W=10 y: max abs error 376, max rel error 0.5 (limit 0.0001), "
            "cosine 1.000000",
            hint=f"--keep-constant N for numbers said above that are no sizes, or {HINT}",
        ),
    ),
    "the file does not run": (
        Source(lambda x: x),
        fixed,
        SizesReport("H, W", problem="H, W may vary, but at H=16, W=10 it does not run: out.onnx: cannot reshape"),
    ),
    "the source does not run": (
        Source(refusing),
        lambda x: x,
        SizesReport(
            "H, W",
            problem="H, W cannot vary: at H=16, W=10 the model itself does not run: "
            "MegEngine 1.13.0: run: RuntimeError: shapes mismatch",
        ),
    ),
    "the operator that holds them": (
        Source(refusing, problems=FC),
        lambda x: x,
        SizesReport(
            "H, W",
            problem="H, W cannot vary: at H=16, W=10 the model itself does not run: "
            "fc (Linear): linear: sizes do not fit",
        ),
    ),
    "sizes that the source's file leaves open": (Source(refusing, asked=False), lambda x: x, SizesReport("H, W")),
}


@pytest.mark.parametrize("case", ROWS)
def test_other_sizes(case: str) -> None:
    source, function, expected = ROWS[case]
    assert check_sizes(lambda f: {"y": function(f["x"])}, INPUTS, FEEDS, source, judge) == expected


def test_which_sizes() -> None:
    assert free_sizes(INPUTS, FEEDS) == {"H": 8, "W": 6}
    assert free_sizes({"x": Value("x", F32, (TracedDim("x_0", 1), 1, TracedDim("x_2", 8), 6))}, FEEDS) == {}
    assert other_sizes({"H": 224, "W": 7}) == [{"H": 256, "W": 9}, {"H": 288, "W": 8}]
    at = feeds_at(INPUTS, FEEDS, {"H": 10, "W": 7})["x"]
    assert (at.shape, at.ravel()[48]) == ((1, 1, 10, 7), 0)


CODE = """
import megengine.functional as F
import megengine.module as M


class Net(M.Module):
    def __init__(self):
        super().__init__()
        self.conv = M.Conv2d(1, 4, 3, stride=2, padding=1)
        self.fc = M.Linear(64, 5)

    def forward(self, x):
        return self.fc(F.flatten(self.conv(x), 1))


class Pyramid(M.Module):
    def __init__(self):
        super().__init__()
        self.conv = M.Conv2d(1, 4, 3, stride=2, padding=1)

    def forward(self, x):
        y = self.conv(x)
        return F.vision.interpolate(y, scale_factor=2, mode="bilinear") - x
"""


def invoke(line: str) -> tuple[int, list[str]]:
    result = Runner().invoke(application, line.split())
    return result.exit_code, result.stderr.splitlines()


@pytest.mark.reference
def test_asked_sizes_are_run_and_a_layer_that_holds_them_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("nets.py").write_text(CODE)
    for name in ("Net", "Pyramid"):
        assert invoke(f"trace nets.py:{name} --input x=1,1,8,8 -o {name}.pkl")[0] == 0
    for cache in (None, "nowhere"):
        if cache:
            monkeypatch.setenv("MGECONVERT_CACHE", cache)
        code, said = invoke("tm-to-onnx Net.pkl --dynamic-shape x=1,1,H,W -o out.onnx")
        assert code == 1
        fact = "out.onnx: H, W cannot vary: at H=16, W=24 the model itself does not run: fc: Linear: fc/Gemm: "
        assert said[-2].startswith(f"error: {fact}")
        assert said[-1] == "hint: give numbers for sizes that cannot vary, or --no-verify to keep the file as it is"
        assert not Path("out.onnx").exists()
        code, said = invoke("tm-to-onnx Pyramid.pkl --dynamic-shape x=1,1,H,W -o pyramid.onnx --force")
        assert code == 0, said
        (line,) = [line for line in said if line.startswith("also at")]
        assert line.startswith("also at H=16, W=24; H=24, W=16: as the source, max rel error ")
