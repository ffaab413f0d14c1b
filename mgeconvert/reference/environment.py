"""What each reference environment holds, where it lives, and how it is created.

An environment is a virtual environment in the user's cache, in a folder named after a hash of its requirements, so a
change of requirements is a new folder. It is built under a temporary name and renamed when its probe has passed:
a folder that exists is complete, and of two installs at the same time one wins and the other is thrown away.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mgeconvert.errors import MissingDependencyError, UsageError

from .interpreters import Version, find

STAMP = "mgeconvert-reference.json"
"""Written into a complete environment: its requirements, the Python it came from, the versions installed."""


@dataclass(frozen=True, slots=True)
class Environment:
    """A row of the table of environments.

    `installs` are pip's arguments, one run each; `probe` is a program that fails where the framework does not work;
    `worker` is the script beside this file that `client` runs in it.
    """

    name: str
    title: str
    pythons: tuple[Version, ...]
    installs: tuple[tuple[str, ...], ...]
    probe: str
    worker: str

    @property
    def folder(self) -> Path:
        """Where it is, or would be installed."""
        digest = hashlib.sha256(json.dumps([self.installs, self.pythons]).encode()).hexdigest()[:12]
        return cache_folder() / f"reference-{self.name}-{digest}"

    @property
    def python(self) -> Path:
        """Its interpreter, whether installed or not."""
        return _python_of(self.folder)

    @property
    def is_installed(self) -> bool:
        """Complete, and the Python it was made from is still there."""
        return (self.folder / STAMP).is_file() and self.python.exists()

    def stamp(self) -> dict[str, Any]:
        """What was written when it was installed; MissingDependencyError when it is not."""
        self.require()
        stamp: dict[str, Any] = json.loads((self.folder / STAMP).read_text())
        return stamp

    def require(self) -> None:
        """MissingDependencyError with the command to run unless it is installed."""
        if not self.is_installed:
            raise MissingDependencyError(
                f"{self.title}: the reference environment is not installed (looked in {self.folder})",
                hint=f"run `mgeconvert reference install {self.name}`",
            )


ENVIRONMENTS = {
    environment.name: environment
    for environment in (
        Environment(
            name="megengine",
            title="MegEngine 1.13.0",
            pythons=((3, 10), (3, 9), (3, 8)),
            installs=(
                # MegEngine 1.13 breaks on newer releases of the pinned ones. Its wheel asks for opencv-python, which
                # needs the libGL that a machine without a screen lacks; the headless build is the same module.
                (
                    "numpy<1.24",
                    "opencv-python-headless<4.9",
                    "protobuf<4",
                    "setuptools<81",
                    "pyarrow<=11.0.0",
                    "megfile==2.0.5",
                    "deprecated",
                    "filelock",
                    "mprop",
                    "psutil",
                    "requests",
                    "tabulate",
                    "tqdm",
                    "wheel",
                ),
                ("--no-deps", "megengine==1.13.0"),
            ),
            probe="import megengine\nassert (megengine.Tensor([1.0]) + 1).numpy() == 2",
            worker="worker.py",
        ),
        Environment(
            name="caffe",
            title="BVLC Caffe 1.0",
            pythons=((3, 8),),
            installs=(
                # The wheel's caffe_pb2 was generated for protobuf 3; numpy 1.24 is the last for CPython 3.8.
                ("kendryte-caffe==1.0.0.20210829", "protobuf<3.21", "numpy<1.25"),
            ),
            probe="import caffe\nassert 'Convolution' in list(caffe.layer_type_list())",
            worker="caffe_worker.py",
        ),
        Environment(
            name="torch",
            title="PyTorch 2.13.0",
            pythons=((3, 11), (3, 12), (3, 13), (3, 10)),
            installs=(
                # Written networks need torch and safetensors only; the worker reads and writes arrays with numpy.
                ("torch==2.13.0", "safetensors<1", "numpy<3"),
            ),
            probe="import torch, safetensors.torch\nassert (torch.ones(1) + 1).item() == 2",
            worker="torch_worker.py",
        ),
    )
}


def environment(name: str) -> Environment:
    """The environment of that name; UsageError for an unknown one."""
    if name not in ENVIRONMENTS:
        raise UsageError(f"{name}: unknown reference environment; known: {', '.join(ENVIRONMENTS)}")
    return ENVIRONMENTS[name]


def cache_folder() -> Path:
    """``$MGECONVERT_CACHE``, else ``mgeconvert`` in the user's cache directory."""
    if given := os.environ.get("MGECONVERT_CACHE"):
        return Path(given).expanduser().absolute()
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser().absolute() / "mgeconvert"


def install(
    wanted: Environment,
    *,
    python: str | None = None,
    force: bool = False,
    log: Callable[[str], None] = lambda _: None,
) -> bool:
    """Create the environment unless it is there; returns whether anything was done.

    `log` gets one line per step. MissingDependencyError when no Python fits or an installation step fails.
    """
    if wanted.is_installed and not force:
        return False
    interpreter = find(wanted.pythons, wanted.title, python)
    log(f"{wanted.title}: using {interpreter.path} (Python {interpreter.version[0]}.{interpreter.version[1]})")
    target = wanted.folder
    target.parent.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        _run(wanted, [str(interpreter.path), "-I", "-m", "venv", str(building)])
        inside = [str(_python_of(building)), "-I"]
        for arguments in wanted.installs:
            log(f"{wanted.title}: pip install {' '.join(arguments)}")
            _run(wanted, [*inside, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *arguments])
        log(f"{wanted.title}: checking that it works")
        _run(wanted, [*inside, "-c", wanted.probe])
        packages = _run(wanted, [*inside, "-m", "pip", "list", "--format=json", "--disable-pip-version-check"])
        stamp = {
            "environment": wanted.name,
            "python": str(interpreter.path),
            "installs": wanted.installs,
            "packages": {row["name"]: row["version"] for row in json.loads(packages)},
        }
        (building / STAMP).write_text(json.dumps(stamp, indent=1) + "\n")
        _publish(building, wanted, force)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    log(f"{wanted.title}: installed in {target}")
    return True


def _publish(building: Path, wanted: Environment, force: bool) -> None:
    """Rename into place; an older or incomplete folder goes away first, another process's complete one stays."""
    target = wanted.folder
    if target.exists() and (force or not wanted.is_installed):
        discarded = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
        target.rename(discarded / target.name)
        shutil.rmtree(discarded, ignore_errors=True)
    try:
        building.rename(target)
    except OSError:
        if not wanted.is_installed:
            raise


def _run(wanted: Environment, command: list[str]) -> str:
    answer = subprocess.run(command, capture_output=True, text=True)
    if answer.returncode != 0:
        tail = "\n".join(f"  {line}" for line in (answer.stdout + answer.stderr).strip().splitlines()[-15:])
        raise MissingDependencyError(
            f"{wanted.title}: installing the reference environment failed at `{' '.join(command)}`:\n{tail}",
            hint=f"try again, or with another Python: `mgeconvert reference install {wanted.name} --python PATH`",
        )
    return answer.stdout


def _python_of(folder: Path) -> Path:
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
