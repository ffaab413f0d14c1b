"""What each reference environment holds, where it lives, and how it is created.

An environment is a virtual environment in the user's cache, in a folder named after a hash of its requirements, so a
change of requirements is a new folder. It is built where it stays; its stamp, which is written last, says that it is
whole. What an install that was killed leaves has none, and goes with the next one.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mgeconvert.errors import MissingDependencyError, UsageError
from mgeconvert.files.locking import locked

from .interpreters import Interpreter, Version, find
from .processes import run_bound

STAMP = "mgeconvert-reference.json"
"""Written into a complete environment: its requirements, the Python it came from, the versions installed."""


@dataclass(frozen=True, slots=True)
class Environment:
    """A row of the table of environments.

    `installs` are pip's arguments, one run each; `probe` is a program that fails where the framework does not work;
    `worker` is the script, or the package, beside this file that `client` runs in it.
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
            worker="worker",
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

    `log` gets one line per step. MissingDependencyError when no Python fits or an installation step fails: what was
    there is there again then. One install at a time works in the cache, another one waits.
    """
    if wanted.is_installed and not force:
        return False
    interpreter = find(wanted.pythons, wanted.title, python)
    target = wanted.folder
    old = target.with_name(f".{target.name}-old")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MissingDependencyError(
            f"{target.parent}: cannot be made: {error.strerror}",
            hint="MGECONVERT_CACHE in the environment names another",
        ) from error
    with locked([target.parent]):
        _recover(wanted, old)
        if wanted.is_installed and not force:
            return False
        log(f"{wanted.title}: using {interpreter.path} (Python {interpreter.version[0]}.{interpreter.version[1]})")
        if target.exists():
            target.rename(old)
        try:
            _build(wanted, interpreter, log)
        except BaseException:
            shutil.rmtree(target, ignore_errors=True)
            if old.exists():
                old.rename(target)
            raise
        shutil.rmtree(old, ignore_errors=True)
    log(f"{wanted.title}: installed in {target}")
    return True


def _recover(wanted: Environment, old: Path) -> None:
    """What an install that was killed has left: the environment before it comes back, everything else goes."""
    if old.exists():
        if wanted.is_installed:
            shutil.rmtree(old, ignore_errors=True)
        else:
            shutil.rmtree(wanted.folder, ignore_errors=True)
            old.rename(wanted.folder)
    if wanted.folder.exists() and not (wanted.folder / STAMP).is_file():
        shutil.rmtree(wanted.folder, ignore_errors=True)
    for leftover in wanted.folder.parent.glob(f".reference-{wanted.name}-*"):
        shutil.rmtree(leftover, ignore_errors=True)


def _build(wanted: Environment, interpreter: Interpreter, log: Callable[[str], None]) -> None:
    """Build it where it stays, since its scripts name their folder; the stamp, written last, says that it is whole."""
    python = str(wanted.python)
    _run(wanted, str(interpreter.path), "venv", str(wanted.folder))
    for arguments in wanted.installs:
        log(f"{wanted.title}: pip install {' '.join(arguments)}")
        _run(wanted, python, "pip", "install", "--quiet", "--disable-pip-version-check", *arguments)
    log(f"{wanted.title}: checking that it works")
    probe = wanted.folder / "probe.py"
    probe.write_text(wanted.probe)
    _require(wanted, run_bound(wanted.title, python, str(probe), []), f"{python} -I {probe}")
    packages = _run(wanted, python, "pip", "list", "--format=json", "--disable-pip-version-check")
    stamp = {
        "environment": wanted.name,
        "python": str(interpreter.path),
        "installs": wanted.installs,
        "packages": {row["name"]: row["version"] for row in json.loads(packages)},
    }
    written = wanted.folder / f"{STAMP}.new"
    written.write_text(json.dumps(stamp, indent=1) + "\n")
    written.rename(wanted.folder / STAMP)


def _run(wanted: Environment, python: str, module: str, *arguments: str) -> str:
    done = run_bound(wanted.title, python, module, arguments, is_module=True)
    return _require(wanted, done, " ".join([python, "-I", "-m", module, *arguments]))


def _require(wanted: Environment, done: subprocess.CompletedProcess[str], command: str) -> str:
    """What it printed, if it ended well; else MissingDependencyError with the end of it, and what may help."""
    if done.returncode == 0:
        return done.stdout
    tail = "\n".join(f"  {line}" for line in done.stdout.strip().splitlines()[-15:])
    again = f"try again, or with another Python: `mgeconvert reference install {wanted.name} --python PATH`"
    hint = next((hint for sign, hint in SIGNS.items() if sign in done.stdout), again)
    raise MissingDependencyError(
        f"{wanted.title}: installing the reference environment failed at `{command}`:\n{tail}", hint=hint
    )


SIGNS = {
    "No space left on device": "make room, or name a folder on another disk: MGECONVERT_CACHE in the environment",
    "NewConnectionError": "pip reaches no package index: check the network, or name one with PIP_INDEX_URL",
    "Temporary failure in name resolution": "pip reaches no package index: check the network, or name one with "
    "PIP_INDEX_URL",
    "No module named ensurepip": "this Python has no ensurepip: install your system's python3-venv package, or name "
    "another with --python PATH",
}
"""What is printed where an install fails for a known reason, and what to do."""


def _python_of(folder: Path) -> Path:
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
