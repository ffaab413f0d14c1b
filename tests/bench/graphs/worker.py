"""A script of its own for the environment that has the other optimizers.

    python worker.py TOOL FOLDER       FOLDER/OPSET/mgeconvert.onnx, optimized by TOOL, becomes TOOL.onnx beside it
    python worker.py latency FOLDER    FOLDER/latency.json: OPSET -> file -> median milliseconds of CPU of a run

A folder holds the files of one network and, in inputs.npz, the inputs of its runs in the order of the model.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from pathlib import Path

import numpy as np

RUNS = 9
"""At least; fast networks run more often."""
SECONDS = 0.1
"""For each file, at least."""


def onnxslim(source: Path, target: Path) -> None:
    import onnxslim

    onnxslim.slim(str(source), str(target))


def onnxsim(source: Path, target: Path) -> None:
    import onnx
    import onnxsim

    model, _ = onnxsim.simplify(onnx.load(source))
    onnx.save(model, target)


def onnxruntime(source: Path, target: Path) -> None:
    """Its basic level: rewrites that stay in ONNX's own operators."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath = str(target)
    options.log_severity_level = 3
    onnxruntime.InferenceSession(str(source), options, providers=["CPUExecutionProvider"])


TOOLS = {"onnxslim": onnxslim, "onnxsim": onnxsim, "onnxruntime": onnxruntime}


def latency(folder: Path) -> None:
    """All files of an opset run in turns on one thread, so that all of them see the same machine."""
    import onnxruntime

    with np.load(folder / "inputs.npz") as archive:
        inputs = [archive[name] for name in archive.files]
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    found: dict[str, dict[str, float]] = {}
    for opset in sorted(path for path in folder.iterdir() if path.is_dir()):
        files = sorted(opset.glob("*.onnx"))
        sessions = [
            onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"]) for path in files
        ]
        names = [value.name for value in sessions[0].get_inputs()] if sessions else []
        feeds = dict(zip(names, inputs, strict=True))
        times: list[list[float]] = [[] for _ in files]
        while len(times[0]) < RUNS or sum(times[0]) < SECONDS * 1e3:
            for one, session in zip(times, sessions, strict=True):
                start = time.process_time()
                session.run(None, feeds)
                one.append((time.process_time() - start) * 1e3)
        found[opset.name] = {path.stem: statistics.median(one) for path, one in zip(files, times, strict=True)}
    (folder / "latency.json").write_text(json.dumps(found))


def main() -> None:
    what, place = sys.argv[1], Path(sys.argv[2])
    if what == "latency":
        latency(place)
        return
    for source in sorted(place.glob("*/mgeconvert.onnx")):
        TOOLS[what](source, source.with_name(f"{what}.onnx"))


if __name__ == "__main__":
    main()
