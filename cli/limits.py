"""`--timeout SECONDS` and `--max-memory SIZE`: what a whole run may take, its runtimes and workers included.

The run is a process of its own, in a session of its own, which this process watches: a limit holds also inside of a
runtime written in C. A run that reaches one is ended as by SIGTERM, so that it leaves nothing behind; if that does
not end it, it is killed with all its processes.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import click

from mgeconvert.errors import MgeconvertError, UsageError
from mgeconvert.files.stale import JOURNAL, remove_noted

UNITS = {
    "": 10**9, "b": 1, "k": 10**3, "kb": 10**3, "kib": 1 << 10, "m": 10**6, "mb": 10**6, "mib": 1 << 20, "g": 10**9,
    "gb": 10**9, "gib": 1 << 30,
}  # fmt: skip
"""A number without a unit is gigabytes, as for `mgeconvert batch`."""
GRACE = 3.0
"""Seconds in which a run that was told to end may remove its files."""
STEP = 0.04
"""Seconds between two looks at a run."""
PROCESSES = Path("/proc")
"""Where Linux says what processes take."""


class LimitError(MgeconvertError):
    """A run reached a limit that the user set."""


@dataclass(slots=True)
class Limits:
    """`seconds` and `memory` (bytes of all processes of the run together), 0 for none."""

    seconds: float = 0.0
    memory: int = 0

    @property
    def any(self) -> bool:
        return bool(self.seconds or self.memory)


class Size(click.ParamType):  # type: ignore[type-arg]
    """``2GB``, ``500MB``, ``1.5`` (gigabytes) as bytes."""

    name = "size"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmg]?i?b?)", str(value).strip().lower())
        size = 0 if match is None else int(float(match[1]) * UNITS.get(match[2], 0))
        if not size:
            self.fail(f"{value!r} is no size, such as 2GB, 500MB or 1.5 (gigabytes)", param, ctx)
        return size


class Seconds(click.ParamType):  # type: ignore[type-arg]
    """A positive number."""

    name = "seconds"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        try:
            seconds = float(str(value))
        except ValueError:
            seconds = 0.0
        if not 0 < seconds < float("inf"):
            self.fail(f"{value!r} is no positive number of seconds", param, ctx)
        return seconds


@contextlib.contextmanager
def limited(limits: Limits) -> Iterator[bool]:
    """True in the process that is to run under the limits, which is this one where there are none. In the process that
    watches it the context yields False and then ends as the run did: SystemExit with its code, or LimitError."""
    if not limits.any:
        yield True
        return
    if not hasattr(os, "fork"):
        raise UsageError("--timeout and --max-memory need a system that can fork processes")
    import tempfile

    sys.stdout.flush()
    sys.stderr.flush()
    scratch = tempfile.mkdtemp(prefix="mgeconvert-")
    journal, end, over = Path(scratch, "journal"), Path(scratch, "end"), Path(scratch, "over")
    child = os.fork()
    if child:
        yield False
        try:
            _watch(child, limits, end, over)
        finally:
            remove_noted(journal)
            shutil.rmtree(scratch, ignore_errors=True)
    else:
        os.setsid()
        tempfile.tempdir = os.environ["TMPDIR"] = scratch
        os.environ[JOURNAL] = str(journal)
        _bound(limits.memory)
        try:
            yield True
        except BaseException:
            if over.exists():  # the process that watches says why
                os._exit(1)
            raise
        finally:
            end.touch()


def _bound(memory: int) -> None:
    """Where a process cannot be looked at from outside, the system holds each one to the limit."""
    if memory and not PROCESSES.is_dir():
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))


def _watch(child: int, limits: Limits, ending: Path, over: Path) -> None:
    """End as the run does. `ending` is a file that it makes when it ends by itself, with success or an error; `over`
    one that is made here before it is told to end at a limit."""

    def forward(number: int, _: FrameType | None) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, forward)
    end = time.monotonic() + limits.seconds if limits.seconds else float("inf")
    status = _ended(child, end, limits.memory)
    if status is None and time.monotonic() < end:
        forward(signal.SIGKILL, None)
        os.waitpid(child, 0)
        raise out_of_memory(limits.memory)
    if status is None:
        over.touch()
        forward(signal.SIGTERM, None)
        if _ended(child, time.monotonic() + GRACE) is None:
            forward(signal.SIGKILL, None)
            os.waitpid(child, 0)
        raise LimitError(
            f"the run took longer than --timeout {limits.seconds:g} and was ended; nothing was written",
            hint="give it more time, or leave out --timeout",
        )
    forward(signal.SIGKILL, None)  # what it started and left behind
    if not ending.exists():
        if limits.memory:
            raise out_of_memory(limits.memory)
        raise LimitError(f"the run died ({_cause(status)})")
    sys.exit(os.WEXITSTATUS(status) if os.WIFEXITED(status) else 1)


def _cause(status: int) -> str:
    if os.WIFSIGNALED(status):
        return signal.Signals(os.WTERMSIG(status)).name
    return f"exit code {os.WEXITSTATUS(status)}"


def _ended(child: int, end: float, memory: int = 0) -> int | None:
    """The status of the process; None where it has none when the time is over, or its session took too much memory."""
    if end == float("inf") and not memory:
        return os.waitpid(child, 0)[1]
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return status
        if time.monotonic() > end or (memory and _memory(child) > memory):
            return None
        time.sleep(STEP)


def _memory(session: int) -> int:
    """The bytes that the processes of a session hold in memory."""
    pages = 0
    for process in PROCESSES.glob("[0-9]*"):
        try:
            fields = (process / "stat").read_text().rpartition(")")[2].split()
        except OSError:  # it has ended
            continue
        if int(fields[3]) == session:
            pages += int(fields[21])
    return pages * os.sysconf("SC_PAGE_SIZE")


def out_of_memory(memory: int) -> LimitError:
    """What is said of a run that needs more memory than `memory` bytes (0: than the machine has)."""
    what = f"--max-memory {memory / 1e9:g}GB allows" if memory else "the machine has"
    return LimitError(f"the run needs more memory than {what}", hint="give it more memory, or a smaller model")
