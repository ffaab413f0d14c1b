"""Latency in LiteRT of our .tflite file beside the one onnx2tf makes of our ONNX export of the same network.

    python tests/bench/tflite.py [MODEL.pkl] [--environment FOLDER]

onnx2tf and TensorFlow (about 2 GB) go into an environment of their own, a temporary one unless a folder is given. Both
files run in this process in turns, one thread; figures are the median CPU time of a run. Exit code 1 when ours takes
more than 5 % longer.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path
from typing import Any

import numpy as np

LIMIT = 1.05
RUNS = 40
CONVERT = """
import sys
import numpy as np
import onnx2tf.onnx2tf as converter
import onnx2tf.utils.common_functions as common

# the pictures it would download are for calibration, which float32 does not need
for module in (converter, common):
    module.download_test_image_data = lambda *_, **__: np.ones((20, 128, 128, 3), np.float32)
converter.convert(input_onnx_file_path=sys.argv[1], output_folder_path=sys.argv[2], non_verbose=True)
"""


def environment(folder: Path) -> Path:
    """The Python of an environment that has onnx2tf."""
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "onnx2tf", "tensorflow-cpu"], check=True)
    return python


def interpreter(path: Path) -> Any:
    from ai_edge_litert.interpreter import Interpreter

    made = Interpreter(str(path), num_threads=1)
    made.allocate_tensors()
    for detail in made.get_input_details():
        made.set_tensor(detail["index"], np.random.default_rng(0).random(detail["shape"]).astype(detail["dtype"]))
    return made


def measure(paths: list[Path]) -> list[float]:
    """Median milliseconds of CPU of each file, run in turns."""
    interpreters = [interpreter(path) for path in paths]
    times: list[list[float]] = [[] for _ in paths]
    for _ in range(RUNS):
        for one, made in zip(times, interpreters, strict=True):
            start = time.process_time()
            made.invoke()
            one.append((time.process_time() - start) * 1e3)
    return [statistics.median(one) for one in times]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, help="a TracedModule")
    parser.add_argument("--environment", type=Path, help="keep onnx2tf's environment in this folder")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for target in ("onnx", "tflite"):
            command = [f"tm-to-{target}", arguments.model, "--no-verify", "-o", folder / f"m.{target}"]
            subprocess.run([sys.executable, "-m", "mgeconvert", *map(str, command)], check=True)
        python = environment(arguments.environment or folder / "environment")
        subprocess.run([python, "-c", CONVERT, folder / "m.onnx", folder / "theirs"], check=True, capture_output=True)
        ours, theirs = measure([folder / "m.tflite", folder / "theirs" / "m_float32.tflite"])
    ratio = ours / theirs
    verdict = "ok" if ratio <= LIMIT else "FAILED"
    print(f"mgeconvert {ours:.2f} ms, onnx2tf {theirs:.2f} ms, ratio {ratio:.3f}, limit {LIMIT}: {verdict}")
    return int(ratio > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
