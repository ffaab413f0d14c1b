"""Runs of the command whose processes are counted, timed, and killed."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

JOURNAL = ".mgeconvert-batch.jsonl"


@dataclass(frozen=True, slots=True)
class Run:
    """What a run printed, its exit code, and the seconds that it took, by the clock and of the processors."""

    code: int
    document: dict[str, Any]
    seconds: float
    cpu: float

    @property
    def states(self) -> dict[str, str]:
        """The state of each model and target."""
        return {f"{row['name']} {row['target']}": row["state"] for row in self.document["models"]}


def run(*words: str, folder: Path) -> Run:
    """Run the command to its end."""
    start, before = time.monotonic(), _cpu()
    line = [sys.executable, "-m", "mgeconvert", "--json", *words]
    done = subprocess.run(line, cwd=folder, capture_output=True, text=True, check=False)
    if not done.stdout:
        raise RuntimeError(done.stderr)
    return Run(done.returncode, json.loads(done.stdout), time.monotonic() - start, _cpu() - before)


def killed(*words: str, folder: Path, lines: int, seconds: float = 3600) -> int:
    """Start the command and kill it, with kill -9, when its journal has so many lines; how many it had then."""
    journal = folder / "converted" / JOURNAL
    line = [sys.executable, "-m", "mgeconvert", "--quiet", *words]
    deadline = time.monotonic() + seconds
    with subprocess.Popen(line, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while _lines(journal) < lines:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the run ended, or was too slow, with {_lines(journal)} of {lines} models done")
            time.sleep(0.05)
        os.kill(process.pid, signal.SIGKILL)
    return _lines(journal)


def _lines(journal: Path) -> int:
    return journal.read_bytes().count(b"\n") if journal.is_file() else 0


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
