"""Places where no file can be written, with their exact texts; `os.access` is asked, since root may write anywhere."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mgeconvert.errors import MgeconvertError, UsageError
from mgeconvert.files.atomic import _open
from mgeconvert.files.staging import _pour, check_place


@pytest.fixture
def protected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)


@pytest.mark.usefixtures("protected")
def test_a_file_that_is_protected(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(b"old")
    for check in (check_place, lambda place: _open(place, [])):
        with pytest.raises(MgeconvertError) as error:
            check(path)
        assert error.value.message == f"{path}: cannot be written: it is write-protected"
    assert path.read_bytes() == b"old"


@pytest.mark.usefixtures("protected")
def test_a_folder_that_is_protected(tmp_path: Path) -> None:
    with pytest.raises(MgeconvertError) as error:
        check_place(tmp_path / "m.onnx")
    assert error.value.message == (
        f"{tmp_path / 'm.onnx'}: cannot be written: the folder {tmp_path} is write-protected"
    )


def test_two_files_for_one_stream(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as error:
        _pour([tmp_path / "a", tmp_path / "b"], Path("/dev/stdout"))
    assert (error.value.message, error.value.hint) == (
        "/dev/stdout: takes one file, this model is 2", "give -o OUT"
    )  # fmt: skip


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no full device")
def test_a_stream_that_is_full(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"content")
    with pytest.raises(MgeconvertError) as error:
        _pour([tmp_path / "a"], Path("/dev/full"))
    assert error.value.message == "/dev/full: cannot be written: No space left on device"
