"""Finds a CPython of a wanted version: the one given, on PATH, in pyenv's versions directory, known to uv."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mgeconvert.errors import MissingDependencyError, UsageError

Version = tuple[int, int]

PROBE = """\
import importlib.util, json, platform, sys
print(json.dumps({
    "version": sys.version_info[:2],
    "cpython": platform.python_implementation() == "CPython",
    "64 bit": sys.maxsize > 2**32,
    "venv": all(importlib.util.find_spec(name) for name in ("venv", "ensurepip")),
}))
"""


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A Python that can create the environment."""

    path: Path
    version: Version


def find(versions: Sequence[Version], title: str, given: str | None = None) -> Interpreter:
    """The first interpreter of the wanted versions, best version first.

    `given` (a path or a command name) is the only candidate when set; UsageError when it does not fit.
    MissingDependencyError names every Python that was looked at and what to install.
    """
    if given is not None:
        result = _examine(given, versions)
        if isinstance(result, Interpreter):
            return result
        raise UsageError(f"{given}: {result}; {title} needs CPython {_listed(versions)}")
    seen: list[str] = []
    for version in versions:
        for candidate in _candidates(version):
            result = _examine(candidate, [version])
            if isinstance(result, Interpreter):
                return result
            seen.append(f"\n  {candidate}: {result}")
    text = "".join(dict.fromkeys(seen)) or " none"
    newest = f"{versions[0][0]}.{versions[0][1]}"
    raise MissingDependencyError(
        f"{title} needs CPython {_listed(versions)}, and none was found on PATH, in pyenv or in uv; looked at:{text}",
        hint=f"install one (`uv python install {newest}`, `pyenv install {newest}`, or your system's python{newest} "
        f"and python{newest}-venv packages), or name it: `mgeconvert reference install --python PATH`",
    )


def _candidates(version: Version) -> Iterator[str]:
    name = f"python{version[0]}.{version[1]}"
    if sys.version_info[:2] == version:
        yield sys.executable
    if on_path := shutil.which(name):
        yield on_path
    for root in dict.fromkeys((os.environ.get("PYENV_ROOT") or "~/.pyenv", "~/.pyenv")):
        for folder in sorted(Path(root).expanduser().glob(f"versions/{version[0]}.{version[1]}.*"), reverse=True):
            yield str(folder / "bin" / name)
    if uv := shutil.which("uv"):
        answer = subprocess.run([uv, "python", "find", f"{version[0]}.{version[1]}"], capture_output=True, text=True)
        if answer.returncode == 0:
            yield answer.stdout.strip()


def _examine(candidate: str, versions: Sequence[Version]) -> Interpreter | str:
    """The interpreter, or the reason why this one cannot be used."""
    path = shutil.which(Path(candidate).expanduser())
    if path is None:
        return "no such program"
    answer = subprocess.run([path, "-I", "-c", PROBE], capture_output=True, text=True)
    if answer.returncode != 0:
        last = (answer.stderr.strip() or f"exit code {answer.returncode}").splitlines()[-1]
        return f"does not start: {last}"
    facts = json.loads(answer.stdout)
    version = (facts["version"][0], facts["version"][1])
    if version not in versions:
        return f"is Python {version[0]}.{version[1]}"
    for need in ("cpython", "64 bit", "venv"):
        if not facts[need]:
            return {"cpython": "is not CPython", "64 bit": "is a 32-bit build", "venv": "lacks venv or ensurepip"}[need]
    return Interpreter(Path(path).absolute(), version)


def _listed(versions: Sequence[Version]) -> str:
    *most, last = [f"{major}.{minor}" for major, minor in sorted(versions)]
    return f"{', '.join(most)} or {last}" if most else last
