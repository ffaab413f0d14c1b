"""The Python API on a small format: the same verbs as the command line, reports that cannot change."""

from __future__ import annotations

import dataclasses
import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import mgeconvert
from mgeconvert.errors import BadInputError, UsageError, VerificationError
from mgeconvert.passes import Outcome
from tests.cli.test_main import MODEL, record, write
from tests.harness import small_graphs as lst
from tests.plugins import Install, plugins

__all__ = ["plugins"]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, plugins: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty working folder with m.lst; only that format exists."""
    plugins({"lst": lst.FRONTEND}, {"lst": lst.BACKEND})
    monkeypatch.chdir(tmp_path)
    write("m.lst", MODEL)


def test_load_and_save() -> None:
    graph = mgeconvert.load("m.lst")
    assert isinstance(graph, mgeconvert.Graph)
    assert mgeconvert.save(graph, "out.lst") == [Path("out.lst")]
    assert mgeconvert.load(Path("out.lst"), batch=5).inputs["x"].shape == (5, 3)
    assert [node.op for node in mgeconvert.load(io.BytesIO(json.dumps(MODEL).encode()), "lst").nodes] == [
        "Neg",
        "Abs",
    ]


def test_a_stream_needs_its_format() -> None:
    with pytest.raises(UsageError, match="a stream has no suffix that names its format"):
        mgeconvert.load(io.BytesIO(b""))


def test_optimize_changes_the_graph_in_place_and_says_how() -> None:
    write("n.lst", {**MODEL, "ops": ["Exp", "Identity", "Abs"]})
    graph = mgeconvert.load("n.lst")
    (done,) = mgeconvert.optimize(graph, ["eliminate-identity"]).passes
    assert (done.name, done.count) == ("eliminate-identity", 1)
    assert [node.op for node in graph.nodes] == ["Exp", "Abs"]
    assert mgeconvert.optimize(graph, []) == Outcome()
    with pytest.raises(UsageError, match="no pass is called eliminate-identitty"):
        mgeconvert.optimize(graph, ["eliminate-identitty"])


def test_convert_reports_what_it_did() -> None:
    record("m.npz")
    report = mgeconvert.convert("m.lst", "out.lst", optimize=False)
    assert (report.source_format, report.target_format, report.files, report.nodes) == (
        "lst",
        "lst",
        (Path("out.lst"),),
        2,
    )
    assert report.verification is not None
    assert report.verification.passed
    assert report.verification.outputs[0].max_rel == 0
    assert set(report.seconds) == {"read", "write", "verify"}
    with pytest.raises(dataclasses.FrozenInstanceError):
        report.nodes = 3  # type: ignore[misc]


def test_convert_raises_for_a_wrong_file() -> None:
    record("r.npz", wrong=1)
    with pytest.raises(
        VerificationError, match=r"out\.lst: differs from the recorded outputs of r\.npz: 1 of 1 outputs"
    ):
        mgeconvert.convert("m.lst", "out.lst", optimize=False, io="r.npz")
    report = mgeconvert.convert("m.lst", "out.lst", optimize=False, io="r.npz", rtol=0.2)
    assert report.verification is not None
    assert report.verification.passed


def test_convert_without_verification() -> None:
    report = mgeconvert.convert(
        "m.lst", "out.bin", optimize=False, verify=False, target_format="lst", save_options={"wrong": 2.0}
    )
    assert report.verification is None
    assert json.loads(Path("out.bin").read_text())["wrong"] == 2


def test_convert_runs_the_named_passes() -> None:
    write("n.lst", {**MODEL, "ops": ["Identity", "Abs"]})
    report = mgeconvert.convert("n.lst", "out.lst", optimize=["eliminate-identity"], verify=False)
    assert [row.name for row in report.outcome.passes] == ["eliminate-identity"]
    assert report.nodes == 1


def test_one_name_where_several_may_stand() -> None:
    write("n.lst", {**MODEL, "ops": ["Identity", "Abs"]})
    for one in ("eliminate-identity", ["eliminate-identity"], "eliminate-identity, fold-constants"):
        report = mgeconvert.convert("n.lst", "out.lst", optimize=one)
        assert report.outcome.passes[0].name == "eliminate-identity"
    graph = mgeconvert.load("n.lst")
    assert mgeconvert.optimize(graph, level=1, disable="eliminate-identity").passes == ()
    assert mgeconvert.optimize(graph, level=0, enable="eliminate-identity").passes[0].count == 1


OPTIONS: dict[str, tuple[dict[str, object], str]] = {
    "unknown": ({"opset": 13}, "opset: no option of the Operator list format; it has wrong"),
    "type": ({"wrong": "1"}, "wrong: is '1', expected float"),
    "flag": ({"wrong": True}, "wrong: is True, expected float"),
}


@pytest.mark.parametrize("case", OPTIONS)
def test_save_and_convert_agree_on_options(case: str) -> None:
    options, text = OPTIONS[case]
    graph = mgeconvert.load("m.lst")
    with pytest.raises(UsageError, match=text):
        mgeconvert.save(graph, "out.lst", **options)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=text):
        mgeconvert.convert("m.lst", "out.lst", save_options=options)
    assert not Path("out.lst").exists()


def test_options_that_are_none_have_their_defaults() -> None:
    mgeconvert.save(mgeconvert.load("m.lst", batch=None), "a.lst", wrong=None)
    mgeconvert.convert("m.lst", "b.lst", save_options={"wrong": None}, load_options={"batch": None}, optimize=False)
    assert Path("a.lst").read_bytes() == Path("b.lst").read_bytes()
    with pytest.raises(UsageError, match="frob: no option of the Operator list format; it has wrong, batch"):
        mgeconvert.load("m.lst", frob=1)


def test_run() -> None:
    x = np.linspace(-1, 1, 6, dtype=np.float32).reshape(2, 3)
    for feeds in ({"x": x}, [x], x, {"x": x.tolist()}):
        found = mgeconvert.run("m.lst", feeds)
        assert (type(found), list(found)) == (dict, ["y"])
        np.testing.assert_array_equal(found["y"], np.abs(x))
    with pytest.raises(UsageError, match="arrays are given for z, the inputs are x"):
        mgeconvert.run("m.lst", {"z": x})
    with pytest.raises(BadInputError, match=r"input x: the array is float32\[2,2\], expected float32\[2,3\]"):
        mgeconvert.run("m.lst", x[:, :2])
    with pytest.raises(BadInputError, match=r"the array is float64\[2,3\], expected float32\[2,3\]") as caught:
        mgeconvert.run("m.lst", x.astype(np.float64))
    assert caught.value.hint == "array.astype('float32') in numpy"
    with pytest.raises(UsageError, match="torch: no such runtime; there are the lst runtime"):
        mgeconvert.run("m.lst", x, runtime="torch")


def test_a_file_that_only_ran_has_not_passed() -> None:
    report = mgeconvert.verify("m.lst")
    assert (report.state, report.passed, report.refuted) == ("ran", False, False)
    report.require()


def test_verify_reports_and_does_not_raise() -> None:
    write("c.lst", {**MODEL, "wrong": 1})
    report = mgeconvert.verify("c.lst", "m.lst")
    assert not report.passed
    with pytest.raises(VerificationError):
        report.require()
    x = np.ones((2, 3), np.float32)
    np.savez("r.npz", x=x, y=x + 1)
    assert mgeconvert.verify("c.lst", io="r.npz").passed


def test_the_names_of_the_package() -> None:
    assert set(mgeconvert.__all__) <= set(dir(mgeconvert))
    for name in mgeconvert.__all__:
        assert getattr(mgeconvert, name) is not None
    with pytest.raises(AttributeError, match="module 'mgeconvert' has no attribute 'nothing'"):
        mgeconvert.nothing  # noqa: B018


def test_importing_the_package_imports_nothing_heavy() -> None:
    program = "import sys, mgeconvert; print(sorted({'numpy', 'onnx', 'rich', 'click'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout == "[]\n"
