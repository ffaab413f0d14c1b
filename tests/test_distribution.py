"""The source distribution holds all that `make demo` and `make test` need; wheels hold the packages alone."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
from email.parser import HeaderParser
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def tracked() -> set[str]:
    if not (ROOT / ".git").exists():
        pytest.skip("this is no checkout: git does not say which files there are")
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    return {name for name in names.stdout.split("\0") if name and (ROOT / name).exists()}


@pytest.fixture(scope="module")
def sdist(tracked: set[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy, which keeps the build's own files out of the tree."""
    copy = tmp_path_factory.mktemp("copy")
    for name in tracked:
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, copy / name)
    command = [sys.executable, "-m", "build", "--sdist", "--no-isolation", "--outdir", str(copy / "dist"), str(copy)]
    subprocess.run(command, check=True, capture_output=True)
    (file,) = (copy / "dist").iterdir()
    return file


def test_the_sdist_holds_the_repository(sdist: Path, tracked: set[str]) -> None:
    with tarfile.open(sdist) as archive:
        names = {member.name.partition("/")[2] for member in archive.getmembers() if member.isfile()}
    assert tracked - names == set()


def test_metadata(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        text = archive.extractfile(f"{sdist.name.removesuffix('.tar.gz')}/PKG-INFO")
        assert text is not None
        fields = HeaderParser().parsestr(text.read().decode())
    assert fields["License-Expression"] == "Apache-2.0"
    assert fields["Author"] == "The mgeconvert authors"
    assert "LICENSE" in fields.get_all("License-File", [])
