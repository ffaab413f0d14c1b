"""Files that the ONNX frontend must refuse, with the exact words, and that nothing makes it crash."""

from __future__ import annotations

import io
import os
import pickle
import zipfile
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from mgeconvert.errors import BadInputError, ConversionError
from mgeconvert_converters.onnx.opsets.schema import newest
from mgeconvert_converters.onnx.opsets.up.driver import load
from mgeconvert_converters.onnx.read import file as onnx_file
from mgeconvert_converters.onnx.write.save import save
from tests.onnx.read.test_file import FLOAT, info, loaded, model
from tests.onnx.write.test_save import small_graph


def zip_archive(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", b"")


BAD_FILES = {
    "empty": b"",
    "a pickle": pickle.dumps({"state": 1}, 4),
    "text": b"models:\n  - a.onnx\n",
    "of no known format (it begins with ff fe fd fc fb fa f9 f8)": bytes(range(255, 100, -1)) * 20,
    "compressed with gzip": b"\x1f\x8b\x08\0" + bytes(50),
    "damaged or cut off": b"\x08\x07\x12\x05onn",
}


@pytest.mark.parametrize("fact", BAD_FILES)
def test_files_that_are_no_onnx_models(fact: str, tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(BAD_FILES[fact])
    with pytest.raises(BadInputError) as caught:
        load(path)
    assert caught.value.message == f"{path}: is {fact}, expected an ONNX model"


def test_zip_archive_and_missing_file(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    zip_archive(path)
    with pytest.raises(BadInputError) as caught:
        load(path)
    assert caught.value.message == f"{path}: is a PyTorch checkpoint, expected an ONNX model"
    assert caught.value.hint == "export the model to ONNX from its framework"
    with pytest.raises(BadInputError) as missing:
        load(tmp_path / "no.onnx")
    assert missing.value.message == f"{tmp_path / 'no.onnx'}: there is no such file"


def test_cut_off_and_flipped_files_never_crash() -> None:
    """Every prefix, and every file with one byte changed, is read or refused."""
    stream = io.BytesIO()
    save(small_graph(), stream)
    whole = stream.getvalue()
    files = [whole[:length] for length in range(len(whole))]
    for position in range(len(whole)):
        for bits in (0x01, 0x15, 0x80):
            changed = bytearray(whole)
            changed[position] ^= bits
            files.append(bytes(changed))
    refused = 0
    for file in files:
        try:
            load(io.BytesIO(file))
        except (BadInputError, ConversionError):
            refused += 1
    assert refused > len(files) / 2


@pytest.mark.parametrize("opset", [0, newest() + 1])
def test_opsets_that_are_not_read(opset: int) -> None:
    with pytest.raises(BadInputError) as caught:
        loaded(model([helper.make_node("Relu", ["x"], ["y"])], [info("x", 2)], [info("y", 2)], opset))
    assert caught.value.message == f"standard input: opset {opset}: ONNX is read at opset 1 to {newest()}"


def external(location: str, **entries: str) -> onnx.ModelProto:
    tensor = TensorProto(name="w", data_type=FLOAT, dims=[4], data_location=TensorProto.EXTERNAL)
    for key, value in {"location": location, **entries}.items():
        tensor.external_data.add(key=key, value=value)
    return model([helper.make_node("Add", ["x", "w"], ["y"])], [info("x", 4)], [info("y", 4)], initializer=[tensor])


@pytest.mark.parametrize(
    ("location", "entries", "fact"),
    [
        ("../w.bin", {}, "tensor w: its data file '../w.bin' is outside of the model's folder"),
        ("/etc/passwd", {}, "tensor w: its data file '/etc/passwd' is outside of the model's folder"),
        ("no.bin", {}, "tensor w: its data file {folder}/no.bin does not exist"),
        ("w.bin", {"offset": "8"}, "tensor w: 8 bytes, but its type and shape need 16"),
        ("w.bin", {"offset": "8", "length": "16"}, "tensor w: bytes 8 to 24 of {folder}/w.bin, which has 16"),
        ("w.bin", {"offset": "x"}, "tensor w: offset or length in w.bin is not a number"),
        ("", {}, "tensor w: its data file '' is outside of the model's folder"),
        (".", {}, "tensor w: its data file {folder} does not exist"),
        ("in/../../w.bin", {}, "tensor w: its data file 'in/../../w.bin' is outside of the model's folder"),
        ("w\0.bin", {}, r"tensor w: 'w\x00.bin' is no name of a data file: embedded null byte"),
        ("n" * 300, {}, f"tensor w: '{'n' * 79} is no name of a data file: File name too long"),
        ("名" * 100, {}, f"tensor w: '{'名' * 79} is no name of a data file: File name too long"),
        ("d/" * 3000 + "w", {}, f"tensor w: '{'d/' * 39}d is no name of a data file: File name too long"),
    ],
)
def test_bad_external_data(location: str, entries: dict[str, str], fact: str, tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    (tmp_path / "w.bin").write_bytes(bytes(16))
    path.write_bytes(external(location, **entries).SerializeToString())
    with pytest.raises(BadInputError) as caught:
        load(path)
    assert caught.value.message == f"{path}: " + fact.replace("{folder}", str(tmp_path))


def test_a_link_out_of_the_folder_is_resolved_first(tmp_path: Path) -> None:
    (tmp_path / "secret.bin").write_bytes(bytes(16))
    inner = tmp_path / "model"
    inner.mkdir()
    (inner / "w.bin").symlink_to(tmp_path / "secret.bin")
    (inner / "m.onnx").write_bytes(external("w.bin").SerializeToString())
    with pytest.raises(BadInputError) as caught:
        load(inner / "m.onnx")
    assert caught.value.message == (
        f"{inner / 'm.onnx'}: tensor w: its data file 'w.bin' is outside of the model's folder"
    )
    (inner / "w.bin").unlink()
    (inner / "real.bin").write_bytes(bytes(16))
    (inner / "w.bin").symlink_to("real.bin")
    assert [value.shape for value in load(inner / "m.onnx").constants()] == [(4,)]


def test_the_current_folder_means_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inner = tmp_path / "model"
    inner.mkdir()
    (tmp_path / "w.bin").write_bytes(bytes(16))
    (inner / "m.onnx").write_bytes(external("w.bin").SerializeToString())
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadInputError, match=r"its data file .*/model/w.bin does not exist"):
        load(Path("model/m.onnx"))
    (inner / "w.bin").write_bytes(np.ones(4, np.float32).tobytes())
    for folder, name in ((tmp_path, "model/m.onnx"), (inner, "m.onnx"), (inner, "../model/m.onnx")):
        monkeypatch.chdir(folder)
        assert [value.array.tolist() for value in load(Path(name)).constants() if value.array is not None] == [[1] * 4]


def test_a_folder_that_is_a_link_is_the_models_own(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "w.bin").write_bytes(bytes(16))
    (tmp_path / "real" / "m.onnx").write_bytes(external("w.bin").SerializeToString())
    (tmp_path / "link").symlink_to("real")
    assert len(list(load(tmp_path / "link" / "m.onnx").constants())) == 1
    (tmp_path / "real" / "w.bin").rename(tmp_path / "w.bin")
    (tmp_path / "real" / "up").symlink_to("..")
    (tmp_path / "real" / "m.onnx").write_bytes(external("up/w.bin").SerializeToString())
    with pytest.raises(BadInputError, match=r"'up/w\.bin' is outside of the model's folder"):
        load(tmp_path / "link" / "m.onnx")


def test_a_hard_link_to_a_file_of_another_owner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "w.bin").write_bytes(bytes(16))
    os.link(tmp_path / "w.bin", tmp_path / "other.bin")
    (tmp_path / "m.onnx").write_bytes(external("other.bin").SerializeToString())
    assert len(list(load(tmp_path / "m.onnx").constants())) == 1  # one's own may have two names
    own = os.stat(tmp_path / "other.bin")
    anothers = os.stat_result([*own[:4], own.st_uid + 1, *own[5:]])
    assert onnx_file.is_anothers(anothers, own)
    assert not onnx_file.is_anothers(os.stat_result([*anothers[:3], 1, *anothers[4:]]), own)
    monkeypatch.setattr(onnx_file, "is_anothers", lambda data, model: True)  # noqa: ARG005
    with pytest.raises(BadInputError, match=r"other.bin is a link to a file of another owner"):
        load(tmp_path / "m.onnx")


def test_values_that_nothing_computes() -> None:
    with pytest.raises(BadInputError) as caught:
        loaded(model([helper.make_node("Relu", ["z"], ["y"], name="relu")], [info("x", 2)], [info("y", 2)]))
    assert caught.value.message == "standard input: relu reads z, which nothing before it computes"


def test_inputs_that_are_neither_tensors_nor_sequences() -> None:
    mapping = onnx.ValueInfoProto(name="x")
    mapping.type.map_type.key_type = TensorProto.INT64
    with pytest.raises(ConversionError) as caught:
        loaded(model([helper.make_node("Identity", ["x"], ["y"])], [mapping], [info("y")]))
    assert caught.value.message == "standard input: input x is no tensor (map_type)"
