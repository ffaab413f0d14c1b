"""Convert demo.pkl to every format that is registered and verify each file in that format's own runtime: make demo

The files stay in build/demo. Exit code 1 when a conversion or a verification fails.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import mgeconvert
from mgeconvert import registry
from mgeconvert.errors import MgeconvertError

SOURCE = Path(__file__).with_name("demo.pkl")
TARGETS = Path(__file__).parents[1] / "build" / "demo"
COLUMNS = ("format", "file", "size", "time", "judged by", "max rel error", "verdict")


def main() -> int:
    """Print one table; one row a format."""
    TARGETS.mkdir(parents=True, exist_ok=True)
    print(
        f"{SOURCE.name}: {SOURCE.stat().st_size / 1024:.0f} KB, a TracedModule; truth: MegEngine's outputs in demo.npz"
    )
    results = [convert(name) for name in registry.backend_names()]
    rows = [COLUMNS, *(row for row, _ in results)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    print(f"files: {TARGETS}")
    return 0 if all(passed for _, passed in results) else 1


def convert(name: str) -> tuple[tuple[str, ...], bool]:
    """The table row of one format, and whether nothing failed."""
    target = TARGETS / f"demo{registry.backend(name).suffixes[0]}"
    start = time.perf_counter()
    try:
        report = mgeconvert.convert(SOURCE, target)
    except MgeconvertError as error:
        return (name, target.name, "", "", "", "", f"FAILED: {error.message}"), False
    seconds = f"{time.perf_counter() - start:.2f} s"
    size = f"{sum(file.stat().st_size for file in report.files) / 1024:.0f} KB"
    files = " + ".join(file.name for file in report.files)
    judged = report.verification
    if judged is None or judged.method == "none":
        reason = "" if judged is None else f": {judged.reason}" + (f" ({judged.hint})" if judged.hint else "")
        return (name, files, size, seconds, "", "", f"not verified{reason}"), True
    error = max(output.max_rel or 0.0 for output in judged.outputs)
    return (name, files, size, seconds, judged.runtime, f"{error:.1e}", "same numbers"), True


if __name__ == "__main__":
    sys.exit(main())
