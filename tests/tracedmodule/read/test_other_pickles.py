"""Files that are no TracedModule: what mgeconvert says they are, and how to go on. Texts are exact."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import pickle
import tarfile
import zipfile
from pathlib import Path
from types import ModuleType
from typing import Any, BinaryIO

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from mgeconvert.errors import BadInputError, UnsafePickleError
from mgeconvert.registry import frontend_names
from mgeconvert.tracedmodule.read import model, source, unpickle
from tests.tracedmodule import files as traced_files
from tests.tracedmodule import pickles

TRACE = 'in MegEngine: mge.save(mge.traced_module.trace_module(net, x), "model.pkl")'
FOREIGN = "export the model to ONNX from its framework"
ARRAYS = f"it holds arrays and no graph: convert the model that they belong to; {TRACE}"
COPY = "download or copy the file again and compare its size with the original's"
WEIGHTS = f"load it into its network with net.load_state_dict(mge.load(...)), then trace that; {TRACE}"
GOOD = traced_files.files()["protocol4.pkl"]


def zipped(member: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(member, b"data")
    return stream.getvalue()


def numpy_file(save: str) -> bytes:
    stream = io.BytesIO()
    getattr(np, save)(stream, np.zeros(3))
    return stream.getvalue()


def onnx_model(**fields: str) -> bytes:
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "g", [x], [y])
    made: onnx.ModelProto = helper.make_model(graph, **fields)
    return made.SerializeToString()


def tarred() -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("model.pkl"))
    return stream.getvalue()


TFLITE = (
    "mv model.pkl model.tflite"
    if "tflite" in frontend_names()
    else "TFLite is written, not read: convert the model that it was made of"
)
STATIC = (
    "mv model.pkl model.mge" if "mge" in frontend_names() else f"save the network itself, as a TracedModule; {TRACE}"
)
HDF5 = (
    "of Keras: export the model to ONNX; of Caffe: write it again with pycaffe, net.copy_from(FILE), "
    "net.save('NAME.caffemodel')"
)
PICKLE = "expected a TracedModule pickle"
FORMATS: dict[str, tuple[bytes, str, str]] = {
    "onnx": (onnx_model(), f"is an ONNX model, {PICKLE}", "mv model.pkl model.onnx"),
    "onnx of pytorch": (onnx_model(producer_name="pytorch"), f"is an ONNX model, {PICKLE}", "mv model.pkl model.onnx"),
    "tflite": (b"\x1c\0\0\0TFL3\x14\0\x20\0", f"is a TFLite model, {PICKLE}", TFLITE),
    "caffe": (
        b"\x0a\x03net\xa2\x06\x10\x0a\x04data",
        f"is a Caffe model's weights, {PICKLE}",
        "mv model.pkl model.caffemodel",
    ),
    "gzip": (gzip.compress(GOOD), f"is compressed with gzip, {PICKLE}", "gzip -dc model.pkl > model.unpacked.pkl"),
    "xz": (lzma.compress(GOOD), f"is compressed with xz, {PICKLE}", "xz -dc model.pkl > model.unpacked.pkl"),
    "bzip2": (bz2.compress(GOOD), f"is compressed with bzip2, {PICKLE}", "bzip2 -dc model.pkl > model.unpacked.pkl"),
    "zstd": (b"\x28\xb5\x2f\xfd\x04", f"is compressed with zstd, {PICKLE}", "zstd -dc model.pkl > model.unpacked.pkl"),
    "tar": (tarred(), f"is a tar archive, {PICKLE}", "tar -xf model.pkl"),
    "zip": (zipped("model.pkl"), f"is a zip archive, {PICKLE}", "unzip model.pkl"),
    "torch": (zipped("archive/data.pkl"), f"is a PyTorch checkpoint, {PICKLE}", FOREIGN),
    "old torch": (
        pickle.dumps(0x1950A86A20F9469CFC6C, 2) + pickle.dumps(1001, 2),
        f"is a PyTorch checkpoint, {PICKLE}",
        FOREIGN,
    ),
    "npz": (numpy_file("savez"), f"is a numpy archive (.npz), {PICKLE}", ARRAYS),
    "npy": (numpy_file("save"), f"is a numpy array (.npy), {PICKLE}", ARRAYS),
    "hdf5": (b"\x89HDF\r\n\x1a\n\0\0", f"is an HDF5 file, {PICKLE}", HDF5),
    "safetensors": (
        b"\x40\0\0\0\0\0\0\0" + b'{"weight":{"dtype":"F32"}}',
        f"is a safetensors file, {PICKLE}",
        ARRAYS,
    ),
    "git lfs": (
        b"version https://git-lfs.github.com/spec/v1\noid sha256:0",
        f"is a Git LFS pointer, not the file itself, {PICKLE}",
        "git lfs pull",
    ),
    "web page": (
        b"\n<!DOCTYPE html><html>",
        f"is a web page, not the file itself, {PICKLE}",
        "download the file itself, not the page about it",
    ),
    "protocol 0": (
        pickle.dumps({"a": 1}, 0),
        f"is a pickle of protocol 0 or 1, {PICKLE}",
        "save it again with mge.save, which writes protocol 4",
    ),
    "protocol 1": (
        pickle.dumps({"a": 1}, 1),
        f"is a pickle of protocol 0 or 1, {PICKLE}",
        "save it again with mge.save, which writes protocol 4",
    ),
    "static graph": (
        traced_files.files()["not/static.mge"],
        f"is a static graph of MegEngine's trace.dump, {PICKLE}",
        STATIC,
    ),
    "old static graph": (
        traced_files.files()["not/static_v1.mge"],
        f"is a static graph of MegEngine's trace.dump, {PICKLE}",
        STATIC,
    ),
    "empty": (b"", f"is empty, {PICKLE}", COPY),
    "random": (
        b"\x13\x37\xde\xad\xbe\xef\x00\x01\x02",
        f"is of no known format (it begins with 13 37 de ad be ef 00 01), {PICKLE}",
        TRACE,
    ),
    "text": (b"import os\n", f"is text, {PICKLE}", TRACE),
    "one byte": (b"\x80", f"is of no known format (it begins with 80), {PICKLE}", TRACE),
    "protocol 6": (b"\x80\x06.", f"is of no known format (it begins with 80 06 2e), {PICKLE}", TRACE),
    "damaged": (b"\x80\x04\xff\xff", "is damaged: byte 2 (0xff) is no opcode of protocol 2-5", COPY),
    "cut off": (GOOD[:1000], "is cut off: the pickle goes on after its 1000 bytes", COPY),
    "state dict": (
        traced_files.files()["not/state_dict.pkl"],
        "is a state dict (2 tensors: fc.bias, fc.weight): weights without a graph, expected a TracedModule",
        WEIGHTS,
    ),
    "state dict of tensors": (
        traced_files.files()["not/state_dict_tensors.pkl"],
        "is a state dict (2 tensors: fc.bias, fc.weight): weights without a graph, expected a TracedModule",
        WEIGHTS,
    ),
    "checkpoint": (
        traced_files.files()["not/checkpoint.pkl"],
        "is a checkpoint (3 entries: epoch, state_dict, optimizer): weights without a graph, expected a TracedModule",
        WEIGHTS,
    ),
    "wrapped": (
        traced_files.files()["not/wrapped.pkl"],
        "is a dict with a TracedModule under 'model', expected the TracedModule itself",
        'in MegEngine: mge.save(mge.load("model.pkl")[\'model\'], "traced.pkl")',
    ),
    "module": (
        traced_files.files()["not/module.pkl"],
        "is a pickled Module (__main__.Small), whose forward() is Python code that the file does not hold; expected a "
        "TracedModule",
        f"trace it where its code is; {TRACE}",
    ),
    "sequential": (
        traced_files.files()["not/sequential.pkl"],
        "is a pickled Module (megengine.module.sequential.Sequential), whose forward() is Python code that the file "
        "does not hold; expected a TracedModule",
        f"trace it where its code is; {TRACE}",
    ),
    "tensor": (traced_files.files()["not/tensor.pkl"], "holds one array, expected a TracedModule", TRACE),
    "list": (traced_files.files()["not/list.pkl"], "holds a list, expected a TracedModule", TRACE),
    "dict": (pickle.dumps({"a": 1}), "is a dict (1 entry: a), expected a TracedModule", TRACE),
    "no graph": (
        pickles.file(pickles.module(argdef_graph_map=pickle.EMPTY_DICT)),
        "the TracedModule has no graph",
        TRACE,
    ),
}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def refusal(path: str | Path) -> BadInputError:
    with pytest.raises(BadInputError) as caught:
        model.read(Path(path))
    assert caught.value.exit_code == 3
    return caught.value


@pytest.mark.parametrize("kind", FORMATS)
def test_what_it_is_and_how_to_go_on(kind: str, here: Path) -> None:
    data, message, hint = FORMATS[kind]
    (here / "model.pkl").write_bytes(data)
    error = refusal("model.pkl")
    assert (error.message, error.hint) == (f"model.pkl: {message}", hint)


@pytest.mark.parametrize("kind", FORMATS)
def test_the_same_from_a_stream(kind: str) -> None:
    data, message, _ = FORMATS[kind]
    with pytest.raises(BadInputError) as caught:
        model.read(io.BytesIO(data))
    assert caught.value.message == f"standard input: {message}"
    assert "standard input" not in str(caught.value.hint)


def test_hints_are_commands_for_the_file(here: Path) -> None:
    (here / "my model.pkl.xz").write_bytes(lzma.compress(GOOD))
    assert refusal("my model.pkl.xz").hint == "xz -dc 'my model.pkl.xz' > 'my model.pkl'"
    with pytest.raises(BadInputError) as caught:
        model.read(io.BytesIO(lzma.compress(GOOD)))
    assert caught.value.hint == "xz -dc FILE > FILE.unpacked"


def test_a_missing_file(here: Path) -> None:
    error = refusal("absent/model.pkl")
    assert (error.message, error.hint) == ("absent/model.pkl: there is no such file", "ls absent")


def test_a_folder(here: Path) -> None:
    (here / "models").mkdir()
    error = refusal("models")
    assert (error.message, error.hint) == ("models: is a folder, expected a file", "ls models")


def test_a_file_that_may_not_be_read(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "model.pkl").write_bytes(GOOD)

    def denied(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(source, "open", denied, raising=False)
    error = refusal("model.pkl")
    assert (error.message, error.hint) == (
        "model.pkl: cannot be read: permission denied",
        "chmod u+r model.pkl",
    )


@pytest.mark.parametrize("path", ["x" * 5000, "a\0b"])
def test_a_path_that_cannot_be(path: str) -> None:
    assert ": cannot be read: " in refusal(path).message


def test_every_cut_is_noticed() -> None:
    """A model cut anywhere is said to be cut off, or is no pickle yet."""
    for end in range(2, len(GOOD), 7):
        with pytest.raises(BadInputError) as caught:
            model.read(io.BytesIO(GOOD[:end]))
        assert caught.value.message == f"standard input: is cut off: the pickle goes on after its {end} bytes"


def test_a_hostile_file_is_refused_by_name_before_it_is_called_anything_else(here: Path) -> None:
    """A module of the user's own and os.system in its state: the danger comes first."""
    data = pickles.file(
        pickles.build(
            pickles.new(pickles.name("mynet", "Net")),
            pickles.mapping(_forward_pre_hooks=pickles.call(pickles.name("os", "system"), pickles.text("true"))),
        )
    )
    (here / "model.pkl").write_bytes(data)
    error = refusal("model.pkl")
    assert isinstance(error, UnsafePickleError)
    assert "the pickle names os.system" in error.message
    assert error.hint == "do not open it with pickle or MegEngine; get the model from a source you trust"


def test_streams_files_and_pipes_are_read_alike(here: Path) -> None:
    path = here / "model.pkl"
    path.write_bytes(GOOD)
    with path.open("rb") as file, piped() as pipe, piped() as named:
        substituted = f"/dev/fd/{named.fileno()}"  # what a shell gives for <(xz -dc model.pkl.xz)
        models = [model.read(source) for source in (path, file, pipe, Path(substituted), io.BytesIO(GOOD))]
    assert len({read.outputs for read in models}) == 1
    assert [read.name for read in models] == [str(path), str(path), "standard input", substituted, "standard input"]


def piped() -> BinaryIO:
    """A pipe that holds a model."""
    reader, writer = os.pipe()
    os.write(writer, GOOD)
    os.close(writer)
    return open(reader, "rb")


@pytest.mark.parametrize("what", [source, unpickle])
def test_an_error_while_reading(what: ModuleType, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "model.pkl").write_bytes(GOOD)

    def broken(*_: object) -> None:
        raise OSError(5, "Input/output error")

    if what is source:
        monkeypatch.setattr("shutil.copyfileobj", broken)
        data: Any = io.BytesIO(GOOD)
    else:
        monkeypatch.setattr(unpickle._Unpickler, "find_class", broken)
        data = Path("model.pkl")
    with pytest.raises(BadInputError, match=r"^(standard input|model\.pkl): cannot be read: Input/output error$"):
        model.read(data)
