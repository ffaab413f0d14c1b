"""`make bench`: what the command costs beside what nothing can undercut, measured in one run, with the limits beside.

Time is CPU time (user and system) of whole processes, memory their peak resident set; both come from the kernel
(os.wait4), so this process stays small itself. Each figure is the least of several runs, taken in turns, because
everything else on the machine only adds.
Exit code 1 when a limit is exceeded.
"""

from __future__ import annotations

import argparse
import lzma
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mgeconvert_cli.table import Table

MODEL = "resnet18"
PACKED = Path(__file__).parents[3] / "shared" / "models" / f"{MODEL}.pkl.xz"
"""The real network; not part of the repository."""
CHAINS = (1_000, 10_000, 50_000)
RUNS = 5
KILOBYTE = 1024
"""The unit of ru_maxrss on Linux."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one process: CPU seconds, and the peak resident set in bytes."""

    seconds: float
    memory: int


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the report: `measured` and `limit` are compared, the texts are printed."""

    what: str
    found: str
    beside: str
    measured: float
    limit: float
    limit_text: str

    @property
    def passed(self) -> bool:
        return self.measured <= self.limit


def cost(command: Sequence[str], output: Path | None = None) -> Cost:
    """Run a command to its end; RuntimeError with its words when it fails."""
    with (output or Path(os.devnull)).open("wb") as sink, tempfile.TemporaryFile() as words:
        process = subprocess.Popen(command, stdout=sink, stderr=words)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        words.seek(0)
        if process.returncode:
            raise RuntimeError(f"{' '.join(command)}: exit code {process.returncode}\n{words.read().decode()}")
    return Cost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss * KILOBYTE)


def least(commands: Sequence[Sequence[str]], runs: int, output: Path | None = None) -> list[Cost]:
    """The least cost of each command; the commands take turns, so that all see the same machine."""
    rounds = [[cost(command, output) for command in commands] for _ in range(runs)]
    return [
        Cost(min(each.seconds for each in costs), min(each.memory for each in costs))
        for costs in zip(*rounds, strict=True)
    ]


def mgeconvert(*arguments: str | Path) -> list[str]:
    return [str(Path(sys.executable).with_name("mgeconvert")), *map(str, arguments)]


def start_rows(_: Path) -> list[Row]:
    """What it costs to ask for help."""
    bare, help_ = least([[sys.executable, "-c", "import click"], mgeconvert("--help")], 2 * RUNS)
    ratio = help_.seconds / bare.seconds
    found, beside = f"{help_.seconds * 1000:.0f} ms", f"python -c 'import click': {bare.seconds * 1000:.0f} ms"
    return [Row("mgeconvert --help", f"{found}, {ratio:.2f}x", beside, ratio, 2.5, "2.5x")]


def model_rows(folder: Path) -> list[Row]:
    """CPU and memory of a whole conversion beside copying the file, which is weights but for a few per mille."""
    path, title = _model(folder)
    copied, out = folder / "copy", folder / "out.onnx"
    command = mgeconvert("tm-to-onnx", path, "-o", out, "--no-verify", "--quiet")
    copying, converting = least([["cat", str(path)]], RUNS, copied)[0], least([command], RUNS)[0]
    weights = path.stat().st_size
    ratio = converting.memory / weights
    limit = weights * 1.3 + 90e6
    beside = f"cat in > out: {copying.seconds:.3f} s"
    return [
        Row(f"tm-to-onnx {title}, CPU", f"{converting.seconds:.2f} s", beside, converting.seconds, 1.0, "1.0 s"),
        Row(
            f"tm-to-onnx {title}, peak memory",
            f"{converting.memory / 1e6:.0f} MB, {ratio:.2f}x weights",
            f"weights: {weights / 1e6:.1f} MB",
            converting.memory,
            limit,
            f"weights x 1.3 + 90 MB = {limit / 1e6:.0f} MB",
        ),
    ]


def growth_rows(folder: Path) -> list[Row]:
    """A chain of N operators: what one operator costs must not grow with N."""
    start = least([_conversion(folder, 4)], RUNS)[0]
    rows: list[Row] = []
    first = 0.0
    for operators in CHAINS:
        runs = RUNS if operators < CHAINS[-1] else 2
        each = (least([_conversion(folder, operators)], runs)[0].seconds - start.seconds) / operators
        first = first or each
        found = f"{each * operators:.2f} s, {each * 1e6:.0f} us an operator"
        row = Row(
            f"tm-to-onnx, chain of {operators:,}",
            found,
            f"{each / first:.2f}x the first",
            each / first,
            2.0,
            "2x (linear)",
        )
        rows.append(row)
    return rows


def optimized_rows(folder: Path) -> list[Row]:
    """Running the optimized ONNX file beside the one that was not optimized."""
    model, title = _model(folder)
    plain, optimized = folder / "plain.onnx", folder / "optimized.onnx"
    for level, path in (("-O0", plain), ("-O1", optimized)):
        cost(mgeconvert("tm-to-onnx", model, "-o", path, "--no-verify", level))
    commands = [[sys.executable, __file__, "--run", str(path)] for path in (plain, optimized)]
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


def _run_model(path: str) -> None:
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


def _conversion(folder: Path, operators: int) -> list[str]:
    """The command that converts a chain of that many operators, which is written first."""
    path = folder / f"chain{operators}.pkl"
    _write_chain(path, operators)
    return mgeconvert("tm-to-onnx", path, "-o", folder / "out.onnx", "--no-verify", "--quiet")


def _model(folder: Path) -> tuple[Path, str]:
    """The real network, unpacked, where it is on this machine; else a generated one of its size."""
    path = folder / f"{MODEL}.pkl"
    if not PACKED.is_file():
        _write_chain(path, 44, 1024)
        return path, "a generated model"
    with lzma.open(PACKED) as source, path.open("wb") as sink:
        shutil.copyfileobj(source, sink)
    return path, path.name


def _write_chain(*arguments: Path | int) -> None:
    """In a process of its own: a child's peak resident set counts from its parent's size on."""
    subprocess.run([sys.executable, str(Path(__file__).with_name("generated.py")), *map(str, arguments)], check=True)


GROUPS = {
    "start": start_rows,
    "model": model_rows,
    "growth": growth_rows,
    "optimized": optimized_rows,
    "nesting": nesting_rows,
}


def main() -> int:
    """Print the report; 1 when a limit is exceeded."""
    parser = argparse.ArgumentParser(description="Time and memory beside plain copying, with the limits.")
    parser.add_argument("--only", choices=list(GROUPS), help="measure one group")
    parser.add_argument("--run", metavar="ONNX", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.run:
        _run_model(arguments.run)
        return 0
    only = arguments.only
    with tempfile.TemporaryDirectory(prefix="mgeconvert-bench-") as folder:
        rows = [row for name, group in GROUPS.items() if only in (None, name) for row in group(Path(folder))]
    table = [(row.what, row.found, row.beside, row.limit_text, "ok" if row.passed else "TOO MUCH") for row in rows]
    Table("", ("what", "measured", "beside", "limit", "verdict"), table).print(sys.stdout)
    return 0 if all(row.passed for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
