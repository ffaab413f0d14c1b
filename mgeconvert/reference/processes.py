"""Workers as processes: none outlives the command or runs for ever, and a death is told from an error."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from typing import Any

from mgeconvert.errors import ReferenceEnvironmentError

LIMIT = 3600.0
"""Seconds after which a worker is stopped, unless MGECONVERT_WORKER_TIMEOUT says others."""
TIMEOUT = "MGECONVERT_WORKER_TIMEOUT"
LAST_LINES = 15
ELSEWHERE = ("PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_REQUIRE_VIRTUALENV")
"""Variables that would have pip install somewhere else than into its own environment."""
CHATTER = ("info: ", "debug: ")
"""How lines begin that MegEngine prints when it starts."""

BOUND = """
import ctypes, os, runpy, sys
parent, kind = int(sys.argv[1]), sys.argv[2]
sys.argv = sys.argv[3:]
try:
    ctypes.CDLL(None).prctl(1, 9)
except (AttributeError, OSError):
    pass
if os.name != "nt" and os.getppid() != parent:
    sys.exit(1)
if kind == "module":
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
elif os.path.isdir(sys.argv[0]):
    from importlib.util import module_from_spec, spec_from_file_location
    folder = sys.argv[0]
    spec = spec_from_file_location("mgeconvert_worker", os.path.join(folder, "__init__.py"),
                                   submodule_search_locations=[folder])
    module = sys.modules[spec.name] = module_from_spec(spec)
    spec.loader.exec_module(module)
    module.main(*sys.argv[1:])
else:
    sys.path.append(os.path.dirname(sys.argv[0]))
    runpy.run_path(sys.argv[0], run_name="__main__")
"""
"""Runs a script, the `main` of a package in a folder, or a module, in a process that the system kills with its parent
(on Linux)."""


def run_bound(
    title: str, python: str, script: str, arguments: Sequence[str], *, is_module: bool = False
) -> subprocess.CompletedProcess[str]:
    """Run a script (or a folder, a package with a `main`), or a module, to its end, whatever that is. What it started
    ends with it; an exception (Ctrl-C, SIGTERM) kills both. ReferenceEnvironmentError where it takes too long."""
    kind = "module" if is_module else "script"
    command = [python, "-I", "-X", "faulthandler", "-c", BOUND, str(os.getpid()), kind, script, *arguments]
    environment = {name: value for name, value in os.environ.items() if name not in ELSEWHERE}
    seconds = float(os.environ.get(TIMEOUT) or LIMIT)
    with tempfile.TemporaryFile("w+", errors="replace") as printed:  # a pipe would wait for what the process started
        pipes: dict[str, Any] = {"stdout": printed, "stderr": subprocess.STDOUT, "stdin": subprocess.DEVNULL}
        process = subprocess.Popen(command, start_new_session=True, env=environment, **pipes)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired as error:
            raise ReferenceEnvironmentError(
                f"{title}: its process ran for more than {seconds:g} s and was stopped",
                hint=f"{TIMEOUT}={2 * seconds:g} in the environment gives it more time",
            ) from error
        finally:
            stop(process)
        printed.seek(0)
        said = printed.read()
    return subprocess.CompletedProcess(command, process.returncode, said, "")


def stop(process: subprocess.Popen[Any]) -> None:
    """Kill the process and all that it started in its session."""
    if os.name == "nt":
        process.kill()  # which is nothing where it has ended
    else:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def death(title: str, done: subprocess.CompletedProcess[str]) -> ReferenceEnvironmentError:
    """The error of a worker that ended without an answer: how it ended, and the last lines that it printed."""
    lines = [line for line in done.stdout.strip().splitlines() if not line.startswith(CHATTER)][-LAST_LINES:]
    said = "".join(f"\n  {line}" for line in lines) or " it printed nothing"
    hint = None
    if done.returncode == -signal.SIGKILL:
        hint = "the system kills what takes too much memory: try a smaller input"
    return ReferenceEnvironmentError(
        f"{title}: its process died ({ending(done.returncode)}) before it answered:{said}", hint=hint
    )


def ending(code: int) -> str:
    """``signal SIGSEGV`` or ``exit code 3``."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"signal {signal.Signals(-code).name}"
    except ValueError:
        return f"signal {-code}"
