"""What asking for help and converting one network cost, and what an operator does."""

from __future__ import annotations

import lzma
import shutil
import subprocess
import sys
from pathlib import Path

from .measured import RUNS, Point, Row, base, cost, least, mgeconvert, write_chain

MODEL = "resnet18"
PACKED = Path(__file__).parents[3] / "shared" / "models" / f"{MODEL}.pkl.xz"
"""The real network; not part of the repository."""
CHAINS = (10, 100, 1_000, 10_000, 100_000)
SHORT = 10_000
"""Operators of the longest chain that `make bench` converts without being asked for more."""
FIRST = 1_000
"""What one operator costs in longer chains is held against this one."""
TARGETS = {"onnx": ".onnx", "tflite": ".tflite", "caffe": ".prototxt", "tm": ".pkl", "pytorch": ".py"}


def start_rows(_: Path) -> list[Row]:
    """What it costs to ask for help."""
    bare, help_ = least([[sys.executable, "-c", "import click"], mgeconvert("--help")], 2 * RUNS)
    ratio = help_.seconds / bare.seconds
    found, beside = f"{help_.seconds * 1000:.0f} ms", f"python -c 'import click': {bare.seconds * 1000:.0f} ms"
    return [Row("mgeconvert --help", f"{found}, {ratio:.2f}x", beside, ratio, 1.6, "1.6x")]


def model_rows(folder: Path) -> list[Row]:
    """A whole conversion to each target, without verification, beside a process that imports numpy and onnx and copies
    the file, which is weights but for a few per mille; its memory beside the weights."""
    path, title = model(folder)
    commands = [
        mgeconvert(f"tm-to-{target}", path, "-o", folder / f"out{suffix}", "--no-verify", "--quiet", "--force")
        for target, suffix in TARGETS.items()
    ]
    copying, plain, *found = least([["cat", str(path)], base(path, folder / "copy"), *commands], RUNS, folder / "sink")
    weights = path.stat().st_size
    room = weights * 1.3 + 90e6
    rows: list[Row] = []
    for target, each in zip(TARGETS, found, strict=True):
        ratio = each.seconds / plain.seconds
        beside = f"numpy, onnx, copy: {plain.seconds:.2f} s; cat: {copying.seconds:.3f} s"
        rows.append(
            Row(f"tm-to-{target} {title}, CPU", f"{each.seconds:.2f} s, {ratio:.2f}x", beside, ratio, 2.2, "2.2x")
        )
        said = f"{each.memory / 1e6:.0f} MB, {each.memory / weights:.2f}x weights"
        text = f"weights x 1.3 + 90 MB = {room / 1e6:.0f} MB"
        beside = f"weights: {weights / 1e6:.1f} MB"
        rows.append(Row(f"tm-to-{target} {title}, peak memory", said, beside, each.memory, room, text))
    return rows


def growth_rows(folder: Path, longest: int = SHORT) -> list[Row]:
    """Chains of Conv2d, relu, addition and clip to every target: what one operator costs must not grow with their
    number, nor what it takes in memory."""
    rows: list[Row] = []
    for target in TARGETS:
        start = least([_conversion(folder, 4, target)], RUNS)[0]
        least_seconds, first = start.seconds, 0.0
        for operators in filter(longest.__ge__, CHAINS):
            runs = RUNS if operators < FIRST else 2 if operators < SHORT else 1
            found = least([_conversion(folder, operators, target)], runs)[0]
            least_seconds = min(least_seconds, found.seconds)
            each = (found.seconds - least_seconds) / operators
            first = each if operators == FIRST else first
            memory = (found.memory - start.memory) / operators
            said = f"{found.seconds:.2f} s"
            if operators >= FIRST:
                said += f", {each * 1e6:.0f} us and {memory / 1e3:.1f} kB an operator"
            points = (Point("operators", target, operators, found.seconds),)
            row = Row(f"tm-to-{target}, chain of {operators:,}", said, "", points=points)
            if first:
                beside = f"{each / first:.2f}x the chain of {FIRST:,}"
                row = Row(row.what, said, beside, each / first, 2.0, "2x (linear)", points)
            rows.append(row)
    return rows


def optimized_rows(folder: Path) -> list[Row]:
    """Running the optimized ONNX file beside the one that was not optimized."""
    network, title = model(folder)
    plain, optimized = folder / "plain.onnx", folder / "optimized.onnx"
    for level, path in (("-O0", plain), ("-O1", optimized)):
        cost(mgeconvert("tm-to-onnx", network, "-o", path, "--no-verify", level))
    commands = [[sys.executable, "-m", "tests.bench", "--run", str(path)] for path in (plain, optimized)]
    before, after = (each.seconds for each in least(commands, RUNS))
    ratio = after / before
    found = f"{after:.2f} s, {ratio:.2f}x"
    return [Row(f"20 runs of {title} -O1 in onnxruntime", found, f"-O0: {before:.2f} s", ratio, 1.05, "1.05x (noise)")]


def nesting_rows(_: Path) -> list[Row]:
    """Scopes back into nested calls, beside writing the graph without modules as a TracedModule."""
    command = [sys.executable, str(Path(__file__).with_name("nesting.py"))]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    writing, nesting = map(float, printed.split())
    found = f"{nesting:.2f} s, {nesting / writing:.1%}"
    return [Row("50,000 nodes in 5,000 modules", found, f"writing: {writing:.2f} s", nesting / writing, 0.15, "15 %")]


def run_model(path: str) -> None:
    """Twenty runs in onnxruntime on one thread, so that the CPU time of the process is theirs."""
    import onnxruntime

    from mgeconvert.verification.comparison import random_inputs
    from mgeconvert_converters.onnx import BACKEND

    assert BACKEND.describe is not None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options)
    feeds = random_inputs(BACKEND.describe(Path(path)).inputs)
    for _ in range(20):
        session.run(None, feeds)


def _conversion(folder: Path, operators: int, target: str) -> list[str]:
    """The command that converts a chain of that many operators, which is written first."""
    path, out = folder / f"chain{operators}.pkl", folder / f"out{TARGETS[target]}"
    if not path.is_file():
        write_chain(path, operators)
    return mgeconvert(f"tm-to-{target}", path, "-o", out, "--no-verify", "--quiet", "--force")


def model(folder: Path) -> tuple[Path, str]:
    """The real network, unpacked, where it is on this machine; else a generated one of its size."""
    path = folder / f"{MODEL}.pkl"
    if not PACKED.is_file():
        write_chain(path, 44, 1024)
        return path, "a generated model"
    with lzma.open(PACKED) as source, path.open("wb") as sink:
        shutil.copyfileobj(source, sink)
    return path, path.name
