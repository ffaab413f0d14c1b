"""The PyTorch worker: a stand-alone script that imports nothing of mgeconvert.

    python torch_worker.py REQUEST.json ANSWER.json

Requests and answers are those of the package `worker`.
"""

from __future__ import annotations

import importlib.util
import json
import sys
import traceback

import numpy as np
import torch


def run(request):
    """Compute networks: each job's `model`, a Python file, takes the npz `inputs` to the npz `outputs`.

    The answer has one entry per job: empty, or what went wrong.
    """
    torch.set_num_threads(1)
    return [_failure(job) for job in request["jobs"]]


def _failure(job):
    try:
        spec = importlib.util.spec_from_file_location("network", job["model"])
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        with np.load(job["inputs"]) as archive, torch.no_grad():
            result = module.load()(*[torch.from_numpy(archive[name]) for name in archive.files])
        np.savez(job["outputs"], *[tensor.numpy() for tensor in _tensors(result)])
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        own = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == job["model"]]
        place = own[-1] if own else last
        return "line %s: %s: %s: %s" % (place.lineno, place.line, type(error).__name__, str(error)[:500])
    return ""


def _tensors(result):
    if isinstance(result, torch.Tensor):
        yield result
    elif isinstance(result, dict):
        for part in result.values():
            yield from _tensors(part)
    else:
        for part in result:
            yield from _tensors(part)


def main(request_path, answer_path):
    """One request, one answer."""
    with open(request_path, encoding="utf-8") as file:
        request = json.load(file)
    try:
        answer = {"result": {"run": run}[request["command"]](request)}
    except Exception as error:
        trace = "".join(traceback.format_tb(error.__traceback__))
        answer = {"error": {"kind": type(error).__name__, "message": str(error), "trace": trace}}
    with open(answer_path, "w", encoding="utf-8") as file:
        json.dump(answer, file)


if __name__ == "__main__":
    main(*sys.argv[1:])
