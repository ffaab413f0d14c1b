"""The convolutions that OpenCV computes wrongly: those that are named are, and those beside them are not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import mgeconvert
from mgeconvert import registry
from mgeconvert.errors import MissingDependencyError
from mgeconvert.ir import Graph
from mgeconvert.ir.builder import Builder
from mgeconvert.reference import environment
from mgeconvert.verification.asking import run_graph
from mgeconvert_converters.caffe import run as runs

Pair = tuple[int, int]
ONES: Pair = (1, 1)


def net(
    image: Pair, pads: Pair = ONES, strides: Pair = ONES, dilations: Pair = ONES, kernel: int = 3, per: int = 1
) -> Graph:
    b = Builder()
    rng = np.random.default_rng(1)
    weight = rng.standard_normal((4 * per, 1, kernel, kernel)).astype(np.float32)
    x = b.input("x", np.float32, (1, 4, *image))
    attrs = {"pads": pads * 2, "strides": strides, "dilations": dilations, "group": 4}
    b.output("y", b.op("Conv", x, weight, rng.standard_normal(4 * per).astype(np.float32), **attrs))
    return b.graph


WRONG = {
    "one pixel": net((1, 1)),
    "one row": net((1, 5)),
    "one column": net((7, 1)),
    "one row, no padding beside it": net((1, 5), (1, 0)),
    "one row in strides": net((1, 5), strides=(2, 2)),
    "dilated": net((9, 8), dilations=(2, 2)),
    "columns dilated": net((9, 8), (0, 1), dilations=(1, 3)),
    "columns dilated, strides of rows": net((9, 8), strides=(2, 1), dilations=(1, 2)),
}
RIGHT = {
    "two rows and columns": net((2, 2)),
    "rows dilated": net((9, 8), dilations=(2, 1)),
    "dilated in strides": net((9, 8), strides=(2, 2), dilations=(2, 2)),
    "dilated with padding": net((9, 8), (2, 2), dilations=(2, 2)),
    "dilated without padding": net((9, 8), (0, 0), dilations=(2, 2)),
    "no padding of columns": net((9, 8), (1, 0), dilations=(2, 2)),
    "two filters per channel": net((1, 1), per=2),
    "kernel of five": net((1, 1), (2, 2), kernel=5),
}


def difference(graph: Graph, path: Path) -> float:
    mgeconvert.save(graph, path)
    feeds = {"x": np.random.default_rng(0).standard_normal(graph.inputs["x"].shape).astype(np.float32)}  # type: ignore[arg-type]
    found = [runs.run_in_opencv(path, feeds)["y"] for _ in range(3)]
    (truth,) = run_graph(graph, feeds).values()
    return max(float(np.abs(each - truth).max()) for each in found)


@pytest.mark.parametrize("form", WRONG)
def test_opencv_is_not_asked_for_what_it_computes_wrongly(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is known to be wrong because it is: the numbers differ where it is asked all the same."""
    with pytest.raises(runs.MiscomputedError, match=r"^its depthwise 3x3 convolution is wrong for layer Conv$"):
        difference(WRONG[form], tmp_path / "net.prototxt")
    monkeypatch.setattr(runs, "may_be_faulty", lambda _: False)
    assert difference(WRONG[form], tmp_path / "asked.prototxt") > 1e-2


@pytest.mark.parametrize("form", RIGHT)
def test_what_is_beside_them_is_computed(form: str, tmp_path: Path) -> None:
    assert difference(RIGHT[form], tmp_path / "net.prototxt") < 1e-5


def test_without_real_caffe_such_a_net_is_not_judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment.Environment, "is_installed", False)
    path = tmp_path / "net.prototxt"
    mgeconvert.save(WRONG["one pixel"], path)
    run = registry.backend("caffe").run
    assert run is not None
    with pytest.raises(MissingDependencyError) as caught:
        run(path, {"x": np.zeros((1, 4, 1, 1), np.float32)})
    assert caught.value.message == (
        f"{path}: OpenCV miscomputes this net (its depthwise 3x3 convolution is wrong for layer Conv), "
        "and real Caffe is not installed"
    )


@pytest.mark.reference("caffe")
@pytest.mark.parametrize("form", WRONG)
def test_real_caffe_computes_them(form: str, tmp_path: Path) -> None:
    path = tmp_path / "net.prototxt"
    mgeconvert.save(WRONG[form], path)
    report = mgeconvert.verify(path)
    assert report.runtime == "real BVLC Caffe (OpenCV miscomputes this net)"
    feeds = {"x": np.ones(WRONG[form].inputs["x"].shape, np.float32)}  # type: ignore[arg-type]
    (truth,) = run_graph(WRONG[form], feeds).values()
    np.testing.assert_allclose(runs.run_in_caffe(path, feeds)["y"], truth, atol=1e-5)
