"""The MegEngine worker: a package of its own for CPython 3.8-3.10 that imports nothing of mgeconvert.

The request names a command and files; the answer is ``{"result": ...}`` or ``{"error": {"kind", "message", "trace"}}``,
also when what failed is the user's code. Arrays go through npz files: pickled arrays of numpy 2 do not load in numpy 1.
"""

from __future__ import annotations

import json

from megengine.core import set_option

from .reporting import describe
from .rows import rows
from .running import call, run
from .tracing import trace
from .values import save_arrays, tensors

__all__ = ["COMMANDS", "answer", "call", "describe", "main", "save_arrays", "tensors"]

# The default asynchronous mode gives wrong numbers for several arange calls without a sync.
set_option("async_level", 0)

COMMANDS = {"run": run, "rows": rows, "trace": trace}


def answer(request):
    """The result, or what went wrong."""
    try:
        return {"result": COMMANDS[request["command"]](request)}
    except (Exception, SystemExit) as error:
        return {"error": describe(error)}


def main(request_path, answer_path):
    """One request, one answer, both files."""
    with open(request_path, encoding="utf-8") as file:
        request = json.load(file)
    with open(answer_path, "w", encoding="utf-8") as file:
        json.dump(answer(request), file)
