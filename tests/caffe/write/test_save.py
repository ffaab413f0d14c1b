"""What a written Caffe net looks like: exact text, names, outputs, options, refusals."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
import pytest

import mgeconvert
from mgeconvert import registry
from mgeconvert.compose.support import composed_operators
from mgeconvert.errors import ConversionError, MissingDependencyError, UnsupportedError, UsageError
from mgeconvert.ir import Graph
from mgeconvert.ir.builder import Builder
from mgeconvert.ir.scopes import Scope
from mgeconvert.reference import environment
from mgeconvert.verification.expected import verify_files
from mgeconvert.version import VERSION
from mgeconvert_converters.caffe import messages
from mgeconvert_converters.caffe.dialects import DIALECTS
from mgeconvert_converters.caffe.emit import EMITTERS, REFUSED
from mgeconvert_converters.caffe.emit.finish import IN_PLACE
from mgeconvert_converters.caffe.read.caffemodel import read_weights
from mgeconvert_converters.caffe.read.files import read_prototxt, weight_files
from mgeconvert_converters.caffe.run import OpenCVError, run_in_caffe, run_in_opencv
from mgeconvert_converters.caffe.write.prototxt import PARAMETERS


def small() -> Graph:
    """A convolution, a ReLU and a pooling whose windows Caffe rounds up."""
    b = Builder()
    x = b.input("image", np.float32, (1, 2, 6, 6))
    b.enter(Scope("stem.conv", "Conv2d"))
    w = np.arange(36, dtype=np.float32).reshape(2, 2, 3, 3) / 36
    y = b.op("Conv", x, w, np.ones(2, np.float32), pads=[1, 1, 1, 1], kernel_shape=[3, 3])
    b.enter(Scope("stem.relu"))
    y = b.op("Relu", y)
    b.enter(Scope("stem.pool"))
    b.output("features", b.op("MaxPool", y, kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1]))
    return b.graph


SMALL = f"""\
# written by mgeconvert {VERSION}
# weights FINGERPRINT
name: "main"
layer {{
  name: "image"
  type: "Input"
  top: "image"
  input_param {{
    shape {{
      dim: 1
      dim: 2
      dim: 6
      dim: 6
    }}
  }}
}}
layer {{
  name: "stem.conv"
  type: "Convolution"
  bottom: "image"
  top: "stem.conv"
  convolution_param {{
    num_output: 2
    pad: 1
    kernel_size: 3
  }}
}}
layer {{
  name: "stem.relu"
  type: "ReLU"
  bottom: "stem.conv"
  top: "stem.relu"
}}
layer {{
  name: "stem.pool/pooling"
  type: "Pooling"
  bottom: "stem.relu"
  top: "stem.pool/pooling"
  pooling_param {{
    pool: MAX
    kernel_size: 3
    stride: 2
    pad: 1
  }}
}}
"""


def layers(path: Path) -> list[str]:
    return [
        f"{layer.name}: {layer.type} {','.join(layer.bottom)} -> {','.join(layer.top)}"
        for layer in read_prototxt(path).net.layer
    ]


def test_the_text(tmp_path: Path) -> None:
    path = tmp_path / "net.prototxt"
    assert mgeconvert.save(small(), path) == [path, path.with_suffix(".caffemodel")]
    assert re.sub("[0-9a-f]{16}", "FINGERPRINT", path.read_text()).startswith(SMALL)
    assert layers(path)[4:] == [
        "stem.pool/slice: Slice stem.pool/pooling -> stem.pool/slice_0,stem.pool/slice_1",
        "stem.pool: Slice stem.pool/slice_0 -> stem.pool_0,stem.pool_1",
        "silence: Silence stem.pool/slice_1,stem.pool_1 -> ",
        "features: Split stem.pool_0 -> features",
    ]


def test_floor_pooling(tmp_path: Path) -> None:
    path = tmp_path / "net.prototxt"
    mgeconvert.save(small(), path, floor_pooling=True)
    assert layers(path)[3:] == ["stem.pool: Pooling stem.relu -> features"]
    assert "round_mode: FLOOR" in path.read_text()
    again = mgeconvert.load(path)
    assert again.outputs["features"].shape == (1, 2, 3, 3)
    with pytest.raises(OpenCVError):
        run_in_opencv(path, {"image": np.zeros((1, 2, 6, 6), np.float32)})


@pytest.mark.reference("caffe")
def test_floor_pooling_in_real_caffe(tmp_path: Path) -> None:
    x = np.random.RandomState(0).uniform(-1, 1, (1, 2, 6, 6)).astype(np.float32)
    results = []
    for floor in (False, True):
        path = tmp_path / f"{floor}.prototxt"
        mgeconvert.save(small(), path, floor_pooling=floor)
        results.append(run_in_caffe(path, {"image": x})["features"])
    np.testing.assert_array_equal(*results)


def test_same_input_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        mgeconvert.save(small(), tmp_path / f"{name}.prototxt")
    for suffix in (".prototxt", ".caffemodel"):
        assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()


def test_in_place(tmp_path: Path) -> None:
    path = tmp_path / "net.prototxt"
    mgeconvert.save(small(), path, in_place=True)
    assert layers(path)[1:3] == ["stem.conv: Convolution image -> stem.conv", "stem.relu: ReLU stem.conv -> stem.conv"]
    x = np.random.RandomState(0).uniform(-1, 1, (1, 2, 6, 6)).astype(np.float32)
    plain = tmp_path / "plain.prototxt"
    mgeconvert.save(small(), plain)
    np.testing.assert_array_equal(
        run_in_opencv(path, {"image": x})["features"], run_in_opencv(plain, {"image": x})["features"]
    )


@pytest.mark.reference("caffe")
def test_every_layer_that_may_be_in_place(tmp_path: Path) -> None:
    b = Builder()
    x = b.op("Neg", b.input("x", np.float32, (2, 3, 4, 5)))
    ones = np.ones(3, np.float32)
    for op in ("Relu", "Elu", "Sigmoid", "Tanh", "Softplus", "Exp", "Log", "Sqrt", "Softmax"):
        x = b.op(op, x)
    x = b.op("PRelu", x, ones.reshape(3, 1, 1))
    x = b.op("BatchNormalization", x, ones, ones, ones / 2, ones)
    b.output("y", b.op("Abs", x))
    path, plain = tmp_path / "net.prototxt", tmp_path / "plain.prototxt"
    mgeconvert.save(b.graph, path, in_place=True)
    mgeconvert.save(b.graph, plain)
    values = np.random.RandomState(0).uniform(-1, 1, (2, 3, 4, 5)).astype(np.float32)
    in_place = [layer for layer in read_prototxt(path).net.layer if list(layer.bottom) == list(layer.top)]
    assert {layer.type for layer in in_place} == IN_PLACE
    np.testing.assert_array_equal(*(run_in_caffe(net, {"x": values})["y"] for net in (path, plain)))


@pytest.mark.reference("caffe")
def test_in_place_spares_memory_that_others_read(tmp_path: Path) -> None:
    """Caffe's Reshape and Flatten do not copy: what they give is the memory of their bottom."""
    b = Builder()
    x = b.input("x", np.float32, (2, 3, 4))
    y = b.op("Neg", x)
    flat = b.op("Sigmoid", b.op("Reshape", y, [2, 12]))
    b.output("flat", b.op("Neg", flat))
    b.output("plain", b.op("Neg", b.op("Exp", y)))
    path = tmp_path / "net.prototxt"
    mgeconvert.save(b.graph, path, in_place=True)
    values = np.random.RandomState(0).uniform(-1, 1, (2, 3, 4)).astype(np.float32)
    found = run_in_caffe(path, {"x": values})
    np.testing.assert_allclose(found["flat"], -1 / (1 + np.exp(values)).reshape(2, 12), rtol=1e-6)
    np.testing.assert_allclose(found["plain"], -np.exp(-values), rtol=1e-6)
    assert "Sigmoid: Sigmoid Reshape -> Sigmoid" in layers(path)


def test_outputs_are_those_of_the_graph_in_its_order(tmp_path: Path) -> None:
    """One output that is read too, one under two names, one that is an input, one constant, and parts nobody reads."""
    b = Builder()
    x = b.input("x", np.float32, (2, 6))
    b.input("unread", np.float32, (1, 3))
    y = b.op("Relu", x)
    first, _, _ = b.ops("Split", 3, y, [2, 2, 2], axis=1)
    b.output("late", b.op("Neg", y))
    b.output("part", first)
    b.output("y", y)
    b.output("again", y)
    b.output("same", x)
    b.output("fixed", b.constant(np.arange(3, dtype=np.int64)))
    path = tmp_path / "net.prototxt"
    mgeconvert.save(b.graph, path)
    assert layers(path) == [
        "x: Input  -> x",
        "unread: Input  -> unread",
        "Relu: ReLU x -> Relu",
        "Split: Slice Relu -> Split_0,Split_1,Split_2",
        "silence: Silence unread,Split_1,Split_2 -> ",
        "Neg: Power Relu -> late",
        "part: Split Split_0 -> part",
        "y: Split Relu -> y",
        "again: Split Relu -> again",
        "same: Split x -> same",
        "constant_1: Parameter  -> fixed",
    ]
    assert path.read_text().splitlines()[2] == '# output "fixed" is int64[3]'
    values = np.array([[1, -2, 3, -4, 5, -6]] * 2, np.float32)
    found = run_in_opencv(path, {"x": values, "unread": np.zeros((1, 3), np.float32)})
    assert list(found) == ["late", "part", "y", "again", "same", "fixed"]
    np.testing.assert_array_equal(found["again"], values.clip(0))
    assert found["fixed"].dtype == np.int64


def test_outputs_with_the_name_of_an_input(tmp_path: Path) -> None:
    b = Builder()
    x = b.input("x", np.float32, (2, 3))
    b.output("x", b.op("Relu", x))
    path = tmp_path / "net.prototxt"
    mgeconvert.save(b.graph, path)
    assert layers(path) == ["x: Input  -> x", "Relu: ReLU x -> x_1"]


def test_split_weights(tmp_path: Path) -> None:
    b = Builder()
    x = b.input("x", np.float32, (1, 500))
    for _ in range(3):
        x = b.op("Relu", b.op("MatMul", x, np.ones((500, 500), np.float32)))
    b.output("y", x)
    path = tmp_path / "net.prototxt"
    files = mgeconvert.save(b.graph, path, split_weights=2)
    assert [file.name for file in files] == [
        "net.prototxt",
        "net-00001-of-00003.caffemodel",
        "net-00002-of-00003.caffemodel",
        "net-00003-of-00003.caffemodel",
    ]
    assert len(read_weights(weight_files(path))) == 3
    assert run_in_opencv(path, {"x": np.ones((1, 500), np.float32)})["y"][0, 0] == 500**3
    with pytest.raises(UsageError, match="--split-weights -1: expected megabytes, or 0 for one file"):
        mgeconvert.save(b.graph, path, split_weights=-1)


def test_more_weights_than_one_file_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mgeconvert_converters.caffe.write.save.LIMIT", 100)
    path = tmp_path / "net.prototxt"
    with pytest.raises(ConversionError) as caught:
        mgeconvert.save(small(), path)
    assert str(caught.value) == "the weights are larger than 100 bytes, the most that Caffe reads from one file"
    assert caught.value.hint == "--split-weights 1000"
    assert not list(tmp_path.iterdir())
    assert messages.LIMIT == 2**31 - 1


def test_an_old_part_does_not_survive(tmp_path: Path) -> None:
    """A caffemodel of an earlier export would be read instead of the new parts, and the other way round."""
    path = tmp_path / "net.prototxt"
    other = tmp_path / "net-2-00001-of-00001.caffemodel"
    other.touch()
    b = Builder()
    x = b.input("x", np.float32, (1, 500))
    b.output("y", b.op("MatMul", b.op("MatMul", x, np.ones((500, 500), np.float32)), np.ones((500, 500), np.float32)))
    for megabytes, count in ((2, 2), (0, 1), (3, 1), (2, 2)):
        files = mgeconvert.save(b.graph, path, split_weights=megabytes)
        assert weight_files(path) == files[1:]
        assert sorted(tmp_path.glob("*.caffemodel")) == sorted([*files[1:], other])
        assert len(files) == count + 1


def test_everything_that_caffe_cannot_do_at_once(tmp_path: Path) -> None:
    b = Builder()
    x = b.input("x", np.float32, ("N", 3))
    b.enter(Scope("head.wave", "sin"))
    b.output("y", b.op("Sin", b.op("Floor", x)))
    with pytest.raises(UnsupportedError) as caught:
        mgeconvert.save(b.graph, tmp_path / "net.prototxt")
    assert str(caught.value) == (
        "cannot export to caffe: 3 operators not supported\n"
        "  input x: float32[N,3]: Caffe's shapes are fixed; --input-shape x=... says the sizes that are open\n"
        "  head.wave (sin): Floor: Caffe has no layer that rounds\n"
        "  head.wave (sin): Sin: Caffe has no trigonometric layer"
    )
    assert caught.value.hint == "`mgeconvert ops caffe` lists what can be exported"
    assert list(registry.backend("caffe").problems(b.graph)) == list(caught.value.problems)
    assert not list(tmp_path.iterdir())


def test_what_neither_judge_can_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment.Environment, "is_installed", False)
    b = Builder()
    b.output("y", b.ops("TopK", 2, b.input("x", np.float32, (2, 3)), [1])[0])
    path = tmp_path / "net.prototxt"
    mgeconvert.save(b.graph, path)
    run = registry.backend("caffe").run
    assert run is not None
    with pytest.raises(MissingDependencyError) as caught:
        run(path, {"x": np.zeros((2, 3), np.float32)})
    assert str(caught.value) == (
        f"{path}: OpenCV cannot compute this net (it has no layer ArgMax), and real Caffe is not installed"
    )
    assert caught.value.hint == "mgeconvert reference install caffe"


def test_dialects(tmp_path: Path) -> None:
    """The same graph in the layers of each family of forks."""
    b = Builder()
    x = b.input("x", np.float32, (1, 4, 3, 5))
    attrs = {"mode": "linear", "coordinate_transformation_mode": "align_corners"}
    b.output("large", b.op("Resize", x, None, None, [1, 4, 7, 9], **attrs))
    nearest = {"mode": "nearest", "nearest_mode": "floor", "coordinate_transformation_mode": "asymmetric"}
    b.output("double", b.op("Resize", x, None, None, [1, 4, 6, 10], **nearest))
    b.output("turned", b.op("Transpose", x, perm=[0, 2, 3, 1]))
    used = {}
    for name in DIALECTS:
        path = tmp_path / f"{name}.prototxt"
        mgeconvert.save(b.graph, path, dialect=name)
        used[name] = {layer.type for layer in read_prototxt(path).net.layer} & {"Interp", "Permute", "Upsample"}
    assert used == {
        "bvlc": set(),
        "ssd": {"Permute"},
        "deeplab": {"Permute", "Interp"},
        "yolo": {"Permute", "Upsample"},
    }


def test_an_unknown_dialect(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="dialect: is 'caffe2', expected one of 'bvlc', 'ssd', 'deeplab', 'yolo'"):
        mgeconvert.save(small(), tmp_path / "net.prototxt", dialect="caffe2")


def test_a_large_transposition_names_the_dialect_that_has_it(tmp_path: Path) -> None:
    b = Builder()
    b.output("y", b.op("Transpose", b.input("x", np.float32, (100, 200)), perm=[1, 0]))
    with pytest.raises(UnsupportedError, match="--dialect ssd has Permute"):
        mgeconvert.save(b.graph, tmp_path / "net.prototxt", dialect="bvlc")


def test_tables() -> None:
    assert not set(EMITTERS) & set(REFUSED)
    rows = {row.op: row for row in registry.backend("caffe").ops()}
    composed = {row.op for row in composed_operators(EMITTERS)}
    assert set(rows) == set(EMITTERS) | set(REFUSED) | composed
    assert {op for op, row in rows.items() if row.refused} == set(REFUSED) - composed
    assert rows["Sin"].refused == "Caffe has no trigonometric layer"
    assert {"Convolution", "LRN", "Power"} < set(PARAMETERS)
    read = {row.op for row in registry.frontend("caffe").ops()}
    assert {"Convolution", "Input", "Data", "SoftmaxWithLoss", "Python", "DetectionOutput"} < read


def test_the_report_says_which_runtime_judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A net that OpenCV cannot compute is judged by real Caffe or not at all."""
    path = tmp_path / "net.prototxt"
    mgeconvert.save(small(), path)
    assert verify_files(path, None, None, None).runtime == "OpenCV dnn"
    results = run_in_opencv(path, {"image": np.zeros((1, 2, 6, 6), np.float32)})
    monkeypatch.setattr("mgeconvert_converters.caffe.run.NOT_IN_OPENCV", {"Pooling"})
    monkeypatch.setattr("mgeconvert_converters.caffe.run.run_in_caffe", lambda *_: results)
    monkeypatch.setattr(environment.Environment, "is_installed", True)
    assert verify_files(path, None, None, None).runtime == "real BVLC Caffe (OpenCV cannot compute this net)"
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "cv2", None)
        assert verify_files(path, None, None, None).runtime == "real BVLC Caffe (OpenCV is not installed)"
        patch.setattr(environment.Environment, "is_installed", False)
        with pytest.raises(MissingDependencyError, match="run in OpenCV, which is not installed"):
            verify_files(path, None, None, None)
    monkeypatch.setattr(environment.Environment, "is_installed", False)
    with pytest.raises(MissingDependencyError, match=r"it has no layer Pooling.*, and real Caffe is not installed"):
        verify_files(path, None, None, None)
