"""Worker processes that one model cannot take down: a death, a time limit or a memory limit ends one job only."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from typing import Any

from .job import Job

OUT_OF_MEMORY = "it ran out of memory (--max-memory)"


@dataclass(frozen=True, slots=True)
class Limits:
    """`seconds` and `memory` (bytes) of one model, 0 for none; `retries` is how often a job whose worker died or ran
    out of time is tried again."""

    seconds: float = 0.0
    memory: int = 0
    retries: int = 1


@dataclass(slots=True)
class Result:
    """What became of a job. `state`: ``verified``, ``written`` (nothing was compared), ``mismatch``, ``refused``,
    ``error``, ``died``, ``timeout`` or ``unchanged``; `message` says why it is not well, `kind` is the
    error's class."""

    job: Job
    state: str
    message: str = ""
    seconds: float = 0.0
    cpu: float = 0.0
    document: dict[str, Any] = field(default_factory=dict)
    kind: str = ""

    @property
    def is_good(self) -> bool:
        return self.state in ("verified", "written", "unchanged")


class Worker:
    """One process, that does one job at a time."""

    def __init__(self, memory: int) -> None:
        command = [sys.executable, "-m", f"{__package__}.worker", str(memory)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
        )

    def run(self, words: Sequence[str], seconds: float) -> dict[str, Any] | None:
        """The answer to a command line; None when the process has ended without one. TimeoutError after that time."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with contextlib.suppress(BrokenPipeError):  # a process that is dead already is noticed at its output
            self._process.stdin.write(json.dumps(list(words)).encode() + b"\n")
            self._process.stdin.flush()
        if not select.select([self._process.stdout], [], [], seconds or None)[0]:
            raise TimeoutError
        line = self._process.stdout.readline()
        answer: dict[str, Any] | None = json.loads(line) if line.endswith(b"\n") else None
        return answer

    def kill(self) -> None:
        """The process, and all it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def stop(self) -> str:
        """Kill the process; how it ended, if it had before."""
        self.kill()
        code = self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()
        return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


class Crew:
    """Worker processes that are kept for the next job; several threads may each do a job at a time."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._idle: list[Worker] = []
        self._busy: list[Worker] = []
        self._is_closed = False
        self._lock = threading.Lock()

    def perform(self, job: Job, words: Sequence[str]) -> Result:
        """What became of a job whose command line this is, tried again where its process died or took too long."""
        for _ in range(self._limits.retries):
            result = self._once(job, words)
            if result.state not in ("died", "timeout") or self._is_closed:
                return result
        return self._once(job, words)

    def close(self) -> None:
        """End all processes; jobs that are being done end with them."""
        with self._lock:
            self._is_closed = True
            idle, self._idle = self._idle, []
            for worker in self._busy:
                worker.kill()
        for worker in idle:
            worker.stop()

    def _once(self, job: Job, words: Sequence[str]) -> Result:
        with self._lock:
            if self._is_closed:
                return Result(job, "died", "the run was ended")
            worker = self._idle.pop() if self._idle else Worker(self._limits.memory)
            self._busy.append(worker)
        limit = self._limits.seconds
        try:
            answer = worker.run(words, limit)
        except TimeoutError:
            self._retire(worker)
            return Result(job, "timeout", f"it took longer than {limit:g} s (--timeout)", limit)
        if answer is None or answer["code"] is None:
            ending = self._retire(worker)
            return Result(job, "died", f"its process died ({ending})" if answer is None else OUT_OF_MEMORY)
        with self._lock:
            self._busy.remove(worker)
            self._idle.append(worker)
        return _judged(job, answer)

    def _retire(self, worker: Worker) -> str:
        ending = worker.stop()
        with self._lock:
            self._busy.remove(worker)
        return ending


def run(jobs: Sequence[Job], count: int, perform: Callable[[Job], Any]) -> Iterator[Any]:
    """Do the jobs in `count` threads; results come as they are done."""
    with ThreadPoolExecutor(max(count, 1)) as threads:
        try:
            yield from (done.result() for done in as_completed([threads.submit(perform, job) for job in jobs]))
        finally:
            threads.shutdown(wait=False, cancel_futures=True)


def _judged(job: Job, answer: dict[str, Any]) -> Result:
    document = answer["document"] or {}
    steps = document.get("steps") or [document]
    last = steps[-1] if steps else {}
    result = Result(job, "written", "", answer["seconds"], answer["cpu"], last)
    error = document.get("error")
    if answer["code"]:
        kind = (error or {}).get("kind", "")
        states = {"UnsupportedError": "refused", "VerificationError": "mismatch"}
        result.state, result.kind = states.get(kind, "error"), kind
        result.message = (error or {}).get("message") or answer["said"].strip() or f"exit code {answer['code']}"
        if kind == "MemoryError":
            result.state, result.message = "died", OUT_OF_MEMORY
        return result
    verification = last.get("verification") or {}
    if verification.get("state") == "compared":
        result.state = "verified"
    return result
