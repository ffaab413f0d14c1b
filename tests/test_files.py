"""Output files appear complete or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mgeconvert.errors import MgeconvertError
from mgeconvert.files import output_files


def test_a_failed_run_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "m.bin"
    path.write_bytes(b"old")

    def fail() -> None:
        with output_files(path) as (stream,):
            stream.write(b"half")
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        fail()
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["m.bin"]


def test_links_are_followed_and_permissions_kept(tmp_path: Path) -> None:
    real, link = tmp_path / "real.bin", tmp_path / "link.bin"
    real.write_bytes(b"old")
    real.chmod(0o640)
    link.symlink_to(real)
    with output_files(link) as (stream,):
        stream.write(b"new")
    assert link.is_symlink()
    assert real.read_bytes() == b"new"
    assert real.stat().st_mode & 0o777 == 0o640


def test_two_files_are_renamed_together_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = tmp_path / "m.data", tmp_path / "m.bin"
    second.write_bytes(b"old")
    replace = os.replace

    def refuse_the_new_second(source: Path, target: Path) -> None:
        if target == second and not str(source).endswith(".old"):
            raise OSError(28, "No space left on device")
        replace(source, target)

    monkeypatch.setattr(os, "replace", refuse_the_new_second)
    with pytest.raises(MgeconvertError) as caught, output_files(first, second) as streams:
        streams[0].write(b"new")
    assert caught.value.message == f"{first}, {second}: cannot be written: No space left on device"
    assert os.listdir(tmp_path) == ["m.bin"]
    assert second.read_bytes() == b"old"


def test_a_full_disk_is_an_error_with_a_place() -> None:
    """/dev/full is written directly and refuses every byte."""
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("no /dev/full on this system")
    with pytest.raises(MgeconvertError) as caught, output_files(full) as (stream,):
        stream.write(bytes(1 << 20))
    assert caught.value.message == "/dev/full: cannot be written: No space left on device"
