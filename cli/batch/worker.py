"""A worker process: takes command lines as lines of JSON, runs each in itself, and answers with a line of JSON.

Imports stay from one model to the next; what a model does to the process ends with the process. Everything that a run
prints, runtimes written in C included, goes to files: the pipe to the parent carries answers only.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import resource
import signal
import sys
import tempfile
import threading
import time
from queue import SimpleQueue
from typing import IO, Any

LAST = 2000
"""How many characters of what was printed go into an answer."""


def main() -> None:
    """Serve until the parent closes the pipe. The first argument limits the process's memory (bytes; 0: not)."""
    limit = int(sys.argv[1])
    if limit:
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    answers = os.fdopen(os.dup(1), "w")
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        os.dup2(out.fileno(), 1)
        os.dup2(err.fileno(), 2)
        lines: SimpleQueue[str] = SimpleQueue()
        threading.Thread(target=_listen, args=(lines,), daemon=True).start()
        while True:
            line = lines.get()
            answer = _run(json.loads(line), out, err)
            print(json.dumps(answer), file=answers, flush=True)
            gc.collect()


def _listen(lines: SimpleQueue[str]) -> None:
    for line in sys.stdin:
        lines.put(line)
    os.killpg(os.getpgrp(), signal.SIGKILL)


def _run(args: list[str], out: IO[str], err: IO[str]) -> dict[str, Any]:
    from ..main import application

    start, cpu = time.perf_counter(), time.process_time()
    code: Any = 0
    try:
        application.main(args)
    except SystemExit as ending:
        code = ending.code or 0
    except MemoryError:
        code = None
    printed, said = _taken(out, sys.stdout), _taken(err, sys.stderr)
    document = None
    with contextlib.suppress(ValueError):
        document = json.loads(printed)
    return {
        "code": code,
        "document": document,
        "said": said[-LAST:],
        "seconds": time.perf_counter() - start,
        "cpu": time.process_time() - cpu,
    }


def _taken(file: IO[str], stream: IO[str]) -> str:
    """What was printed since the last time."""
    stream.flush()
    file.seek(0)
    text = file.read()
    file.seek(0)
    file.truncate()
    return text


if __name__ == "__main__":
    main()
