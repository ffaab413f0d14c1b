"""Every kind of file under every suffix that a reader takes: one name for it everywhere, and a way on that works."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import pickle
import shutil
import subprocess
from pathlib import Path

import pytest
from onnx import TensorProto, helper

import mgeconvert
from mgeconvert.errors import BadInputError
from mgeconvert.recognise import KINDS, recognise
from mgeconvert.registry import frontend, frontend_names
from tests.tracedmodule import files as traced_files

GOOD = traced_files.files()["protocol4.pkl"]
SUFFIXES = sorted({suffix for name in frontend_names() for suffix in frontend(name).suffixes})


def onnx_model() -> bytes:
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in "xy")
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "g", [x], [y])
    return bytes(helper.make_model(graph).SerializeToString())


PROTOTXT = (
    b'name: "net"\ninput: "x"\ninput_shape { dim: 1 dim: 2 }\nlayer { name: "r" type: "ReLU" bottom: "x" top: "y" }\n'
)
SAMPLES: dict[str, list[bytes]] = {
    "a PyTorch checkpoint": [pickle.dumps(0x1950A86A20F9469CFC6C, 2), b"PK\3\4" + bytes(26) + b"archive/data.pkl"],
    "a numpy archive (.npz)": [b"PK\3\4" + bytes(26) + b"arr_0.npy"],
    "a Keras archive": [b"PK\3\4" + bytes(26) + b"model.weights.h5"],
    "a zip archive": [b"PK\3\4" + bytes(26) + b"model.bin"],
    "a pickle": [GOOD],
    "a pickle of protocol 0 or 1": [pickle.dumps({"a": 1}, 0), pickle.dumps({"a": 1}, 1)],
    "a numpy array (.npy)": [b"\x93NUMPY\1\0"],
    "a TFLite model": [b"\x1c\0\0\0TFL3\x14\0\x20\0"],
    "a static graph of MegEngine's trace.dump": [
        traced_files.files()["not/static.mge"],
        traced_files.files()["not/static_v1.mge"],
        b"MGBC\1\0\0\0",
    ],
    "compressed with gzip": [gzip.compress(GOOD)],
    "compressed with xz": [lzma.compress(GOOD)],
    "compressed with bzip2": [bz2.compress(GOOD)],
    "compressed with zstd": [b"\x28\xb5\x2f\xfd\x04"],
    "a 7z archive": [b"7z\xbc\xaf\x27\x1c\0\4"],
    "a tar archive": [bytes(257) + b"ustar\x0000" + bytes(100)],
    "an HDF5 file": [b"\x89HDF\r\n\x1a\n\0\0"],
    "a safetensors file": [b"\x40\0\0\0\0\0\0\0" + b'{"weight":{"dtype":"F32"}}'],
    "a TensorRT engine": [b"ftrt\0\0\0\0"],
    "an ncnn model": [b"7767517\n3 3\nInput data 0 1 data\n"],
    "a Git LFS pointer, not the file itself": [b"version https://git-lfs.github.com/spec/v1\noid sha256:0"],
    "an OpenVINO model": [b'<?xml version="1.0"?>\n<net name="n" version="10">\n'],
    "a web page, not the file itself": [b"\n<!DOCTYPE html><html>", b"<HTML>", b"<?xml version='1.0'?><Error>"],
    "an ONNX model": [onnx_model()],
    "a Caffe model's weights": [b"\x0a\x03net\xa2\x06\x10\x0a\x04data"],
    "a Caffe net description (prototxt)": [PROTOTXT],
}
ROWS = [
    (what, number, suffix) for what, found in SAMPLES.items() for number in range(len(found)) for suffix in SUFFIXES
]


def test_every_row_has_a_sample() -> None:
    assert {kind.what for kind in KINDS} == set(SAMPLES)


@pytest.mark.parametrize("what", SAMPLES)
def test_what_a_file_is(what: str) -> None:
    for head in SAMPLES[what]:
        kind = recognise(head)
        assert kind is not None
        assert kind.what == what


@pytest.mark.parametrize(("what", "number", "suffix"), ROWS)
def test_every_reader_calls_it_the_same(what: str, number: int, suffix: str, tmp_path: Path) -> None:
    data = SAMPLES[what][number]
    path = tmp_path / f"model{suffix}"
    path.write_bytes(data)
    kind = recognise(data)
    assert kind is not None
    reader = next(frontend(name) for name in frontend_names() if suffix in frontend(name).suffixes)
    if kind.format == reader.name and kind.suffix in reader.suffixes:
        return  # its own format
    with pytest.raises(BadInputError) as caught:
        mgeconvert.load(path)
    assert caught.value.message.startswith(f"{path}: is {what}, expected ")
    assert caught.value.hint
    assert "{" not in caught.value.hint.replace('{"', "")


@pytest.mark.parametrize("what", ["a pickle", "an ONNX model", "a Caffe net description (prototxt)"])
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_misnamed_model_is_read_once_the_hint_is_followed(what: str, suffix: str, tmp_path: Path) -> None:
    (data,) = SAMPLES[what]
    path = tmp_path / f"model{suffix}"
    path.write_bytes(data)
    kind = recognise(data)
    assert kind is not None
    if suffix in frontend(kind.format).suffixes:
        mgeconvert.load(path).check()
        return
    with pytest.raises(BadInputError) as caught:
        mgeconvert.load(path)
    hint = str(caught.value.hint)
    assert hint.startswith("mv ")
    subprocess.run(hint, shell=True, check=True, cwd=tmp_path)
    (moved,) = tmp_path.iterdir()
    mgeconvert.load(moved).check()


@pytest.mark.parametrize("tool", ["gzip", "xz", "bzip2"])
def test_a_compressed_model_is_read_once_the_hint_is_followed(tool: str, tmp_path: Path) -> None:
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} is not installed")
    (data,) = SAMPLES[f"compressed with {tool}"]
    path = tmp_path / "my model.pkl"
    path.write_bytes(data)
    with pytest.raises(BadInputError) as caught:
        mgeconvert.load(path)
    subprocess.run(str(caught.value.hint), shell=True, check=True, cwd=tmp_path)
    mgeconvert.load(tmp_path / "my model.unpacked.pkl").check()


@pytest.mark.parametrize("name", frontend_names())
def test_a_stream_of_another_format(name: str) -> None:
    for what in ("a pickle", "an ONNX model"):
        (data,) = SAMPLES[what]
        kind = recognise(data)
        assert kind is not None
        if kind.format != name:
            with pytest.raises(BadInputError) as caught:
                mgeconvert.load(io.BytesIO(data), format=name)
            assert caught.value.message.startswith(f"standard input: is {what}, expected ")
            assert caught.value.hint == f"mgeconvert load - --from {kind.format}"
