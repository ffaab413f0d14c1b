"""Processes that judge cases: each is forked from one that has everything imported, takes cases one after the other,
and is given up where a case takes too long or kills it."""

from __future__ import annotations

import faulthandler
import logging
import os
import pickle
import resource
import select
import signal
import struct
import tempfile
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import BinaryIO

from .judge import LARGEST_FILE, MEMORY, READERS, TARGETS, Verdict, judged

SECONDS = 5.0
"""What a case may take of the processor."""
PATIENCE = 6
"""How many times as long a case may take by the clock, on a machine that does other things too."""
CASES = 400
"""How many cases a process judges: what one leaves behind is not to be blamed on the next ones."""

Judge = Callable[[str, Mapping[str, bytes]], Verdict]


class Server:
    """`with Server() as server: verdict = server.ask("onnx", {"m.onnx": content})`."""

    def __init__(self, judge: Judge = judged, seconds: float = SECONDS) -> None:
        self._judge, self._seconds = judge, seconds
        self._process = 0
        self._asked = 0
        self._to: BinaryIO
        self._back: BinaryIO
        self._stacks = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the server

    def __enter__(self) -> Server:
        _import_all()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._end()
        self._stacks.close()

    def ask(self, reader: str, files: Mapping[str, bytes]) -> Verdict:
        """The verdict on a case."""
        if not self._process or self._asked >= CASES:
            self._end()
            self._begin()
        self._asked += 1
        _send(self._to, (reader, dict(files)))
        ready, _, _ = select.select([self._back], [], [], self._seconds * PATIENCE)
        answer = _received(self._back) if ready else None
        if isinstance(answer, Verdict):
            return answer
        os.kill(self._process, signal.SIGPROF)
        status = self._end(signal.SIGKILL)
        number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        kind = "hang" if not ready or number == signal.SIGPROF else "died"
        return Verdict(kind, "?", f"{self._stack()}\n{signal.Signals(number).name if number else status}")

    def _begin(self) -> None:
        self._stacks.truncate(0)
        request, back = os.pipe(), os.pipe()
        self._asked = 0
        self._process = os.fork()
        if not self._process:
            os.close(request[1])
            os.close(back[0])
            with os.fdopen(request[0], "rb") as source, os.fdopen(back[1], "wb") as sink:
                self._serve(source, sink)
            os._exit(0)
        os.close(request[0])
        os.close(back[1])
        self._to, self._back = os.fdopen(request[1], "wb"), os.fdopen(back[0], "rb")

    def _serve(self, source: BinaryIO, sink: BinaryIO) -> None:
        logging.disable()
        faulthandler.register(signal.SIGPROF, file=self._stacks, chain=True)
        faulthandler.enable(file=self._stacks)
        with open("/proc/self/statm") as file:
            size = int(file.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (size + 3 * MEMORY, size + 3 * MEMORY))
        resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_FILE, LARGEST_FILE))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        while (request := _received(source)) is not None:
            signal.setitimer(signal.ITIMER_PROF, self._seconds)
            verdict = self._judge(*request)
            signal.setitimer(signal.ITIMER_PROF, 0)
            _send(sink, verdict)

    def _end(self, number: int = 0) -> int:
        """End the process, which is told to by the end of its requests; its status."""
        if not self._process:
            return 0
        self._to.close()
        self._back.close()
        if number:
            for _ in range(50):
                ended, status = os.waitpid(self._process, os.WNOHANG)
                if ended:
                    self._process = 0
                    return status
                select.select([], [], [], 0.02)
            os.kill(self._process, number)
        status = os.waitpid(self._process, 0)[1]
        self._process = 0
        return status

    def _stack(self) -> str:
        self._stacks.seek(0)
        return self._stacks.read().decode(errors="replace")


def _send(stream: BinaryIO, content: object) -> None:
    data = pickle.dumps(content)
    try:
        stream.write(struct.pack("<Q", len(data)) + data)
        stream.flush()
    except BrokenPipeError:
        return


def _received(stream: BinaryIO) -> object:
    """What the other side sent; None where it has ended."""
    head = stream.read(8)
    if len(head) < 8:
        return None
    return pickle.loads(stream.read(struct.unpack("<Q", head)[0]))


def _import_all() -> None:
    """A model of each format is read and written once, so that no case pays for imports."""
    from .seeds import seed

    for reader in READERS:
        judged(reader, seed(reader, 0))
    assert TARGETS
