"""What one line of the bench is made of: processes, what they cost, and a limit.

Time is CPU time (user and system) of whole processes, memory their peak resident set; both come from the kernel
(os.wait4), so this process stays small itself. Each figure is the least of several runs, taken in turns, because
everything else on the machine only adds.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

RUNS = 5
KILOBYTE = 1024
"""The unit of ru_maxrss on Linux."""
GENERATED = Path(__file__).with_name("generated.py")
BASE = "import numpy, onnx, shutil, sys; shutil.copyfile(*sys.argv[1:])"
"""What every conversion does at the least: the libraries, and the file read and written once."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one process: CPU seconds, and the peak resident set in bytes."""

    seconds: float
    memory: int


@dataclass(frozen=True, slots=True)
class Point:
    """A point of a plot: of the plot's name, the line's, and the two numbers."""

    plot: str
    line: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the report: `measured` and `limit` are compared, the texts are printed, `points` are drawn."""

    what: str
    found: str
    beside: str
    measured: float = 0.0
    limit: float = float("inf")
    limit_text: str = ""
    points: tuple[Point, ...] = ()

    @property
    def passed(self) -> bool:
        return self.measured <= self.limit

    @property
    def cells(self) -> tuple[str, ...]:
        verdict = "" if not self.limit_text else "ok" if self.passed else "TOO MUCH"
        return (self.what, self.found, self.beside, self.limit_text, verdict)


def cost(command: Sequence[str], output: Path | None = None) -> Cost:
    """Run a command to its end, with cached bytecode as users have it; RuntimeError with its words when it fails."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with (output or Path(os.devnull)).open("wb") as sink, tempfile.TemporaryFile() as words:
        process = subprocess.Popen(command, stdout=sink, stderr=words, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        words.seek(0)
        if process.returncode:
            raise RuntimeError(f"{' '.join(command)}: exit code {process.returncode}\n{words.read().decode()}")
    return Cost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss * KILOBYTE)


def least(commands: Sequence[Sequence[str]], runs: int = RUNS, output: Path | None = None) -> list[Cost]:
    """The least cost of each command; the commands take turns, so that all see the same machine."""
    rounds = [[cost(command, output) for command in commands] for _ in range(runs)]
    return [
        Cost(min(each.seconds for each in costs), min(each.memory for each in costs))
        for costs in zip(*rounds, strict=True)
    ]


def mgeconvert(*arguments: str | Path) -> list[str]:
    return [str(Path(sys.executable).with_name("mgeconvert")), *map(str, arguments)]


def base(path: Path, copied: Path) -> list[str]:
    """The process that every conversion is measured beside."""
    return [sys.executable, "-c", BASE, str(path), str(copied)]


def write_chain(*arguments: Path | int | str) -> None:
    """In a process of its own: a child's peak resident set counts from its parent's size on."""
    subprocess.run([sys.executable, str(GENERATED), *map(str, arguments)], check=True)
