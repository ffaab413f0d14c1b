"""Worker processes that one model cannot take down: a death, a time limit or a memory limit ends one job only."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from .manifest import Job

GRACE = 0.2
"""Seconds between two looks at the clock."""
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
    ``error``, ``died``, ``timeout`` or ``unchanged``; `message` says why it is not well."""

    job: Job
    state: str
    message: str = ""
    seconds: float = 0.0
    cpu: float = 0.0
    document: dict[str, Any] = field(default_factory=dict)

    @property
    def is_good(self) -> bool:
        return self.state in ("verified", "written", "unchanged")


class Worker:
    """One process and the job it has."""

    def __init__(self, memory: int) -> None:
        command = [sys.executable, "-m", f"{__package__}.worker", str(memory)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
        )
        self.job: Job | None = None
        self.tries = 0
        self.started = 0.0

    @property
    def stream(self) -> Any:
        return self._process.stdout

    def give(self, job: Job, tries: int) -> None:
        """Let it run a job."""
        self.job, self.tries, self.started = job, tries, time.monotonic()
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # a process that is dead already is noticed at its output
            self._process.stdin.write(json.dumps(list(job.args)).encode() + b"\n")
            self._process.stdin.flush()

    def answer(self) -> dict[str, Any] | None:
        """The answer, None when the process has ended without one."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        answer: dict[str, Any] | None = json.loads(line) if line.endswith(b"\n") else None
        return answer

    def stop(self) -> str:
        """Kill the process and all it started; how it ended, if it had before."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        code = self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()
        return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


def run(jobs: Sequence[Job], count: int, limits: Limits, begun: Callable[[Job], None]) -> Iterator[Result]:
    """Run the jobs in `count` processes; results come as they are done. `begun` is called when a job starts."""
    pending = deque((job, 0) for job in jobs)
    workers: list[Worker] = []
    selector = selectors.DefaultSelector()

    def start() -> None:
        job, tries = pending.popleft()
        begun(job)
        worker = idle.pop() if idle else Worker(limits.memory)
        if worker not in workers:
            workers.append(worker)
            selector.register(worker.stream, selectors.EVENT_READ, worker)
        worker.give(job, tries)

    def retire(worker: Worker) -> str:
        selector.unregister(worker.stream)
        workers.remove(worker)
        return worker.stop()

    idle: list[Worker] = []
    try:
        while pending or any(worker.job for worker in workers):
            while pending and sum(worker.job is not None for worker in workers) < count:
                start()
            ready = [key.data for key, _ in selector.select(GRACE)]
            for worker in [each for each in workers if each.job is not None]:
                result = _outcome(worker, worker in ready, limits, retire)
                if result is None:
                    continue
                if worker in workers:
                    worker.job = None
                    idle.append(worker)
                if result.state in ("died", "timeout") and worker.tries < limits.retries:
                    pending.append((result.job, worker.tries + 1))
                else:
                    yield result
    finally:
        for worker in [*workers]:
            retire(worker)
        selector.close()


def _outcome(worker: Worker, is_ready: bool, limits: Limits, retire: Callable[[Worker], str]) -> Result | None:
    """The result of the worker's job, None while it runs."""
    job = worker.job
    assert job is not None
    if is_ready:
        answer = worker.answer()
        if answer is not None and answer["code"] is not None:
            return _judged(job, answer)
        ending = retire(worker)
        if answer is not None:
            return Result(job, "died", OUT_OF_MEMORY)
        return Result(job, "died", f"its process died ({ending})")
    if limits.seconds and time.monotonic() - worker.started > limits.seconds:
        retire(worker)
        return Result(job, "timeout", f"it took longer than {limits.seconds:g} s (--timeout)", limits.seconds)
    return None


def _judged(job: Job, answer: dict[str, Any]) -> Result:
    document = answer["document"] or {}
    steps = document.get("steps") or [document]
    last = steps[-1] if steps else {}
    result = Result(job, "written", "", answer["seconds"], answer["cpu"], last)
    error = document.get("error")
    if answer["code"]:
        kind = (error or {}).get("kind", "")
        states = {"UnsupportedError": "refused", "VerificationError": "mismatch"}
        result.state = states.get(kind, "error")
        result.message = (error or {}).get("message") or answer["said"].strip() or f"exit code {answer['code']}"
        if kind == "MemoryError":
            result.state, result.message = "died", OUT_OF_MEMORY
        return result
    verification = last.get("verification") or {}
    if verification.get("state") == "compared":
        result.state = "verified"
    return result
