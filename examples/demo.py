"""Convert demo.pkl to every format that is registered and verify each file in that format's own runtime: make demo

The files stay in build/demo. Exit code 1 when a conversion or a verification fails; what only lacks its reference
environment says so and is no failure.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import mgeconvert
from mgeconvert import registry
from mgeconvert.errors import MgeconvertError, MissingDependencyError
from mgeconvert.ir.tree_statistics import module_statistics

SOURCE = Path(__file__).with_name("demo.pkl")
TARGETS = Path(__file__).parents[1] / "build" / "demo"
COLUMNS = ("format", "files", "size", "time", "judged by", "error", "verdict")
PAGE = "report.html"
NOT_WRITTEN, NOT_RUN = "not written", "not run"


def main() -> int:
    """Print one table; one row per format."""
    TARGETS.mkdir(parents=True, exist_ok=True)
    print(
        f"{SOURCE.name}: {SOURCE.stat().st_size / 1024:.0f} KB, a TracedModule; truth: MegEngine's outputs in demo.npz"
    )
    parts = [part for part in module_statistics(mgeconvert.load(SOURCE)) if part.path.count(".") == 0 and part.path]
    print("modules: " + ", ".join(part.path for part in parts))
    results = [convert(name) for name in registry.backend_names()]
    rows = [COLUMNS, *(row for row, _ in results)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS) - 1)]
    for row in rows:
        print("  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]]))
    lacking = [row[0] for row, _ in results if row[-1] in (NOT_WRITTEN, NOT_RUN)]
    if lacking:
        print(f"{', '.join(lacking)}: `mgeconvert reference install all` installs what is missing")
    folder = TARGETS.relative_to(Path.cwd()) if TARGETS.is_relative_to(Path.cwd()) else TARGETS
    print(f"files: {folder}; {folder / 'demo.py'} is the network as PyTorch source")
    if written_report():
        print(f"a page to look at: {folder / PAGE}")
    return 0 if all(passed for _, passed in results) else 1


def written_report() -> bool:
    """The error of every layer of the ONNX file as a page; False where it cannot be written."""
    words = [
        "verify",
        str(SOURCE),
        str(TARGETS / "demo.onnx"),
        "--per-layer",
        "--report",
        str(TARGETS / PAGE),
    ]
    run = subprocess.run([sys.executable, "-m", "mgeconvert", "-q", *words], capture_output=True, check=False)
    return run.returncode == 0


def convert(name: str) -> tuple[tuple[str, ...], bool]:
    """The table row of one format, and whether nothing failed."""
    target = TARGETS / f"demo{registry.backend(name).suffixes[0]}"
    start = time.perf_counter()
    try:
        report = mgeconvert.convert(SOURCE, target)
    except MissingDependencyError:
        return (name, "", "", "", "", "", NOT_WRITTEN), True
    except MgeconvertError as error:
        return (name, "", "", "", "", "", f"FAILED: {error.message}"), False
    seconds = f"{time.perf_counter() - start:.1f} s"
    size = f"{sum(file.stat().st_size for file in report.files) / 1024:.0f} KB"
    files = " ".join(file.suffix for file in report.files)
    judged = report.verification
    if judged is None or judged.method == "none":
        return (name, files, size, seconds, "", "", NOT_RUN), True
    error = max(output.max_rel or 0.0 for output in judged.outputs)
    return (name, files, size, seconds, judged.runtime, f"{error:.0e}", "same numbers"), True


if __name__ == "__main__":
    sys.exit(main())
