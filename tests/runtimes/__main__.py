"""`make runtimes`: twelve networks as ONNX in OpenVINO, MNN and (through pnnx) ncnn, held against MegEngine's outputs.

The runtimes come from the package index into an environment that is thrown away (`--python` names one that is kept).
Prints the table of docs/runtimes.md; exit code 1 where a cell differs from what that page says.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import venv
from collections.abc import Sequence
from pathlib import Path

import numpy as np

import mgeconvert
from tests.harness import goldens
from tests.harness.cases import Network
from tests.harness.check import difference

PACKAGES = ("openvino==2026.4.1", "MNN==3.6.1", "ncnn==1.0.20261020", "pnnx==20261020", "numpy<3")
NETWORKS = (
    "resnet-bottleneck", "MobileNetV3", "ShuffleNet", "EfficientNet", "RepVGG", "UNet", "SuperResolution", "HRNet",
    "ViT", "Swin", "Yolox", "Bert",
)  # fmt: skip
RUNTIMES = ("OpenVINO", "MNN", "ncnn")
WORKER = Path(__file__).with_name("worker.py")
PAGE = Path(__file__).parents[2] / "docs" / "runtimes.md"
LIMIT = 1e-3
"""The largest max|a-b| / max|b| that passes: the runtimes choose their own kernels (Winograd)."""
SECONDS = 300


def environment(folder: Path) -> Path:
    """The Python of a new environment that has the runtimes."""
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PACKAGES], check=True)
    return python


def networks() -> dict[str, tuple[str, Network]]:
    """name -> family and row."""
    found = ((family, row) for family, rows in goldens.families().items() for row in rows)
    return {row.id: (family, row) for family, row in found if isinstance(row, Network) and row.id in NETWORKS}


def judged(python: Path, runtime: str, family: str, row: Network, folder: Path) -> str:
    """What the table says: whether it is equal, or why it is not."""
    golden = goldens.load(family, row)
    source, model = folder / "model.pkl", folder / "model.onnx"
    source.write_bytes(golden.model)
    graph = mgeconvert.load(source)
    mgeconvert.optimize(graph, enable=mgeconvert.passes.RUNTIMES.get(runtime, ()))
    mgeconvert.save(graph, model, opset=13)
    model.with_suffix(".outputs").write_text("\n".join(graph.outputs))
    given, computed = folder / "inputs.npz", folder / "outputs.npz"
    np.savez(given, **dict(zip(graph.inputs, golden.inputs, strict=True)))
    command = [python, WORKER, runtime, model, given, computed]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return "does not end"
    (folder / "log").write_text(done.stdout + done.stderr)
    if done.returncode:
        return "crashes" if done.returncode < 0 else "refuses"
    with np.load(computed) as archive:
        found = [archive[name] for name in archive.files]
    if len(found) != len(golden.outputs):
        return "other outputs"
    if any(a.size != b.size for a, b in zip(found, golden.outputs, strict=True)):
        return "other shapes"
    wrong = [
        complaint
        for a, b in zip(found, golden.outputs, strict=True)
        if (complaint := difference(a.reshape(b.shape).astype(b.dtype), b, LIMIT))
    ]
    return "differs" if wrong else "equal"


def table(python: Path, names: Sequence[str], runtimes: Sequence[str], kept: Path | None = None) -> list[str]:
    """The lines of the table."""
    lines = [f"| network | {' | '.join(runtimes)} |", f"|{'---|' * (len(runtimes) + 1)}"]
    rows = networks()
    for name in names:
        cells = []
        for runtime in runtimes:
            with tempfile.TemporaryDirectory(prefix="mgeconvert-") as scratch:
                folder = Path(scratch) if kept is None else kept / f"{name}.{runtime}"
                folder.mkdir(parents=True, exist_ok=True)
                cells.append(judged(python, runtime, *rows[name], folder))
        lines.append(f"| {name} | {' | '.join(cells)} |")
        print(lines[-1], file=sys.stderr, flush=True)
    return lines


def main() -> int:
    parser = argparse.ArgumentParser(prog="make runtimes")
    parser.add_argument("--python", type=Path, help="of an environment that has the runtimes")
    parser.add_argument("--networks", default=",".join(NETWORKS))
    parser.add_argument("--runtimes", default=",".join(RUNTIMES))
    parser.add_argument("--keep", type=Path, help="a folder for the files and what the tools said")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mgeconvert-") as folder:
        python = options.python or environment(Path(folder))
        lines = table(python, options.networks.split(","), options.runtimes.split(","), options.keep)
    print("\n".join(lines))
    said = PAGE.read_text().splitlines() if PAGE.exists() else []
    return int(any(line not in said for line in lines))


if __name__ == "__main__":
    sys.exit(main())
