"""Runtimes written in C++ print what they please (delegates, threads, versions); this keeps it from the user's terminal
and from the JSON document."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def muted() -> Iterator[None]:
    """While the context is open, what anything in this process or its children prints goes nowhere: the descriptors of
    standard output and standard error lead into a file that is thrown away."""
    import tempfile

    with contextlib.ExitStack() as stack:
        file = stack.enter_context(tempfile.TemporaryFile())
        for stream, descriptor in ((sys.stdout, 1), (sys.stderr, 2)):
            try:
                kept = os.dup(descriptor)
            except OSError:  # it is closed: nobody hears anything
                continue
            stream.flush()
            os.dup2(file.fileno(), descriptor)
            stack.callback(os.close, kept)
            stack.callback(os.dup2, kept, descriptor)
            stack.callback(stream.flush)
        yield
