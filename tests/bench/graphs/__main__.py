"""`make bench-graphs`: nodes and latency of our ONNX files beside what onnxslim, onnxsim and onnxruntime make of them.

The optimizers come from the package index into an environment that is thrown away; `--python` names another.
Prints a line for each network and opset. Exit code 1 where onnxslim or onnxsim removes a node, and `kept` does not say
why that stays.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import venv
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import onnx

import mgeconvert
from mgeconvert.errors import UnsupportedError
from mgeconvert_cli.table import Table

from .kept import reason
from .networks import Given, given

PACKAGES = ("onnxslim==0.1.98", "onnxsim==0.8.1", "onnxruntime==1.32.0", "onnx==1.23.2")
OPSETS = (11, 13, 17, 21)
TOOLS = ("onnxslim", "onnxsim", "onnxruntime")
JUDGES = ("onnxslim", "onnxsim")
"""Tools whose finds count. onnxruntime leaves its own operators and folds weights that are then larger."""
OURS = "mgeconvert"
SECONDS = 600
WORKER = Path(__file__).with_name("worker.py")
SHARED = Path.home() / ".cache" / "mgeconvert" / "shared-models"


def environment(folder: Path) -> Path:
    """The Python of a new environment that has the optimizers."""
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PACKAGES], check=True)
    return python


def write(network: Given, folder: Path, opsets: Sequence[int]) -> None:
    """The network's ONNX files, and its inputs."""
    source = folder / "model.pkl"
    source.write_bytes(network.model)
    np.savez(folder / "inputs.npz", **network.inputs)
    for opset in opsets:
        path = folder / f"{opset:02}" / f"{OURS}.onnx"
        path.parent.mkdir()
        graph = mgeconvert.load(source)
        mgeconvert.optimize(graph, target="onnx", target_options={"opset": opset})
        try:
            mgeconvert.save(graph, path, opset=opset)
        except UnsupportedError:
            path.parent.rmdir()


def work(python: Path, what: str, folder: Path) -> str:
    """What went wrong, if anything did."""
    command = [python, WORKER, what, folder]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return f"{what} does not end"
    (folder / f"{what}.log").write_text(done.stdout + done.stderr)
    last = done.stderr.strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
    return f"{what}: {last[0]}" if done.returncode else ""


def operators(path: Path) -> Counter[str]:
    """How many nodes of each operator a file has, bodies of If and Loop not counted; constants as nodes are none."""
    nodes = onnx.load(path, load_external_data=False).graph.node
    return Counter(node.op_type for node in nodes if node.op_type != "Constant")


def compared(name: str, folder: Path, python: Path, steps: Sequence[str]) -> Iterator[tuple[list[str], list[str]]]:
    """Of each opset: the cells of the table's line, and what is removed for no known reason."""
    failures = [words for what in steps if (words := work(python, what, folder))]
    recorded = folder / "latency.json"
    latency = json.loads(recorded.read_text()) if recorded.is_file() else {}
    for number, place in enumerate(sorted(path for path in folder.iterdir() if path.is_dir())):
        before = operators(place / f"{OURS}.onnx")
        times = latency.get(place.name, {})
        own = times.get(OURS)
        cells = [name, str(int(place.name)), str(before.total()), "" if own is None else f"{own:.2f}"]
        unknown = [] if number else failures
        for tool in TOOLS:
            path = place / f"{tool}.onnx"
            if not path.is_file():
                cells.append("fails")
                continue
            after = operators(path)
            ratio = f", {own / times[tool]:.2f}x" if own else ""
            cells.append(f"{after.total()}{ratio}")
            if tool in JUDGES and (removed := before - after):
                why = reason(name, removed, after - before)
                text = f"{tool}: {listed(removed)} -> {listed(after - before) or 'nothing'}"
                unknown = unknown if why else [*unknown, text]
                cells.append(f"{text}: {why or 'UNKNOWN'}")
        yield cells, unknown


def listed(counts: Counter[str]) -> str:
    return ", ".join(f"{count} {op}" for op, count in sorted(counts.items()))


def main() -> int:
    """Print the report; 1 where something is removed for no known reason."""
    parser = argparse.ArgumentParser(prog="make bench-graphs")
    parser.add_argument("--python", type=Path, help="of an environment that has the optimizers")
    parser.add_argument("--networks", help="names with commas between them; all where left out")
    parser.add_argument("--opsets", default=",".join(map(str, OPSETS)))
    parser.add_argument("--keep", type=Path, help="a folder for the files and what the tools said")
    parser.add_argument("--counts", action="store_true", help="measure no latency")
    options = parser.parse_args()
    steps = TOOLS if options.counts else (*TOOLS, "latency")
    names = tuple(options.networks.split(",")) if options.networks else ()
    unknown: list[str] = []
    lines: list[list[str]] = []
    with tempfile.TemporaryDirectory(prefix="mgeconvert-") as scratch:
        python = options.python or environment(Path(scratch, "environment"))
        for network in given(names, SHARED):
            folder = (options.keep or Path(scratch)) / network.name
            folder.mkdir(parents=True)
            write(network, folder, tuple(map(int, options.opsets.split(","))))
            for cells, found in compared(network.name, folder, python, steps):
                print(" | ".join(cells), file=sys.stderr, flush=True)
                lines.append(cells[:7])
                unknown += [f"{cells[0]} at opset {cells[1]}: {text}" for text in found]
    return report(lines, unknown)


def report(lines: Sequence[Sequence[str]], unknown: Sequence[str]) -> int:
    heads = ("network", "opset", "nodes", "ms", *TOOLS)
    Table("", heads, lines).print(sys.stdout)
    print("\n".join(unknown) or "no node is removed for an unknown reason")
    return int(bool(unknown))


if __name__ == "__main__":
    sys.exit(main())
